"""The same project claimed twice: by another provider, or by one provider for two cases."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from marketplace.models import CaseStudy, CaseVersion, Provider
from marketplace.phases import CasePhase

YEARS_APART = 1
MOST = 20


@dataclass(frozen=True)
class Rival:
    """Another case of the same client in about the same year, and why it was found."""

    provider: str
    content: dict[str, Any]
    why: str
    case_id: int | None
    version_id: int | None
    state: str


def _near(one: str, other: str) -> bool:
    """Whether two ISO days lie in about the same year; an unknown day may be any."""
    if not one or not other:
        return True
    return abs(int(one[:4]) - int(other[:4])) <= YEARS_APART


def of(session: Session, version: CaseVersion) -> list[Rival]:
    """What looks like the project of ``version``: same client code, or same client name."""
    if not version.client_uscc and not version.client_name:
        return []
    sent = _versions(session, version)
    known = {rival.case_id for rival in sent if rival.case_id}
    return [*sent, *_cases(session, version, known)]


def _versions(session: Session, version: CaseVersion) -> list[Rival]:
    rows = session.scalars(
        select(CaseVersion)
        .where(
            CaseVersion.id != version.id,
            CaseVersion.client_uscc == version.client_uscc,
            CaseVersion.phase.in_((CasePhase.CHECK, CasePhase.PUBLISHED)),
            CaseVersion.case_id.is_(None) | (CaseVersion.case_id != (version.case_id or 0)),
        )
        .options(joinedload(CaseVersion.provider).joinedload(Provider.organisation))
        .order_by(CaseVersion.id)
        .limit(MOST)
    )
    finish = version.content.get("finish_on", "")
    return [
        Rival(row.provider.organisation.name, row.content, "统一社会信用代码相同", row.case_id,
              row.id, row.state)
        for row in rows
        if _near(finish, row.content.get("finish_on", ""))
    ]  # fmt: skip


def _cases(session: Session, version: CaseVersion, known: set[int]) -> list[Rival]:
    """Cases that came by import have the client's name only."""
    from marketplace.services.cases.case_studies import of_case

    finish = version.content.get("finish_on", "")
    year = int(finish[:4]) if finish else None
    query = (
        select(CaseStudy)
        .where(
            func.trim(CaseStudy.client_name) == version.client_name.strip(),
            CaseStudy.client_name != "",
            CaseStudy.id.not_in([*known, version.case_id or 0]),
        )
        .options(joinedload(CaseStudy.provider).joinedload(Provider.organisation))
        .order_by(CaseStudy.id)
        .limit(MOST)
    )
    if year is not None:
        query = query.where(CaseStudy.year.between(year - YEARS_APART, year + YEARS_APART))
    return [
        Rival(row.provider.organisation.name, of_case(row), "企业名称相同", row.id, None, "")
        for row in session.scalars(query)
    ]
