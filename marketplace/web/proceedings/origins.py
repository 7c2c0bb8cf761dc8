"""Links between a case file and what gave the occasion: a grade, a spot check, a finding."""

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from marketplace.models import CreditFinding, EvaluationSheet, Proceeding, SpotCheck
from marketplace.permissions import Permission, can
from marketplace.services.proceedings import proceedings
from marketplace.web.access import current_actor
from marketplace.web.proceedings import shapes

PAGES: dict[str, tuple[str, str, str, Permission]] = {
    EvaluationSheet.__tablename__: (
        "评价等次", "work.evaluation_sheet", "sheet_id", Permission.EVALUATION_DESK
    ),
    SpotCheck.__tablename__: ("抽查", "work.check", "row_id", Permission.WORK_READ),
    CreditFinding.__tablename__: ("信用信息", "work.credit", "row_id", Permission.CREDIT_READ),
}  # fmt: skip
"""By table: what it is called, its page for staff, and who opens it."""


def opened_by(session: Session, row: Any) -> list[dict[str, str]]:
    """The case files that ``row`` opened, as links for staff: one query."""
    lines = [shapes.line(case, "work") for case in proceedings.opened_by(session, row)]
    return [
        {"text": f"{line['kind']}：{line['place']}（{line['state']['label']}）", "url": line["url"]}
        for line in lines
    ]


def of_case(case: Proceeding) -> tuple[str, str] | None:
    """(label, address) of what a case file came from; None where nobody of staff may look."""
    found = PAGES.get(case.origin_type)
    if found is None or not can(current_actor(), found[3]):
        return None
    label, endpoint, argument, _ = found
    address: dict[str, Any] = {argument: case.origin_id}
    return label, url_for(endpoint, **address)
