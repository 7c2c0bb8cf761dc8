"""Writing a report: prefilled figures may be corrected with a reason; each sending is a version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.history import record
from marketplace.models import PeriodicReport, ReportVersion
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import ReportPhase
from marketplace.services.reports import checking as _effects  # noqa: F401  they register themselves
from marketplace.services.reports import reading, sources
from marketplace.services.reports.rules import Figure, rules
from marketplace.services.reports.sources import Known
from marketplace.workflow import locked, perform

LONGEST, LONGEST_REASON = 4000, 200
WRITABLE = (ReportPhase.OWED, ReportPhase.RETURNED, ReportPhase.SUBMITTED)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What the form holds: figures and reasons by id of the figure, texts by id of the heading."""

    figures: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def save(
    session: Session, actor: Actor, report: PeriodicReport, typed: Typed, expected_version: int
) -> PeriodicReport:
    """Keep a draft, however incomplete. Raises Conflict (stale, skipped), Forbidden."""
    row = _locked(session, actor, report, expected_version)
    row.draft = {
        "figures": {
            id_: {"value": typed.figures.get(id_, ""), "reason": typed.reasons.get(id_, "")}
            for id_ in rules().figures
        },
        "texts": {id_: typed.texts.get(id_, "") for id_ in _headings(row)},
    }
    row.updated_at = clock.now()
    session.flush()
    record(session, actor, "report_draft", row)
    return row


def send(
    session: Session, actor: Actor, report: PeriodicReport, typed: Typed, expected_version: int
) -> ReportVersion:
    """Send a version. Raises Invalid (every field), Conflict (stale, skipped), Forbidden."""
    row = _locked(session, actor, report, expected_version)
    figures, errors = _figures(sources.of(session, row), typed)
    headings = _headings(row)
    for id_, heading in headings.items():
        text = typed.texts.get(id_, "")
        if not text:
            errors[text_field(id_)] = [f"请填写“{heading}”，没有的写“无”"]
        elif len(text) > LONGEST:
            errors[text_field(id_)] = [f"不超过{LONGEST}个字"]
    if errors:
        raise Invalid(fields=errors)
    texts = [
        {"id": id_, "label": heading, "text": typed.texts[id_]} for id_, heading in headings.items()
    ]
    return _keep(session, actor, row, figures, texts, zero=False)


def send_zero(
    session: Session, actor: Actor, report: PeriodicReport, expected_version: int
) -> ReportVersion:
    """Send "nothing to report" (零报告). Raises Conflict where there is something to report."""
    row = _locked(session, actor, report, expected_version)
    known = sources.of(session, row)
    if reasons := not_zero(row, known):
        raise Conflict("；".join(reasons), code="not_zero", reasons=reasons)
    figures, _ = _figures(known, Typed(figures=dict.fromkeys(rules().figures, "0")))
    texts = [
        {"id": id_, "label": heading, "text": "本期无"} for id_, heading in _headings(row).items()
    ]
    return _keep(session, actor, row, figures, texts, zero=True)


def not_zero(report: PeriodicReport, known: Mapping[str, Known]) -> list[str]:
    """Why it cannot be a zero report; nothing when it can."""
    reasons = [
        f"本期有{figure.label}，不能零报告"
        for figure in rules().figures.values()
        if figure.source and known[figure.source].value
    ]
    if report.asks_year:
        reasons.append("本期要一并报送年度总结和下年度工作计划，不能零报告")
    return reasons


def text_field(heading_id: str) -> str:
    """The name of the form's field for a heading."""
    return f"text_{heading_id}"


def _headings(report: PeriodicReport) -> dict[str, str]:
    return reading.duty_of(report).texts(year=report.asks_year)


def _locked(
    session: Session, actor: Actor, report: PeriodicReport, expected_version: int
) -> PeriodicReport:
    require(actor, Permission.REPORT_WRITE, report)
    row: PeriodicReport = locked(session, PeriodicReport, report.id)
    if row.phase not in WRITABLE:
        raise Conflict("主管部门已登记本期免报，不用填写", code="wrong_state")
    if row.version != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
    return row


def _figures(
    known: Mapping[str, Known], typed: Typed
) -> tuple[list[dict[str, Any]], dict[str, list[str]]]:
    lines: list[dict[str, Any]] = []
    errors: dict[str, list[str]] = {}
    for figure in rules().figures.values():
        found = known.get(figure.source)
        try:
            value = _value(figure, typed.figures.get(figure.id, ""))
        except ValueError as error:
            errors[figure.id] = [str(error)]
            continue
        prefilled = figure.text(found.value) if found else ""
        reason = typed.reasons.get(figure.id, "") if found else ""
        changed = found is not None and figure.text(value) != prefilled
        if changed and not reason:
            errors[f"why_{figure.id}"] = [f"与系统数字{prefilled}不同，请写明更正理由"]
        if len(reason) > LONGEST_REASON:
            errors[f"why_{figure.id}"] = [f"不超过{LONGEST_REASON}个字"]
        lines.append(
            {
                "id": figure.id, "label": figure.label, "unit": figure.unit,
                "value": figure.text(value), "prefilled": prefilled,
                "reason": reason if changed else "",
                "sources": [list(item) for item in found.sources] if found else [],
            }
        )  # fmt: skip
    return lines, errors


def _value(figure: Figure, text: str) -> Decimal:
    if not text:
        raise ValueError("请填写，没有的填0")
    return figure.read(text)


def _keep(
    session: Session, actor: Actor, row: PeriodicReport, figures: list[dict[str, Any]],
    texts: list[dict[str, str]], *, zero: bool,
) -> ReportVersion:  # fmt: skip
    now = clock.now()
    row.number += 1
    row.first_sent_at, row.sent_at, row.draft = row.first_sent_at or now, now, {}
    version = ReportVersion(
        report_id=row.id, number=row.number, figures=figures, texts=texts, zero=zero, sent_at=now,
        by_name=actor.name,
    )  # fmt: skip
    session.add(version)
    session.flush()
    perform(session, actor, row, "report_send", number=version.number, zero=zero)
    return version
