"""Periodic reports of the demo: two periods of the whole pool, in every state."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Membership, PeriodicReport, Project, ReportVersion, Round
from marketplace.permissions import Actor
from marketplace.phases import FILED_PHASES, OWED_REPORTS, ReportPhase
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
    """The demo's own provider: corrected and sent twice for one place, a draft for another; staff
    returns and waives reports of others."""
    mine = _rows(session, duty, own.provider_id)
    latest = [row for row in mine if row.period == period]
    for row in (row for row in mine if row.period != period):
        _send(session, owner, row)
    for row in (row for row in latest if row.membership_id == own.id):
        figures = _typed(session, row, {}).figures
        more = str(int(figures["contracts"]) + 1)
        writing.send(
            session, owner, row, _typed(session, row, {"contracts": more}, "一份合同正在备案"),
            row.version,
        )  # fmt: skip
        _send(session, owner, row, trained="36")
    for row in [row for row in latest if row.membership_id != own.id][:1]:
        writing.save(session, owner, row, replace(_typed(session, row, {}), texts={}), row.version)
    _by_staff(session, own, duty, period, city)


def _by_staff(session: Session, own: Membership, duty: Duty, period: str, city: Actor) -> None:
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


def age_projects(session: Session, provider_id: int) -> None:
    """Contracts of the demo were all filed today: they are put on the day on which work began."""
    rows = session.scalars(
        select(Project).where(
            Project.provider_id == provider_id, Project.phase.in_(FILED_PHASES),
            Project.filed_on == clock.today(),
        )
    )  # fmt: skip
    for row in rows:
        row.filed_on = row.starts_on or row.filed_on
        if row.accepted_on is not None and row.starts_on is not None:
            row.accepted_on = row.starts_on + timedelta(days=75)
    session.flush()


def _rows(session: Session, duty: Duty, provider_id: int) -> list[PeriodicReport]:
    query = (
        select(PeriodicReport)
        .where(PeriodicReport.duty == duty.id, PeriodicReport.provider_id == provider_id)
        .options(*reading.BESIDE)
        .order_by(PeriodicReport.id)
    )
    return list(session.scalars(query))


def _typed(session: Session, row: PeriodicReport, given: dict[str, str], why: str = "") -> Typed:
    known = sources.of(session, row)
    figures = {
        f.id: f.text(known[f.source].value) if f.source else "0" for f in rules().figures.values()
    }
    texts = dict.fromkeys(reading.duty_of(row).texts(year=row.asks_year), "按计划推进。")
    return Typed(figures={**figures, **given}, texts=texts, reasons=dict.fromkeys(given, why))


def _send(session: Session, owner: Actor, row: PeriodicReport, **given: str) -> None:
    writing.send(session, owner, row, _typed(session, row, given), row.version)
