"""Waivers: leaders grant them, for soft rules only, once."""

import pytest
from sqlalchemy import select

from marketplace.errors import Conflict, Forbidden, Invalid
from marketplace.models import Event, Waiver
from marketplace.services.pool import waivers
from tests import factories
from tests.integration.pool.conftest import Pool


def grant(pool: Pool, **given: object) -> Waiver:
    values = {
        "round_": pool.round, "rule": "QD-B12a", "segment": "auto_parts", "reason": "共线生产",
        **given,
    }  # fmt: skip
    provider = values.pop("provider", None) or factories.make_provider(pool.session)
    by = values.pop("by", pool.leader)
    return waivers.grant(pool.session, by, provider, **values)  # type: ignore[arg-type]


def test_only_soft_conflict_rules_can_be_waived(pool: Pool) -> None:
    assert [rule.id for rule in waivers.waivable(pool.round)] == ["QD-B12a", "QD-B12c"]
    for rule in ("QD-B3", "QD-B12b", "QD-C2", "unknown"):
        with pytest.raises(Invalid) as caught:
            grant(pool, rule=rule)
        assert list(caught.value.fields) == ["rule"]


def test_a_waiver_has_a_reason_and_a_known_segment(pool: Pool) -> None:
    with pytest.raises(Invalid) as caught:
        grant(pool, reason=" ", segment="toys")
    assert sorted(caught.value.fields) == ["reason", "segment"]


def test_only_leaders_grant(pool: Pool) -> None:
    with pytest.raises(Forbidden):
        grant(pool, by=pool.officer)


def test_a_waiver_is_recorded_once(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    waiver = grant(pool, provider=provider, document_no="1号")
    event = pool.session.scalars(select(Event).where(Event.action == "waiver_grant")).one()
    assert (event.subject_id, event.reason, event.document_no, event.diff) == (
        waiver.id, "共线生产", "1号",
        {"provider": provider.id, "rule": "QD-B12a", "segment": "auto_parts"},
    )  # fmt: skip
    with pytest.raises(Conflict):
        grant(pool, provider=provider)
    grant(pool, provider=provider, segment="general_parts")


def test_a_waiver_without_segment_counts_in_all(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    grant(pool, provider=provider, segment="")
    for segment in ("auto_parts", "home_appliance"):
        assert waivers.find(pool.session, provider, pool.round, "QD-B12a", segment)
    assert not waivers.find(pool.session, provider, pool.round, "QD-B12c", "auto_parts")
