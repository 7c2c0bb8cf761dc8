"""Public notices of replacements: drafted for the chosen candidate, listed with their result."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.errors import Conflict
from marketplace.history import Why
from marketplace.models import Candidacy, NoticeEntry, Replacement
from marketplace.permissions import SYSTEM, Actor, Permission
from marketplace.phases import LIVE_ENTRIES, ReplacementPhase
from marketplace.programmes.schema import Programme
from marketplace.services.notices import public_notices
from marketplace.services.notices.public_notices_kinds import Ending, Kind, Line, register
from marketplace.services.proceedings import replacements
from marketplace.workflow import Data, effect, guard

KIND = "replacement"


@effect("draft_replacement")
def draft_replacement(session: Session, subject: Replacement, actor: Actor, data: Data) -> None:
    """A draft with the chosen candidate; the notice's own page publishes it."""
    session.flush()
    candidacy = subject.candidacy
    if candidacy is None:
        raise Conflict("还没有选定候补", code="wrong_state")
    score = f"候补第一位，得分{candidacy.score}" if candidacy.score is not None else "候补第一位"
    line = Line(
        subject=candidacy, provider_id=candidacy.provider_id,
        name=candidacy.provider.organisation.name, type=candidacy.type,
        segment=candidacy.segment, note=score,
    )  # fmt: skip
    why = Why(reason=data.get("reason", ""))
    public_notices.draft(session, actor, KIND, subject.round, [line], why=why)


def live_entry(session: Session, row: Replacement) -> NoticeEntry | None:
    """The entry on a notice that is drafted or running."""
    return session.scalars(
        select(NoticeEntry).where(
            NoticeEntry.subject_type == Candidacy.__tablename__,
            NoticeEntry.subject_id == row.candidacy_id, NoticeEntry.phase.in_(LIVE_ENTRIES),
        )
    ).one_or_none()  # fmt: skip


@guard("no_live_replacement")
def no_live_replacement(
    session: Session, subject: Replacement, actor: Actor, data: Data
) -> str | None:
    """A candidate stands on one notice at a time."""
    return "已经列在一份公示中" if live_entry(session, subject) is not None else None


def _row(session: Session, entry: NoticeEntry) -> Replacement:
    found = session.scalars(
        select(Replacement)
        .where(
            Replacement.candidacy_id == entry.subject_id,
            Replacement.phase == ReplacementPhase.NOTICE,
        )
        .options(*replacements.LOADING)
    ).one_or_none()
    if found is None:
        raise Conflict("这项递补已经办结", code="wrong_state")
    return found


def _opened(session: Session, actor: Actor, entry: NoticeEntry) -> None:
    """The candidate shows the window that its listing waits for."""
    candidacy = session.get_one(Candidacy, entry.subject_id, with_for_update=True)
    candidacy.publicity_from = entry.notice.starts_on
    candidacy.publicity_until = entry.notice.ends_on
    session.flush()


def _finish(session: Session, actor: Actor, entry: NoticeEntry, ending: Ending) -> int | None:
    reason = ending.reason or "递补公示期满，无异议"
    row = _row(session, entry)
    membership = replacements.list_chosen(
        session, actor, row, document_no=ending.document_no, reason=reason
    )
    return membership.id


def _struck(session: Session, actor: Actor, entry: NoticeEntry, why: Why) -> None:
    grounds = Why(reason=why.get("reason", "") or "公示中的异议成立")
    replacements.drop(session, SYSTEM, _row(session, entry), grounds)


def _days(programme: Programme) -> int | None:
    supplement = programme.supplement
    return supplement.publicity_working_days if supplement else programme.publicity.working_days


def _rule(programme: Programme) -> str:
    return programme.publicity.id


register(
    Kind(
        name=KIND, label="递补公示", finish_label="公布递补结果",
        permission=Permission.NOTICE_FINISH, title="关于拟递补单位的公示",
        text="因席位空缺，按得分次序由以下候补单位递补，现予公示。公示期内可以提出异议。",
        days=_days, rule=_rule, finish=_finish, opened=_opened, moved=_opened, struck=_struck,
    )
)  # fmt: skip
