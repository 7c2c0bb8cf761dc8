"""Atoms on organisations, what belongs to them, and what they keep for themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, select

from marketplace.atoms.core import Actor, Combinable
from marketplace.atoms.projects import PROJECT_PARTS
from marketplace.models import (
    Appeal,
    Award,
    Candidacy,
    CaseStudy,
    CaseVersion,
    ChangeRequest,
    Complaint,
    DemandAnswer,
    EvaluationSheet,
    Favourite,
    GradeObjection,
    InquiryParty,
    Membership,
    Objection,
    Organisation,
    PeriodicReport,
    Person,
    Proceeding,
    Product,
    Project,
    Provider,
    SavedSearch,
    Selection,
    Shortlist,
    SpotCheck,
)
from marketplace.models.proceedings import CASES


def organisation_of(obj: Any) -> Organisation | None:
    """The organisation an object belongs to; its relationships must be loaded."""
    if isinstance(obj, Organisation):
        return obj
    if isinstance(obj, Provider):
        return obj.organisation
    if isinstance(obj, (Project, DemandAnswer, InquiryParty, *PROJECT_PARTS)):
        return None  # it has two sides and rules of its own
    provider = getattr(obj, "provider", None)
    return provider.organisation if isinstance(provider, Provider) else None


OF_PROVIDER = (
    Membership,
    Candidacy,
    Product,
    CaseStudy,
    CaseVersion,
    Person,
    ChangeRequest,
    Award,
    Complaint,
    EvaluationSheet,
    GradeObjection,
    PeriodicReport,
    SpotCheck,
    Objection,
    Appeal,
    Proceeding,
    *CASES,
)
"""Rows of one provider, by their ``provider_id``."""


def _organisation_ids(model: type[Any], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    wanted = select(Organisation.id).where(condition)
    if model is Organisation:
        return Organisation.id.in_(wanted)
    if model is Provider:
        return Provider.organisation_id.in_(wanted)
    if model in OF_PROVIDER:
        providers = select(Provider.id).where(Provider.organisation_id.in_(wanted))
        column: ColumnElement[int] = model.provider_id
        return column.in_(providers)
    return false()


class InDistrict(Combinable):
    """The object's organisation lies in the actor's district."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        organisation = organisation_of(obj)
        return bool(organisation and actor.district and organisation.district == actor.district)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if not actor.district:
            return false()
        return _organisation_ids(model, Organisation.district == actor.district)


class NoDistrict(Combinable):
    """The object's organisation lies in no district: the city stands in for one (§2.6, 4)."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        organisation = organisation_of(obj)
        return organisation is not None and organisation.district is None

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return _organisation_ids(model, Organisation.district.is_(None))


class Own(Combinable):
    """The object belongs to the actor's organisation."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        organisation = organisation_of(obj)
        return organisation is not None and organisation.id == actor.organisation_id

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if actor.organisation_id is None:
            return false()
        return _organisation_ids(model, Organisation.id == actor.organisation_id)


class CaseSent(Combinable):
    """The version of a case has reached the bureau; what was never sent is its writer's own."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        return obj is None or (isinstance(obj, CaseVersion) and obj.sent_at is not None)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return CaseVersion.sent_at.is_not(None) if model is CaseVersion else false()


class ObjectionAsked(Combinable):
    """The provider was asked about the objection; before that it knows of none."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        return obj is None or (isinstance(obj, Objection) and obj.asked_at is not None)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return Objection.asked_at.is_not(None) if model is Objection else false()


KEPT = (Favourite, SavedSearch, Selection, Shortlist)
"""Rows that an enterprise keeps for itself: nobody else ever sees them."""


class Kept(Combinable):
    """The row was kept by the actor's own organisation."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        return isinstance(obj, KEPT) and obj.organisation_id == actor.organisation_id

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if actor.organisation_id is None or model not in KEPT:
            return false()
        column: ColumnElement[int] = model.organisation_id
        return column == actor.organisation_id
