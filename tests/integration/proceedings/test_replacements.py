"""Replacement: the reserve of one segment and type by score, checked again, noticed, listed."""

import pytest
from sqlalchemy import select

from marketplace.errors import Conflict, Invalid
from marketplace.history import Why
from marketplace.models import Candidacy, Membership, NoticeEntry, PublicNotice, Quota
from marketplace.phases import Role, StandingPhase
from marketplace.services.notices import public_notices_changes
from marketplace.services.proceedings import replacements
from tests import factories
from tests.support.world_proceedings import SYSTEM, actor_of

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
