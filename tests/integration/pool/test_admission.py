"""Admission: what it writes, and every reason that it refuses for (QD 二(一)1, 7)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid
from marketplace.models import Ban, Event, Membership, OutboxItem, Waiver
from marketplace.permissions import NOBODY, SYSTEM
from marketplace.phases import RoundPhase, SelectionPhase, StandingPhase
from marketplace.services.pool import conflicts, memberships, quotas, waivers
from marketplace.services.pool.admission_rules import Level
from tests import factories
from tests.integration.pool.conftest import LISTED_ON, Pool
from tests.support.world_upkeep import make_finding

SEGMENTS = ("auto_parts", "rail_equipment", "home_appliance", "general_parts")


def used(pool: Pool, type_: str, segment: str) -> tuple[int, int]:
    quota = factories.quota_of(pool.session, pool.round, type_, segment)
    pool.session.refresh(quota)
    return quota.used, quota.held


def refusal(pool: Pool, *arguments: object, **given: object) -> Conflict:
    before = pool.session.scalar(select(func.count()).select_from(Membership))
    with pytest.raises(Conflict) as caught:
        pool.admit(*arguments, **given)  # type: ignore[arg-type]
    assert pool.session.scalar(select(func.count()).select_from(Membership)) == before
    return caught.value


def test_writes_the_membership_its_place_its_event_and_its_index_job(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    pool.session.execute(OutboxItem.__table__.delete())
    membership = pool.admit(
        provider, "integrator", "auto_parts",
        valid_until=date(2027, 2, 28), document_no="青民发字〔2024〕3号", reason="首批公布",
    )  # fmt: skip
    quota = factories.quota_of(pool.session, pool.round, "integrator", "auto_parts")
    assert (membership.state, membership.phase) == ("listed", StandingPhase.LISTED)
    assert (membership.quota_id, membership.listed_on) == (quota.id, LISTED_ON)
    assert (membership.valid_until, membership.version) == (date(2027, 2, 28), 1)
    assert used(pool, "integrator", "auto_parts") == (1, 0)
    event = pool.session.scalars(select(Event).where(Event.subject_type == "memberships")).one()
    assert (event.action, event.subject_id, event.from_state, event.to_state) == (
        "admit", membership.id, "", "listed",
    )  # fmt: skip
    assert (event.actor_id, event.actor_role) == (pool.officer.user_id, "city_officer")
    assert (event.reason, event.document_no) == ("首批公布", "青民发字〔2024〕3号")
    keys = pool.session.scalars(select(OutboxItem.key).where(OutboxItem.kind == "index")).all()
    assert keys == [f"provider/{provider.id}"]


def test_only_officers_and_the_system_admit(pool: Pool) -> None:
    for by in (NOBODY, pool.leader):
        with pytest.raises(Forbidden):
            pool.admit(factories.make_provider(pool.session), by=by)
    pool.admit(factories.make_provider(pool.session), by=SYSTEM)
    assert used(pool, "product", "home_appliance") == (1, 0)


def test_words_the_programme_does_not_know_are_invalid(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    with pytest.raises(Invalid) as caught:
        pool.admit(provider, "platform", "toys", chain_mode="other", valid_until=date(2024, 2, 29))
    assert sorted(caught.value.fields) == ["chain_mode", "segment", "type", "valid_until"]


def test_a_full_cell_takes_nobody_more(pool: Pool) -> None:
    for _ in range(3):
        pool.admit(factories.make_provider(pool.session), "chain_leader", "auto_parts")
    error = refusal(pool, factories.make_provider(pool.session), "chain_leader", "auto_parts")
    assert error.code == quotas.FULL
    assert error.reasons == ["“链主”企业型服务商 · 汽车零部件及配件制造：名额已满（上限3，已用3）"]
    assert used(pool, "chain_leader", "auto_parts") == (3, 0)


def test_held_places_count_against_the_cap(pool: Pool) -> None:
    for _ in range(3):
        factories.make_candidacy(
            pool.session, pool.round, factories.make_provider(pool.session),
            phase=SelectionPhase.PUBLICITY, type="chain_leader", segment="auto_parts",
        )  # fmt: skip
    error = refusal(pool, factories.make_provider(pool.session), "chain_leader", "auto_parts")
    assert error.code == quotas.FULL
    assert "已用0、预留3" in error.reasons[0]


def test_a_provider_is_listed_once_per_type_and_segment(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    pool.admit(provider)
    error = refusal(pool, provider)
    assert error.code == "already_listed"
    assert error.reasons == ["该服务商已在池：家用电器及配件制造 · “小快轻准”产品型服务商"]


def test_a_place_of_another_programme_counts_too(pool: Pool) -> None:
    """The database allows one living place per type and segment: said before it has to say so."""
    provider = factories.make_provider(pool.session)
    programme = replace(pool.round.programme, id="next")
    other = factories.make_round(pool.session, programme)
    factories.make_membership(pool.session, other, provider)
    error = refusal(pool, provider)
    assert error.code == "already_listed"
    assert error.reasons == [
        "该服务商已在其他项目的池：家用电器及配件制造 · “小快轻准”产品型服务商"
    ]
    pool.admit(provider, segment="auto_parts")


def test_a_provider_that_left_may_come_back(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    factories.make_membership(pool.session, pool.round, provider, phase=StandingPhase.EXITED)
    pool.admit(provider)
    assert used(pool, "product", "home_appliance") == (1, 0)


def test_an_affiliate_in_the_pool_refuses_however_far_the_link(pool: Pool) -> None:
    mother, child, grandchild = (factories.make_provider(pool.session) for _ in range(3))
    factories.make_affiliation(pool.session, child.organisation, mother.organisation)
    factories.make_affiliation(pool.session, grandchild.organisation, child.organisation)
    pool.admit(mother, "integrator", "auto_parts")
    error = refusal(pool, grandchild, "product", "general_parts")
    assert error.code == "one_per_affiliate_group"
    assert error.reasons == [
        f"关联单位“{mother.organisation.name}”已在池或拟入池，同一主体不得重复参与"
    ]


def test_an_affiliate_in_notice_refuses_and_one_that_left_does_not(pool: Pool) -> None:
    one, other, left = (factories.make_provider(pool.session) for _ in range(3))
    factories.make_affiliation(pool.session, one.organisation, other.organisation)
    factories.make_affiliation(pool.session, one.organisation, left.organisation)
    factories.make_membership(pool.session, pool.round, left, phase=StandingPhase.EXITED)
    reserve = factories.make_candidacy(pool.session, pool.round, other)
    place = conflicts.Place(
        round=pool.round, provider=one, type="product", segment="auto_parts", listed_on=LISTED_ON
    )
    assert not any(finding.stops for finding in conflicts.findings(pool.session, place))
    reserve.phase = SelectionPhase.PUBLICITY.value
    pool.session.flush()
    assert refusal(pool, one, "product", "auto_parts").code == "one_per_affiliate_group"


def test_a_third_segment_needs_a_recorded_waiver(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    pool.admit(provider, "integrator", "auto_parts")
    pool.admit(provider, "product", "home_appliance")
    pool.admit(provider, "integrator", "home_appliance")  # the same two segments
    error = refusal(pool, provider, "product", "general_parts")
    assert error.code == "max_distinct_segments"
    assert error.reasons == [
        "该服务商已在2个细分行业（汽车零部件及配件制造、家用电器及配件制造），原则上最多2个"
        "；确需入池的，由签发人先登记豁免"
    ]
    waivers.grant(
        pool.session, pool.leader, provider,
        round_=pool.round, rule="QD-B12a", segment="general_parts", reason="轨道与通用零部件共线",
    )  # fmt: skip
    pool.admit(provider, "product", "general_parts")
    assert refusal(pool, provider, "product", "rail_equipment").code == "max_distinct_segments"


def test_a_waiver_may_come_with_the_admission_if_the_actor_may_grant_it(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    for segment in SEGMENTS[:2]:
        pool.admit(provider, "product", segment)
    with pytest.raises(Forbidden), pool.session.begin_nested():
        pool.admit(provider, "product", SEGMENTS[2], waiver="共线生产")
    pool.admit(provider, "product", SEGMENTS[2], waiver="共线生产", by=SYSTEM)
    waiver = pool.session.scalars(select(Waiver)).one()
    assert (waiver.provider_id, waiver.rule, waiver.segment, waiver.reason) == (
        provider.id, "QD-B12a", SEGMENTS[2], "共线生产",
    )  # fmt: skip
    actions = pool.session.scalars(select(Event.action).order_by(Event.id)).all()
    assert actions[-2:] == ["waiver_grant", "admit"]


def test_a_chain_leader_stays_in_its_own_segment(pool: Pool) -> None:
    organisation = factories.make_organisation(pool.session, segment="auto_parts")
    provider = factories.make_provider(pool.session, organisation)
    error = refusal(pool, provider, "chain_leader", "home_appliance")
    assert error.code == "own_segment_only"
    assert error.reasons == ["只能申报本行业方向：该单位登记的行业是“汽车零部件及配件制造”"]
    pool.admit(provider, "chain_leader", "auto_parts", chain_mode="self_led")
    assert used(pool, "chain_leader", "auto_parts") == (1, 0)


def test_a_chain_leader_of_unknown_segment_is_to_be_verified_not_refused(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    preview = memberships.preview(
        pool.session, pool.officer, pool.admission(provider, "chain_leader", "auto_parts")
    )
    assert preview.possible
    assert [(f.code, f.level) for f in preview.findings] == [("segment_unknown", Level.TO_VERIFY)]


def test_integrator_and_product_go_together_a_chain_leader_needs_a_waiver(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    pool.admit(provider, "integrator", "auto_parts")
    pool.admit(provider, "product", "auto_parts")
    error = refusal(pool, provider, "chain_leader", "auto_parts")
    assert error.code == "types_together"
    assert len(error.reasons) == 2


def test_a_ban_refuses_until_its_last_day(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    pool.session.add(
        Ban(
            organisation_id=provider.organisation_id,
            programme_id=pool.round.programme_id,
            reason_code="X01",
            since=date(2021, 3, 2),
            until=LISTED_ON,
        )
    )
    pool.session.flush()
    error = refusal(pool, provider)
    assert (error.code, error.reasons) == ("banned", ["该服务商处于禁报期至2024-03-01"])
    pool.admit(provider, listed_on=LISTED_ON + timedelta(days=1))


def test_a_lifted_ban_and_one_of_another_programme_do_not_count(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    common = {"organisation_id": provider.organisation_id, "reason_code": "X01",
              "since": date(2024, 1, 1)}  # fmt: skip
    pool.session.add_all(
        [
            Ban(programme_id=pool.round.programme_id, lifted_on=date(2024, 2, 1), **common),
            Ban(programme_id="another", **common),
        ]
    )
    pool.session.flush()
    pool.admit(provider)


def test_a_banned_affiliate_is_shown_for_verification(pool: Pool) -> None:
    one, other = factories.make_provider(pool.session), factories.make_provider(pool.session)
    factories.make_affiliation(pool.session, one.organisation, other.organisation)
    pool.session.add(
        Ban(
            organisation_id=other.organisation_id,
            programme_id=pool.round.programme_id,
            reason_code="X07",
            since=date(2024, 1, 1),
            until=None,
        )
    )
    pool.session.flush()
    preview = memberships.preview(
        pool.session, pool.officer, pool.admission(one, "integrator", "auto_parts")
    )
    assert preview.possible
    assert [f.code for f in preview.findings] == ["affiliate_banned", "few_cases"]


def test_a_closed_round_takes_nobody(pool: Pool) -> None:
    pool.round.phase = RoundPhase.CLOSED.value
    pool.session.flush()
    assert refusal(pool, factories.make_provider(pool.session)).code == "round_closed"


def test_all_reasons_are_shown_together(pool: Pool) -> None:
    organisation = factories.make_organisation(pool.session, segment="auto_parts")
    provider = factories.make_provider(pool.session, organisation)
    sister = factories.make_provider(pool.session)
    factories.make_affiliation(pool.session, organisation, sister.organisation)
    pool.admit(sister, "integrator", "rail_equipment")
    for _ in range(3):
        pool.admit(factories.make_provider(pool.session), "chain_leader", "home_appliance")
    pool.session.add(
        Ban(
            organisation_id=organisation.id,
            programme_id=pool.round.programme_id,
            reason_code="X01",
            since=date(2024, 1, 1),
            until=date(2026, 12, 31),
        )
    )
    pool.session.flush()
    error = refusal(pool, provider, "chain_leader", "home_appliance")
    assert len(error.reasons) == 4
    assert error.message == "；".join(error.reasons)
    preview = memberships.preview(
        pool.session, pool.officer, pool.admission(provider, "chain_leader", "home_appliance")
    )
    assert [f.code for f in preview.findings] == [
        quotas.FULL, "banned", "one_per_affiliate_group", "own_segment_only",
    ]  # fmt: skip


def test_a_title_is_not_awarded_again_within_the_years_of_the_notice(session, pool: Pool) -> None:
    rounds = [factories.make_round(session, "zz-2021", year=year) for year in (2022, 2024, 2025)]
    provider = factories.make_provider(
        session, factories.make_organisation(session, registered_city="枣庄市")
    )
    for number, (round_, day) in enumerate(
        zip(rounds, (date(2022, 6, 1), date(2024, 6, 1), date(2025, 6, 1)), strict=True)
    ):
        entry = memberships.Admission(
            round=round_, provider=provider, type=round_.programme.types[0].id,
            segment=round_.programme.segments[0].id, listed_on=day,
        )  # fmt: skip
        preview = memberships.preview(session, pool.officer, entry)
        codes = {finding.code for finding in preview.findings}
        if number == 1:
            assert "no_repeat_within_years" in codes
            continue
        assert "no_repeat_within_years" not in codes
        membership = memberships.admit(session, pool.officer, entry)
        assert membership.quota.cell == str(day.year)
        membership.phase, membership.exited_on = "exited", day
        session.flush()


def test_what_other_authorities_found_before_is_to_be_verified(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    uscc = provider.organisation.uscc
    make_finding(pool.session, uscc=uscc, state="no_place", phase="closed", checked_at=clock.now())
    make_finding(
        pool.session, uscc=uscc, found_on=date(2026, 3, 2), state="withdrawn", phase="withdrawn"
    )
    preview = memberships.preview(
        pool.session, pool.officer, pool.admission(provider, "integrator", SEGMENTS[0])
    )
    assert preview.possible
    assert [(f.code, f.level, f.message) for f in preview.findings if f.code != "few_cases"] == [
        (
            "credit_finding", Level.TO_VERIFY,
            "2026-03-01登记有信用信息（信用中国公示），请核实是否影响入池",
        )
    ]  # fmt: skip
