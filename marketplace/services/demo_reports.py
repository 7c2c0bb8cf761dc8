"""Periodic reports of the demo: two periods of the whole pool, in every state."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Membership, PeriodicReport, ReportVersion, Round
from marketplace.permissions import Actor
from marketplace.phases import OWED_REPORTS, ReportPhase
from marketplace.programmes import duties, nouns
from marketplace.programmes.duties import Duty
from marketplace.services.reports import checking, opening, reading, sources, writing
from marketplace.services.reports.rules import rules
from marketplace.services.reports.writing import Typed

LATE_EVERY, OWED_EVERY = 7, 5
"""Of the older period every seventh was late; of the latest one every fifth is still owed."""


def fill(session: Session, round_: Round, own: Membership, owner: Actor, city: Actor) -> int:
    """Reports of the two latest periods; answers how many."""
    made = 0
    for duty in duties.of(round_.programme):
        latest = duty.latest(clock.today())
        older = duties.period_of(duty.report.every, latest.since - timedelta(days=1))
        for span, every in ((older, 0), (latest, OWED_EVERY)):
            made += opening.open_period(session, round_, duty, span)
            _send_all(session, duty, span.key, own.provider_id, every)
        _own(session, own, duty, latest.key, owner, city)
    return made


def _send_all(session: Session, duty: Duty, period: str, but: int, owed_every: int) -> None:
    """Everybody but the demo's own provider reports: small numbers, each told from its row."""
    rows = session.scalars(
        select(PeriodicReport)
        .where(
            PeriodicReport.duty == duty.id,
            PeriodicReport.period == period,
            PeriodicReport.provider_id != but,
        )
        .order_by(PeriodicReport.id)
    ).all()
    state = nouns.workflow("report").in_phase(ReportPhase.SUBMITTED)[0].id
    sent: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        if owed_every and number % owed_every == 0:
            continue
        late = not owed_every and number % LATE_EVERY == 0
        at = row.due_at + timedelta(days=2) if late else row.due_at - timedelta(days=1 + number % 9)
        at = min(at, clock.now())
        sent.append(_version(duty, row, number, at))
        row.number, row.first_sent_at, row.sent_at = 1, at, at
        row.state, row.phase, row.state_since = state, ReportPhase.SUBMITTED, at
    session.flush()
    if sent:
        session.execute(insert(ReportVersion), sent)


def _version(duty: Duty, row: PeriodicReport, number: int, at: Any) -> dict[str, Any]:
    typed = {"joined": number % 4, "left": number % 3, "trained": 10 * (number % 7)}
    figures: list[dict[str, Any]] = [
        {
            "id": f.id, "label": f.label, "unit": f.unit, "sources": [], "reason": "",
            "value": str(typed.get(f.id, 0)) if not f.money else "0.00",
            "prefilled": "" if not f.source else ("0.00" if f.money else "0"),
        }
        for f in rules().figures.values()
    ]  # fmt: skip
    texts = [
        {"id": id_, "label": label, "text": "本期按计划开展服务，没有变动。"}
        for id_, label in duty.texts(year=row.asks_year).items()
    ]
    return {
        "report_id": row.id, "number": 1, "figures": figures, "texts": texts, "zero": False,
        "sent_at": at, "by_name": "示例填报人",
    }  # fmt: skip


def _own(
    session: Session, own: Membership, duty: Duty, period: str, owner: Actor, city: Actor
) -> None:
    """The demo's own provider: sent twice, and one that waits with a draft; others by staff."""
    mine = _rows(session, duty, period, own.provider_id)
    older = _rows(session, duty, "", own.provider_id)
    first = [row for row in older if row.period != period]
    if first:
        _send(session, owner, first[0])
        _send(session, owner, first[0], trained="36")
    if mine:
        typed = _typed(session, mine[0], {})
        row = mine[0]
        writing.save(session, owner, row, replace(typed, texts={}), row.version)
    others = session.scalars(
        select(PeriodicReport)
        .where(
            PeriodicReport.duty == duty.id,
            PeriodicReport.period == period,
            PeriodicReport.provider_id != own.provider_id,
        )
        .options(*reading.BESIDE)
        .order_by(PeriodicReport.id)
    ).all()
    sent = [row for row in others if row.phase == ReportPhase.SUBMITTED]
    owed = [row for row in others if row.phase in OWED_REPORTS]
    for rows, action, why in (
        (sent[:2], "report_return", "团队变动没有写明，请补充。"),
        (owed[:1], "report_skip", "企业正在重组，本期免报。"),
    ):
        for row in rows:
            checking.step(session, city, row, action, reason=why, expected_version=row.version)


def _rows(session: Session, duty: Duty, period: str, provider_id: int) -> list[PeriodicReport]:
    query = (
        select(PeriodicReport)
        .where(PeriodicReport.duty == duty.id, PeriodicReport.provider_id == provider_id)
        .options(*reading.BESIDE)
        .order_by(PeriodicReport.id)
    )
    if period:
        query = query.where(PeriodicReport.period == period)
    return list(session.scalars(query))


def _typed(session: Session, row: PeriodicReport, given: dict[str, str]) -> Typed:
    known = sources.of(session, row)
    figures = {
        f.id: f.text(known[f.source].value) if f.source else "0" for f in rules().figures.values()
    }
    texts = dict.fromkeys(reading.duty_of(row).texts(year=row.asks_year), "按计划推进。")
    return Typed(figures={**figures, **given}, texts=texts)


def _send(session: Session, owner: Actor, row: PeriodicReport, **given: str) -> None:
    writing.send(session, owner, row, _typed(session, row, given), row.version)
