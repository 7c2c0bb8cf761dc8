"""Atoms on evaluation sheets and on what hangs on them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, select

from marketplace.atoms.core import Actor, Combinable
from marketplace.models import EvaluationCycle, EvaluationSheet, GradeObjection
from marketplace.phases import EvaluationPhase


def _sheet_of(obj: Any) -> EvaluationSheet | None:
    found = obj.sheet if isinstance(obj, GradeObjection) else obj
    return found if isinstance(found, EvaluationSheet) else None


class SheetIn(Combinable):
    """The cycle of the sheet stands in one of these phases."""

    def __init__(self, *phases: EvaluationPhase) -> None:
        self.phases = phases

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        sheet = _sheet_of(obj)
        return sheet is not None and sheet.cycle.phase in self.phases

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        cycles = select(EvaluationCycle.id).where(EvaluationCycle.phase.in_(self.phases))
        own = EvaluationSheet.cycle_id.in_(cycles)
        if model is EvaluationSheet:
            return own
        if model is GradeObjection:
            return GradeObjection.sheet_id.in_(select(EvaluationSheet.id).where(own))
        return false()
