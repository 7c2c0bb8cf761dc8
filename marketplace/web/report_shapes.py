"""Periodic reports as the plain values that templates show, for providers and for staff."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from marketplace.models import CaseVersion, Complaint, PeriodicReport, Project, ReportVersion
from marketplace.permissions import Actor, Permission, visible
from marketplace.services.reports import reading
from marketplace.services.reports.rules import rules
from marketplace.services.reports.sources import Known
from marketplace.web.context import dt
from marketplace.web.work import upkeep

READS: dict[str, tuple[type[Any], Permission]] = {
    "projects": (Project, Permission.PROJECT_READ),
    "cases": (CaseVersion, Permission.CASE_READ),
    "complaints": (Complaint, Permission.COMPLAINT_READ),
}
PAGES = {
    ("p", "projects"): ("p.project", "project_id"), ("p", "cases"): ("p.case", "version_id"),
    ("p", "complaints"): ("p.complaint", "row_id"),
    ("work", "projects"): ("work.project", "project_id"),
    ("work", "cases"): ("work.case", "version_id"),
    ("work", "complaints"): ("work.complaint", "row_id"),
}  # fmt: skip
LATE = {"tone": "danger", "icon": "exclamation-triangle", "label": "逾期未报"}
Links = Mapping[str, set[int]]


def name(report: PeriodicReport) -> str:
    """2026年第1季度 季度档案维护."""
    return f"{reading.period_of(report).label} {reading.duty_of(report).report.label}"


def place(report: PeriodicReport) -> str:
    """Segment and type of the place that owes it."""
    programme, membership = report.membership.round.programme, report.membership
    return f"{programme.segment_label(membership.segment)}·{programme.type_label(membership.type)}"


def state(report: PeriodicReport, *, staff: bool) -> dict[str, str]:
    """Its state as a tag; an overdue one says so."""
    if reading.late(report):
        return LATE
    found = upkeep.tag("report", report.state, staff=staff)
    if report.number and reading.punctual(report) is False:
        return {**found, "note": "迟报"}
    return found


def due(report: PeriodicReport) -> dict[str, str]:
    """The last day, and why it is that one."""
    return {"text": f"{report.due_on}", "note": report.due_note}


def covered(report: PeriodicReport) -> str:
    """The days it covers, where they are a part of the period."""
    span = f"{report.since} 至 {report.until}"
    return f"{span}（{report.part_reason}）" if report.part_reason else span


def facts(report: PeriodicReport) -> list[tuple[str, Any]]:
    """What stands above every report."""
    clause = reading.duty_of(report).report
    last = f"{report.due_on} 24:00"
    return [
        ("在池资格", place(report)), ("报告期间", covered(report)),
        ("截止", f"{last}（{report.due_note}）" if report.due_note else last),
        ("依据", f"{report.membership.round.programme.short_name}{clause.article}"
         + (f"：{clause.quote}" if clause.quote else "")),
        ("首次报送", dt(report.first_sent_at) or "还没有报送"),
        ("最新版本", f"第{report.number}版" if report.number else "还没有报送"),
    ]  # fmt: skip


def linkable(
    session: Session, actor: Actor, sources: Iterable[Sequence[Any]]
) -> dict[str, set[int]]:
    """Ids of rows that the actor may open, by kind: a query for each kind that occurs."""
    wanted: dict[str, set[int]] = {}
    for kind, id_, _ in sources:
        wanted.setdefault(kind, set()).add(int(id_))
    found: dict[str, set[int]] = {"activities": wanted.get("activities", set())}
    for kind, (model, permission) in READS.items():
        if ids := wanted.get(kind):
            query = visible(actor, permission, model).where(model.id.in_(ids))
            found[kind] = set(session.scalars(query.with_only_columns(model.id)))
    return found


def source_links(
    centre: str, sources: Iterable[Sequence[Any]], links: Links
) -> list[dict[str, str]]:
    """The rows behind a figure, each with its address where the actor may open it."""
    return [
        {"text": label, "url": _address(centre, kind, int(id_), links)}
        for kind, id_, label in sources
    ]


def _address(centre: str, kind: str, id_: int, links: Links) -> str:
    if id_ not in links.get(kind, set()):
        return ""
    if kind == "activities":
        return url_for("public.activity", row_id=id_)
    endpoint, argument = PAGES[centre, kind]
    return url_for(endpoint, **{argument: id_})  # type: ignore[arg-type]


def all_sources(versions: Iterable[ReportVersion]) -> list[Sequence[Any]]:
    """Every source that some versions name."""
    return [one for row in versions for figure in row.figures for one in figure["sources"]]


def version(
    centre: str, row: ReportVersion, before: ReportVersion | None, links: Links
) -> dict[str, Any]:
    """One version: its figures with their marks and sources, texts, what it changed."""
    return {
        "number": row.number,
        "title": f"第{row.number}版" + ("（零报告）" if row.zero else ""),
        "meta": f"{dt(row.sent_at)}　{row.by_name}",
        "figures": [
            {
                **{key: figure[key] for key in ("label", "unit", "value", "prefilled", "reason")},
                "changed": bool(figure["reason"]),
                "sources": source_links(centre, figure["sources"], links),
            }
            for figure in row.figures
        ],
        "texts": row.texts,
        "changes": [vars(item) for item in reading.diff(before, row)] if before else [],
    }


def versions(
    session: Session, actor: Actor, centre: str, report: PeriodicReport
) -> list[dict[str, Any]]:
    """All versions of a report, the latest first, each against the one before it."""
    rows = reading.versions(session, report)
    links = linkable(session, actor, all_sources(rows))
    older = [*rows[1:], *[None] * bool(rows)]
    return [version(centre, row, before, links) for row, before in zip(rows, older, strict=True)]


def form_figures(
    session: Session, actor: Actor, report: PeriodicReport, known: Mapping[str, Known],
    typed: Mapping[str, str],
) -> list[dict[str, Any]]:  # fmt: skip
    """The lines of the form: the system's number with its rows, what is typed, the reason."""
    links = linkable(session, actor, (one for item in known.values() for one in item.sources))
    lines = []
    for figure in rules().figures.values():
        found = known.get(figure.source)
        prefilled = figure.text(found.value) if found else ""
        lines.append({
            "id": figure.id, "label": figure.label, "unit": figure.unit, "prefilled": prefilled,
            "known": found is not None, "value": typed.get(figure.id, prefilled),
            "reason": typed.get(f"why_{figure.id}", ""),
            "sources": source_links("p", found.sources, links) if found else [],
        })  # fmt: skip
    return lines
