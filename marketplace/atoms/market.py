"""Atoms on enquiries and demands: each side knows its own, and nothing of anybody else's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, select

from marketplace.atoms.core import Actor, Combinable
from marketplace.models import (
    Demand,
    DemandAnswer,
    Inquiry,
    InquiryMessage,
    InquiryParty,
    Provider,
)
from marketplace.phases import DemandPhase


def _own_providers(actor: Actor) -> Any:
    return select(Provider.id).where(Provider.organisation_id == actor.organisation_id)


class InquirySide(Combinable):
    """The actor's organisation asks, or is asked; parties and organisations must be loaded."""

    def __init__(self, side: str) -> None:
        self.asks = side == "enterprise"

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        return actor.organisation_id is not None and actor.organisation_id in self._owners(obj)

    def _owners(self, obj: Any) -> set[int]:
        if isinstance(obj, InquiryMessage):
            return self._owners(obj.party)
        if isinstance(obj, InquiryParty):
            return {obj.inquiry.organisation_id if self.asks else obj.provider.organisation_id}
        if isinstance(obj, Inquiry):
            asked = {party.provider.organisation_id for party in obj.parties if not self.asks}
            return {obj.organisation_id} if self.asks else asked
        return set()

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if actor.organisation_id is None or model not in (Inquiry, InquiryParty, InquiryMessage):
            return false()
        if self.asks and model is Inquiry:
            return Inquiry.organisation_id == actor.organisation_id
        own = (
            InquiryParty.inquiry_id.in_(
                select(Inquiry.id).where(Inquiry.organisation_id == actor.organisation_id)
            )
            if self.asks
            else InquiryParty.provider_id.in_(_own_providers(actor))
        )
        if model is InquiryParty:
            return own
        if model is InquiryMessage:
            return InquiryMessage.party_id.in_(select(InquiryParty.id).where(own))
        return Inquiry.id.in_(select(InquiryParty.inquiry_id).where(own))


class DemandSide(Combinable):
    """The actor's organisation published the demand, or answered it."""

    def __init__(self, side: str) -> None:
        self.asks = side == "enterprise"

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        if actor.organisation_id is None:
            return False
        if isinstance(obj, DemandAnswer):
            demand, provider = obj.demand.organisation_id, obj.provider.organisation_id
            return actor.organisation_id == (demand if self.asks else provider)
        own = isinstance(obj, Demand) and obj.organisation_id == actor.organisation_id
        return self.asks and own

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if actor.organisation_id is None:
            return false()
        if model is Demand:
            return Demand.organisation_id == actor.organisation_id if self.asks else false()
        if model is not DemandAnswer:
            return false()
        if not self.asks:
            return DemandAnswer.provider_id.in_(_own_providers(actor))
        own = select(Demand.id).where(Demand.organisation_id == actor.organisation_id)
        return DemandAnswer.demand_id.in_(own)


class DemandOut(Combinable):
    """The demand was published once; what never was is its writer's own."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        return isinstance(obj, Demand) and _out(obj)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if model is not Demand:
            return false()
        return (Demand.published_at.is_not(None)) & (Demand.phase != DemandPhase.DRAFT)


def _out(demand: Demand) -> bool:
    return demand.published_at is not None and demand.phase != DemandPhase.DRAFT
