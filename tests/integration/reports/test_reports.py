"""Periodic reports beside the journey: Liaocheng's fourth quarter, catching up, lost races."""

from datetime import date

import pytest
from sqlalchemy import func, select

from marketplace.models import PeriodicReport, ReportSummary, ReportVersion
from marketplace.phases import Role
from marketplace.services.reports import opening
from tests import factories
from tests.support import world_upkeep as world
from tests.support.forms import forms

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def form_of(client, path):
    """The form as it is prefilled; numbers that nobody knows are 0, no reasons are given."""
    (found,) = (f for f in forms(client.get(path).text, path) if "contracts" in f.fields)
    zeros = {name: found.fields[name] or "0" for name in ("joined", "left", "trained")}
    kept = {name: text for name, text in found.fields.items() if not name.startswith("why_")}
    return {**kept, **zeros}


def test_liaocheng_sends_the_year_with_its_fourth_quarter(database, login_as, monkeypatch):
    """Article 19: the district sums up, the fourth quarter brings the year and the next plan."""
    world.at(monkeypatch, 2026, 1, 5)
    with database.unit_of_work() as session:
        world.know_2026(session)
        firm = factories.make_organisation(session, district=world.HERE)
        round_ = factories.make_round(session, "lc-2021")
        quota = factories.make_quota(session, round_)
        factories.make_membership(
            session, round_, factories.make_provider(session, firm), type="platform",
            segment="information", quota=quota,
        )  # fmt: skip
        desk = factories.make_organisation(session, kind="district_office", district=world.HERE)
    assert opening.run(database) == 1
    with database.reading() as session:
        row = session.scalars(select(PeriodicReport)).one()
    assert (row.period, row.asks_year, row.due_on) == ("2025Q4", True, date(2026, 1, 15))

    owner = login_as(Role.PROVIDER_OWNER, organisation=firm)
    path = f"/p/reports/{row.id}"
    assert "零报告</button>" not in owner.get(path).text
    refused = owner.post(f"{path}/zero", data={"version": row.version})
    assert refused.status_code == 409 and "年度总结" in refused.text
    given = {**form_of(owner, f"{path}/edit"), "step": "send", "text_LC-D1-Q-1": "照常开展"}
    missing = owner.post(f"{path}/edit", data=given)
    assert missing.status_code == 422
    assert "请填写“本年度工作总结”" in missing.text and "请填写“下年度工作计划”" in missing.text
    assert "照常开展" in missing.text  # nothing typed is lost
    given |= {"text_LC-D1-Y-1": "全年服务企业90家。", "text_LC-D1-Y-2": "下年服务100家。"}
    assert owner.post(f"{path}/edit", data=given).status_code == 303

    office = login_as(Role.DISTRICT_REVIEWER, organisation=desk)
    address = "/work/reports/rollup?scope=lc-2021:LC-D1-Q:2025Q4"
    page = office.get(address)
    assert "截止 2026-01-26。原定1月25日（周末），顺延到1月26日" in page.text
    (form,) = (f for f in forms(page.text, address) if "form_key" in f.fields)
    for version, status in (("0", 303), ("0", 409), ("1", 303)):
        sent = {**form.fields, "form_key": f"summary-{version}-{status}-key", "version": version}
        assert office.post("/work/reports/rollup", data=sent).status_code == status
    with database.reading() as session:
        assert session.scalars(select(ReportSummary)).one().submitted == 1


def test_missed_periods_are_caught_up_with_and_a_first_run_opens_one(
    database, login_as, monkeypatch
):
    world.at(monkeypatch, 2026, 2, 1)
    town = world.make_town(database, login_as)

    def periods():
        with database.reading() as session:
            return session.scalars(select(PeriodicReport.period).order_by(PeriodicReport.id)).all()

    opening.run(database)
    assert periods() == ["2025Q4"]  # not the years before
    world.at(monkeypatch, 2026, 10, 8)  # nobody ran the worker for eight months
    while opening.run(database):
        pass
    assert periods() == ["2025Q4", "2026Q1", "2026Q2", "2026Q3"]
    assert town.membership.id


def test_who_is_slower_keeps_what_he_typed(database, login_as, monkeypatch):
    world.at(monkeypatch, 2026, 4, 2)
    town = world.make_town(database, login_as)
    opening.run(database)
    with database.reading() as session:
        row = session.scalars(select(PeriodicReport)).one()
    path = f"/p/reports/{row.id}/edit"
    one, other = town.owner(), town.owner()
    texts = {name: "照常" for name in form_of(one, path) if name.startswith("text_")}
    first = {**form_of(one, path), **texts, "step": "send"}
    second = {**form_of(other, path), **texts, "trained": "17", "step": "send"}
    assert one.post(path, data=first).status_code == 303
    lost = other.post(path, data=second)
    assert lost.status_code == 409 and 'value="17"' in lost.text
    again = {**form_of(other, path), **texts, "trained": "17", "step": "send"}
    assert other.post(path, data=again).status_code == 303
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ReportVersion)) == 2
    # numbers that are none
    for wrong in ("-1", "1.5", "abc", "NaN", "99999999999"):
        typed = {**form_of(one, path), **texts, "trained": wrong, "step": "send"}
        assert one.post(path, data=typed).status_code == 422, wrong
