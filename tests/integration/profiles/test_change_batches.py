"""Changes of a queue decided together: read first, old beside new, then item by item."""

import re

import pytest

from marketplace.models import Organisation
from marketplace.phases import RequestPhase
from tests.support.pages import Page

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
APPROVE, RETURN = "/work/batches/approve-changes", "/work/batches/return-changes"


def form_of(plan) -> dict[str, object]:
    """What the page that lists the items would send."""
    items = re.findall(r'name="item" value="(\d+:\d+)"', plan.text)
    key = re.search(r'name="form_key" value="([^"]+)"', plan.text)
    return {"form_key": key[1] if key else "", "item": items}


def test_what_can_be_approved_is_public_and_the_rest_says_why(centre):
    old = centre.provider.organisation.name
    centre.save(name="青岛甲有限公司", note="改名")
    centre.register()
    edited = f"/p/products/{centre.product.id}/edit"
    assert centre.save(path=edited, release="V9.0", note="升级").status_code == 303
    profile, new, product = centre.requests()
    listed = centre.officer.get("/work/changes").text
    assert re.findall(r'name="id" value="(\d+)"', listed) == [
        str(row.id) for row in (profile, new, product)
    ]
    assert 'name="id"' not in centre.officer.get("/work/changes?phase=approved").text
    assert centre.decide(new, "return", "缺登记证书").status_code == 303
    ids = [str(row.id) for row in (profile, new, product)]
    plan = centre.officer.post(f"{APPROVE}/plan", data={"id": ids})
    for text in (
        "共 3 项，可以办理 2 项", "当前状态是“退回修改”，不能办理这个操作",
        f"单位名称：{old} → 青岛甲有限公司", "版本：3.0 → V9.0",
    ):  # fmt: skip
        assert text in Page(plan).main
    form = form_of(plan)
    assert form["item"] == [f"{row.id}:{row.version}" for row in (profile, product)]
    assert "青岛甲有限公司" not in centre.public()
    with centre.database.unit_of_work() as session:  # after the officer looked
        session.get_one(Organisation, centre.provider.organisation_id).name = "青岛乙有限公司"
    answer = centre.officer.post(APPROVE, data=form)
    report = centre.officer.get(answer.location)
    assert "办成 1 项，没有办成 1 项" in Page(report).main
    assert "提出之后，“单位名称”又有改动" in Page(report).main
    assert [row.phase for row in centre.requests()] == [
        RequestPhase.PENDING, RequestPhase.RETURNED, RequestPhase.APPROVED,
    ]  # fmt: skip
    public = centre.public()
    assert ("V9.0" in public, "青岛甲有限公司" in public) == (True, False)
    assert centre.officer.post(APPROVE, data=form).location == answer.location
    assert centre.owner.post(f"{APPROVE}/plan", data={"id": ids}).status_code == 403


def test_a_return_of_many_needs_a_reason_that_every_writer_reads(centre):
    centre.save(name="青岛甲有限公司", note="改名")
    centre.register()
    plan = centre.officer.post(
        f"{RETURN}/plan", data={"id": [str(row.id) for row in centre.requests()]}
    )
    form = form_of(plan)
    refused = centre.officer.post(RETURN, data={**form, "reason": " "})
    assert (refused.status_code, "请填写理由" in Page(refused).main) == (422, True)
    done = centre.officer.post(RETURN, data={**form, "reason": "请附登记证书"})
    assert "办成 2 项，没有办成 0 项" in Page(centre.officer.get(done.location)).main
    assert [(row.phase, row.answer) for row in centre.requests()] == [
        (RequestPhase.RETURNED, "请附登记证书")
    ] * 2
