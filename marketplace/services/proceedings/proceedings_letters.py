"""Letters issued with steps of proceedings and appeals: words of the file, facts of that moment.

A letter is kept as it was issued; Word and PDF are made from what was kept.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import NotFound
from marketplace.models import Event, IssuedLetter, Membership, Proceeding, Provider, Term
from marketplace.permissions import Actor
from marketplace.phases import ProceedingKind
from marketplace.programmes.loader import read_yaml
from marketplace.services.pool.standing_notices import place_of
from marketplace.services.proceedings import proceedings_rules
from marketplace.settings import ROOT

FILE = ROOT / "config" / "messages" / "proceeding_letters.yml"
FACT = re.compile(r"\{([a-z_]+)\}")
FACTS = frozenset(
    ("provider", "place", "programme", "cause", "findings", "reason", "due", "plan_due", "ban",
     "hearing_days", "appeal", "answer", "document", "inputs", "validity")
)  # fmt: skip


@dataclass(frozen=True)
class Form:
    """One kind of letter: title and paragraphs with ``{facts}``."""

    kind: str
    title: str
    lines: tuple[str, ...]


@cache
def forms() -> Mapping[str, Form]:
    """The letter that goes with each step. Raises ValueError for words that cannot be filled."""
    found: dict[str, Form] = {}
    for kind, given in read_yaml(FILE)["letters"].items():
        form = Form(kind, given["title"], tuple(given["lines"]))
        if unknown := {name for line in form.lines for name in FACT.findall(line)} - FACTS:
            raise ValueError(f"{FILE.name}: {kind}: {sorted(unknown)}")
        for action in given["after"]:
            found[action] = form
    return found


def rule_of(case: Proceeding) -> str:
    """Id of the clause that orders the step, in the pinned programme."""
    programme = case.membership.round.programme
    if case.kind == ProceedingKind.RE_REVIEW and programme.re_review is not None:
        return programme.re_review.id
    if case.kind == ProceedingKind.WITHDRAWAL:
        clause = next((ban for ban in programme.bans if "X10" in ban.reasons), None)
        return clause.id if clause else programme.removal.id
    return programme.removal.id


def issue(
    session: Session, actor: Actor, case: Proceeding, event: Event, subject: Any = None
) -> IssuedLetter | None:
    """Keep the letter that goes with ``event``, if one does; ``subject`` None: the case itself."""
    form = forms().get(event.action)
    if form is None:
        return None
    about = subject if subject is not None else case
    facts = _facts(session, case, event)
    return write(session, about, case.membership, case.provider, form, facts, event)


def write(
    session: Session, subject: Any, membership: Membership, provider: Provider, form: Form,
    facts: Mapping[str, str], event: Event,
) -> IssuedLetter:  # fmt: skip
    """The row of a letter with its words filled in."""
    programme = membership.round.programme
    letter = IssuedLetter(
        subject_type=subject.__tablename__, subject_id=subject.id, provider_id=provider.id,
        kind=form.kind, title=form.title, document_no=event.document_no,
        addressee=provider.organisation.name, sender=programme.instrument.issued_by[0],
        paragraphs=[FACT.sub(lambda found: facts[found.group(1)], line) for line in form.lines],
        day=clock.today(), event_id=event.id,
    )  # fmt: skip
    session.add(letter)
    session.flush()
    return letter


def common_facts(
    session: Session, membership: Membership, provider: Provider, event: Event
) -> dict[str, str]:
    """What every letter about a place may say."""
    programme = membership.round.programme
    facts = dict.fromkeys(FACTS, "")
    facts |= {
        "provider": provider.organisation.name, "place": place_of(membership),
        "programme": programme.short_name, "reason": event.reason, "document": event.document_no,
    }  # fmt: skip
    return facts


def _facts(session: Session, case: Proceeding, event: Event) -> dict[str, str]:
    membership = case.membership
    programme = membership.round.programme
    appeal, review = programme.appeal, programme.re_review
    removal = programme.procedures.removal if programme.procedures else None
    words = session.scalar(
        select(Term.name).where(Term.kind == "exit_reason", Term.code == case.cause)
    )
    allowed = appeal is not None and case.kind in appeal.against
    return {
        **common_facts(session, membership, case.provider, event),
        "cause": words or case.cause, "findings": case.findings, "answer": case.answer,
        "due": _day(case.due_at), "plan_due": _day(case.plan_due_at),
        "hearing_days": str(removal.hearing_working_days or "") if removal else "",
        "ban": proceedings_rules.ban_text(programme, case.cause) or "不限制再次申报",
        "appeal": f"不服的，可在{appeal.window_working_days}个工作日内申诉。"
        if appeal and allowed else "",
        "inputs": "、".join(review.inputs) if review else "",
        "validity": f"有效期至{membership.valid_until}。" if membership.valid_until else "",
    }  # fmt: skip


def _day(instant: datetime | None) -> str:
    """The last day before an exclusive end, in words."""
    if instant is None:
        return ""
    day = clock.last_day(instant)
    return f"{day.year}年{day.month}月{day.day}日"


def of(session: Session, subject: Any) -> Sequence[IssuedLetter]:
    """The letters about a row, newest first."""
    query = select(IssuedLetter).where(
        IssuedLetter.subject_type == subject.__tablename__, IssuedLetter.subject_id == subject.id
    )
    return session.scalars(query.order_by(IssuedLetter.id.desc())).all()


def one(session: Session, subject: Any, letter_id: int) -> IssuedLetter:
    """One letter about a row the actor may read. Raises NotFound."""
    query = select(IssuedLetter).where(
        IssuedLetter.id == letter_id, IssuedLetter.subject_type == subject.__tablename__,
        IssuedLetter.subject_id == subject.id,
    ).options(joinedload(IssuedLetter.provider))  # fmt: skip
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("没有这份文书")
    return found
