"""Atoms on complaints, activities and the summaries of districts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, select

from marketplace.atoms.core import Actor, Combinable
from marketplace.models import Activity, Attendance, Complaint, ReportSummary, SpotCheck
from marketplace.phases import SpotCheckPhase

CHECKED = (SpotCheckPhase.PASSED, SpotCheckPhase.FAILED)


class Complained(Combinable):
    """The complaint was sent by the actor's own organisation."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        own = actor.organisation_id is not None
        return isinstance(obj, Complaint) and own and obj.organisation_id == actor.organisation_id

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if actor.organisation_id is None or model is not Complaint:
            return false()
        return Complaint.organisation_id == actor.organisation_id


class Heard(Combinable):
    """The provider has been asked about the complaint; before that it does not know of it."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        return obj is None or (isinstance(obj, Complaint) and obj.reply_by is not None)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return Complaint.reply_by.is_not(None) if model is Complaint else false()


class AtDesk(Combinable):
    """An activity, its attendances or a summary belong to the actor's district."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        found = obj.activity if isinstance(obj, Attendance) else obj
        if not isinstance(found, (Activity, ReportSummary)) or not actor.district:
            return False
        return found.district == actor.district

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if not actor.district:
            return false()
        if model is Attendance:
            own = select(Activity.id).where(Activity.district == actor.district)
            return Attendance.activity_id.in_(own)
        if model is Activity:
            return Activity.district == actor.district
        return ReportSummary.district == actor.district if model is ReportSummary else false()


class Attends(Combinable):
    """The attendance is that of the actor's own organisation."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        own = actor.organisation_id is not None
        return isinstance(obj, Attendance) and own and obj.organisation_id == actor.organisation_id

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if actor.organisation_id is None or model is not Attendance:
            return false()
        return Attendance.organisation_id == actor.organisation_id


class Checked(Combinable):
    """The spot check has a result: it comes unannounced (LC 第二十一条, 不定期抽查)."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        return obj is None or (isinstance(obj, SpotCheck) and obj.phase in CHECKED)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return SpotCheck.phase.in_(CHECKED) if model is SpotCheck else false()
