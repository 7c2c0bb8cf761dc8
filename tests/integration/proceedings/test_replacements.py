"""Replacement: the reserve of one segment and type by score, checked again, noticed, listed."""

import pytest
from sqlalchemy import select

from marketplace.errors import Conflict, Forbidden, Invalid
from marketplace.history import Why
from marketplace.models import Candidacy, Membership, NoticeEntry, PublicNotice, Quota
from marketplace.phases import Role, StandingPhase
from marketplace.services.notices import public_notices_changes
from marketplace.services.proceedings import replacements, replacements_start
from tests import factories
from tests.support.forms import forms
from tests.support.world_proceedings import SYSTEM, actor_of, world

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CHECKS = {"eligibility": "符合", "credit_report": "2026-03-01"}


def reserve(qingdao, score, **given):
    """One of the reserve list, with the cases that its type needs."""
    session = qingdao.session
    provider = given.pop("provider", None) or factories.make_provider(session)
    for _ in range(3):
        factories.make_case(session, provider)
    return factories.make_candidacy(session, qingdao.round, provider, score=score, **given)


@pytest.fixture
def vacant(qingdao, session):
    """A replacement for a place that was left, two places in the cell."""
    quota = factories.quota_of(session, qingdao.round, "product", "home_appliance")
    quota.cap, quota.minimum = 2, 1
    factories.make_membership(session, qingdao.round, factories.make_provider(session))
    qingdao.membership.state, qingdao.membership.phase = "removed", StandingPhase.EXITED.value
    qingdao.membership.exited_on = qingdao.membership.listed_on
    quota.used -= 1
    session.flush()
    row = replacements.begin(session, SYSTEM, qingdao.membership, "removal")
    return replacements.get(session, qingdao.officer, row.id)


def cell(session, row):
    found = session.execute(select(Quota.used, Quota.held).where(Quota.id == row.quota_id)).one()
    return tuple(found)


def test_the_best_of_the_same_segment_and_type_is_asked_first(qingdao, vacant, session, time):
    low = reserve(qingdao, 64, rank=1)
    best = reserve(qingdao, 82, rank=2)
    reserve(qingdao, 99, segment="auto_parts")
    reserve(qingdao, 98, type="integrator")
    assert [c.id for c in replacements.reserve(session, vacant)] == [best.id, low.id]
    with pytest.raises(Conflict, match="从第一位候补开始"):
        replacements.choose(
            session, qingdao.officer, vacant, low.id, checks=CHECKS, reason="先办这家"
        )
    with pytest.raises(Invalid) as missing:
        replacements.choose(session, qingdao.officer, vacant, best.id, checks={}, reason="第一")
    assert set(missing.value.fields) == {"eligibility", "credit_report"}

    replacements.choose(session, qingdao.officer, vacant, best.id, checks=CHECKS, reason="第一")
    assert (vacant.state, vacant.checks, cell(session, vacant)) == ("noticed", CHECKS, (1, 1))
    notice = qingdao.publish(time)
    session.refresh(best)
    assert (notice.kind, best.publicity_until) == ("replacement", notice.ends_on)
    qingdao.finish(notice, qingdao.officer)
    listed = session.get_one(Membership, vacant.listed_id)
    assert (vacant.state, listed.provider_id, cell(session, vacant)) == (
        "filled", best.provider_id, (2, 0),
    )  # fmt: skip


def test_bans_and_affiliates_are_looked_up_again(qingdao, vacant, session):
    banned = reserve(qingdao, 90)
    factories.make_ban(session, qingdao.round, banned.provider)
    listed = factories.make_membership(
        session, qingdao.round, factories.make_provider(session), segment="auto_parts"
    )
    sister = reserve(qingdao, 85)
    factories.make_affiliation(session, sister.provider.organisation, listed.provider.organisation)
    fit = reserve(qingdao, 70)
    for candidacy, said in ((banned, "禁报期"), (sister, "关联")):
        first = replacements.suggested(session, vacant)
        assert (first.candidacy.id, said in "".join(first.stops)) == (candidacy.id, True)
        with pytest.raises(Conflict):
            replacements.choose(
                session, qingdao.officer, vacant, candidacy.id, checks=CHECKS, reason="第一"
            )
        replacements.skip(
            session, qingdao.officer, vacant, candidacy.id, reason="不符合", expected_version=None
        )
    assert replacements.suggested(session, vacant).candidacy.id == fit.id
    assert [item["name"] for item in vacant.skipped] == [
        banned.provider.organisation.name, sister.provider.organisation.name,
    ]  # fmt: skip


def test_an_empty_reserve_says_that_a_new_selection_is_due(qingdao, vacant, session):
    last = reserve(qingdao, 70)
    with pytest.raises(Conflict, match="候补名单还有1家"):
        replacements.finish(session, qingdao.officer, vacant, "none_left", why=Why(reason="无"),
                            expected_version=None)  # fmt: skip
    replacements.skip(
        session, qingdao.officer, vacant, last.id, reason="放弃", expected_version=None
    )
    assert replacements.suggested(session, vacant) is None
    replacements.finish(session, qingdao.officer, vacant, "none_left", why=Why(reason="无候补"),
                        expected_version=None)  # fmt: skip
    assert (vacant.state, vacant.phase) == ("no_reserve", "closed")


def test_struck_from_the_notice_frees_the_place_for_the_next(qingdao, vacant, session, time):
    best, second = reserve(qingdao, 82), reserve(qingdao, 64)
    replacements.choose(session, qingdao.officer, vacant, best.id, checks=CHECKS, reason="第一")
    notice = qingdao.publish(time)
    time.set(notice.published_at)
    entry = session.scalars(select(NoticeEntry)).one()
    entry.notice = session.get_one(PublicNotice, notice.id)
    public_notices_changes.drop(session, qingdao.officer, entry, Why(reason="异议成立"))
    session.refresh(vacant)
    session.refresh(best)
    assert (vacant.state, best.phase, cell(session, vacant)) == ("open", "closed", (1, 0))
    assert replacements.suggested(session, vacant).candidacy.id == second.id


def test_who_may_not_and_a_cell_that_is_full(qingdao, vacant, session):
    one = reserve(qingdao, 82)
    for role in (Role.CITY_LEADER, Role.DISTRICT_REVIEWER, Role.COSIGNER):
        with pytest.raises(Exception, match=r"权限|没有找到"):
            replacements.choose(
                session, actor_of(session, role), vacant, one.id, checks=CHECKS, reason="x"
            )
    factories.make_membership(session, qingdao.round, factories.make_provider(session))
    with pytest.raises(Conflict) as full:
        replacements.choose(session, qingdao.officer, vacant, one.id, checks=CHECKS, reason="x")
    assert "名额已满" in full.value.message
    assert session.get_one(Candidacy, one.id).phase == "reserve"


def test_one_is_started_for_a_cell_below_its_minimum_and_for_a_new_segment(qingdao, session, time):
    def found():
        rows = replacements_start.openings(session)
        return {(r.quota.id, r.trigger): (r.missing, r.reserve) for r in rows}

    quota = factories.quota_of(session, qingdao.round, "product", "home_appliance")
    new = factories.quota_of(session, qingdao.round, "integrator", "auto_parts")
    for row in session.scalars(select(Quota)):
        row.minimum, row.cap = 0, 6
    quota.minimum = 2
    best = reserve(qingdao, 82)
    session.flush()
    below = (quota.id, "below_quota_min")
    # Nobody was ever placed in the other segments of the round: each wants one at least.
    assert found()[below] == (1, 1)
    assert found()[new.id, "new_segment"] == (1, 0)
    assert (new.id, "below_quota_min") not in found()
    with pytest.raises(Invalid):
        replacements_start.start(session, qingdao.officer, quota.id, reason=" ")
    with pytest.raises(Forbidden):
        replacements_start.start(session, qingdao.district, quota.id, reason="低于下限")
    started = replacements_start.start(session, qingdao.officer, quota.id, reason="低于下限")
    assert (started.trigger, started.vacated_id, started.state) == ("below_quota_min", None, "open")
    assert below not in found()
    with pytest.raises(Conflict) as twice:
        replacements_start.start(session, qingdao.officer, quota.id, reason="低于下限")
    assert twice.value.code == "nothing_missing"
    row = replacements.get(session, qingdao.officer, started.id)
    replacements.choose(session, qingdao.officer, row, best.id, checks=CHECKS, reason="第一")
    assert below not in found()  # the place is held
    qingdao.finish(qingdao.publish(time), qingdao.officer)
    assert (row.state, cell(session, row)) == ("filled", (2, 0))

    other = replacements_start.start(session, qingdao.officer, new.id, reason="新增细分行业")
    assert (other.trigger, other.type, other.segment) == ("new_segment", "integrator", "auto_parts")
    qingdao.round.phase = "review"  # the selection itself has not ended
    session.flush()
    assert found() == {}


def test_a_replacement_is_started_from_its_page(database, login_as, time):
    with database.unit_of_work() as session:
        town = world(session)
        quota = factories.quota_of(session, town.round, "product", "home_appliance")
        quota.minimum = quota.used + 1
    officer, path = login_as(Role.CITY_OFFICER), f"/work/replacements/new/{quota.id}"
    assert f'href="{path}"' in officer.get("/work/replacements").text
    assert ">启动递补<" in officer.get("/tasks").text
    assert f'href="{path}"' not in login_as(Role.AUDITOR).get("/work/replacements").text
    form = next(f for f in forms(officer.get(path).text, path) if "form_key" in f.fields).fields
    assert officer.post(path, data={**form, "reason": ""}).status_code == 422
    sent = officer.post(path, data={**form, "reason": "低于下限"})
    assert sent.status_code == 303
    page = officer.get(sent.location).text
    assert "低于下限" in page and "没有候补，补充遴选" not in page and "登记补充遴选" in page
    assert officer.get(path).status_code == 409
