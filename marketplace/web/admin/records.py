"""The history and the security records, newest first, from id to id."""

from collections.abc import Sequence
from typing import Any

from flask import render_template
from sqlalchemy import select

from marketplace.db import current_session
from marketplace.models import Event, SecurityEvent, User
from marketplace.permissions import Permission
from marketplace.schemas.accounts import EventQuery, SecurityQuery
from marketplace.services import records
from marketplace.services.records import PAGE, Span
from marketplace.web.access import current_actor, needs
from marketplace.web.admin import record_words
from marketplace.web.admin.blueprint import blueprint
from marketplace.web.admin.labels import ACTIONS, KINDS, RESULTS, SUBJECTS
from marketplace.web.admin.lists import address
from marketplace.web.forms import load, query_data


def _more(rows: Sequence[Event] | Sequence[SecurityEvent]) -> str:
    """The address of the next page, empty at the end."""
    return address(before=rows[PAGE - 1].id) if len(rows) > PAGE else ""


def _span(query: dict[str, Any]) -> Span:
    return Span(query["since"], query["until"], query["before"])


@blueprint.get("/events")
@needs(Permission.EVENT_READ)
def event_list() -> str:
    """Who did what to which object, when and why."""
    query = load(EventQuery(), query_data())
    statement = records.events(
        current_actor(), _span(query), action=query["action"],
        subject=(query["subject"], query["subject_id"]), who=query["actor"],
    )  # fmt: skip
    rows = current_session().scalars(statement).all()
    known = set(current_session().scalars(select(Event.action).distinct()))
    return render_template(
        "admin/events.html", rows=rows[:PAGE], more=_more(rows), query=query,
        actions=sorted((code, ACTIONS.get(code, code)) for code in known),
        subjects=list(SUBJECTS.items()), action_names=ACTIONS, subject_names=SUBJECTS,
        words=record_words,
    )  # fmt: skip


@blueprint.get("/security")
@needs(Permission.SECURITY_READ)
def security_list() -> str:
    """Logins, locks, refusals, unmasking."""
    query = load(SecurityQuery(), query_data())
    statement = records.security(
        current_actor(), _span(query), kind=query["kind"], result=query["result"],
        user_id=query["user"], ip=query["ip"],
    )  # fmt: skip
    rows = current_session().scalars(statement).all()
    return render_template(
        "admin/security.html", rows=rows[:PAGE], more=_more(rows), query=query,
        names=_names(rows), kinds=list(KINDS.items()), kind_names=KINDS,
        results=list(RESULTS.items()), result_names=RESULTS, words=record_words,
    )  # fmt: skip


def _names(rows: Sequence[SecurityEvent]) -> dict[int, str]:
    ids = {row.user_id for row in rows if row.user_id is not None}
    users = current_session().scalars(select(User).where(User.id.in_(ids)))
    return {user.id: user.name for user in users}
