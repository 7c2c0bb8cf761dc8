"""Public notices of removals: drafted from the case, announced with their result."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.history import Why
from marketplace.models import NoticeEntry, Proceeding, PublicNotice, Term
from marketplace.permissions import SYSTEM, Actor, Permission
from marketplace.phases import LIVE_ENTRIES, NoticePhase
from marketplace.programmes.schema import Programme
from marketplace.services.notices import errata, public_notices
from marketplace.services.notices.public_notices_kinds import Ending, Kind, Line, register
from marketplace.services.proceedings import proceedings, third_parties
from marketplace.workflow import Data, effect, guard, locked, perform

KIND = "removal"


def live_entry(session: Session, case: Proceeding) -> NoticeEntry | None:
    """The entry on a notice that is drafted or running, if the case has one."""
    return session.scalars(
        select(NoticeEntry).where(
            NoticeEntry.subject_type == Proceeding.__tablename__,
            NoticeEntry.subject_id == case.id, NoticeEntry.phase.in_(LIVE_ENTRIES),
        )
    ).one_or_none()  # fmt: skip


@guard("no_live_notice")
def no_live_notice(session: Session, subject: Proceeding, actor: Actor, data: Data) -> str | None:
    """A case stands on one notice at a time."""
    return "已经列在一份公示中" if live_entry(session, subject) is not None else None


@effect("draft_notice")
def draft_notice(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """A draft with this one case; the notice's own page publishes it."""
    session.flush()
    membership = subject.membership
    words = session.execute(
        select(Term.short_name, Term.name).where(
            Term.kind == "exit_reason", Term.code == subject.cause
        )
    ).one_or_none()
    line = Line(
        subject=subject, provider_id=subject.provider_id, membership_id=membership.id,
        name=subject.provider.organisation.name, type=membership.type,
        segment=membership.segment, note=(words.short_name or words.name) if words else "",
    )  # fmt: skip
    why = Why(reason=data.get("reason", ""), document_no=data.get("document_no", ""))
    public_notices.draft(session, actor, KIND, membership.round, [line], why=why)


@guard("off_notice")
def off_notice(session: Session, subject: Proceeding, actor: Actor, data: Data) -> str | None:
    """Who is not removed must not stay on a notice: it is taken off there first."""
    if data.get("by_notice") or live_entry(session, subject) is None:
        return None
    return "请先在公示中撤下这一条"


def strike(session: Session, case: Proceeding, why: Why) -> None:
    """Take a case that was overturned off its notice, which goes on with the others."""
    entry = live_entry(session, case)
    if entry is None:
        return
    notice = locked(session, PublicNotice, entry.notice_id)
    if notice.phase == NoticePhase.DRAFT:
        perform(session, SYSTEM, entry, "entry_discard")
        return
    perform(session, SYSTEM, entry, "entry_drop", why=why)
    errata.add(session, notice, errata.LIST, f"撤下“{entry.name}”", why.get("reason", ""))


def _case(session: Session, entry: NoticeEntry) -> Proceeding:
    return proceedings.get(session, SYSTEM, entry.subject_id)


def _finish(session: Session, actor: Actor, entry: NoticeEntry, ending: Ending) -> int | None:
    case = _case(session, entry)
    why = Why(reason=ending.reason or "公示期满，公布结果", document_no=ending.document_no)
    proceedings.act(session, actor, case, "announce", why=why, by_notice=True)
    return case.membership_id


def _struck(session: Session, actor: Actor, entry: NoticeEntry, why: Why) -> None:
    """An objection that was upheld, or a line taken off: no removal."""
    grounds = Why(reason=why.get("reason", "") or "公示中的异议成立",
                  document_no=why.get("document_no", ""))  # fmt: skip
    proceedings.act(session, SYSTEM, _case(session, entry), "dismiss", why=grounds, by_notice=True)


def _opened(session: Session, actor: Actor, entry: NoticeEntry) -> None:
    """Everybody may know now: enterprises say what they wish for their running projects."""
    case = _case(session, entry)
    third_parties.tell_of_leaving(session, case, f"notice_entry:{entry.id}")


def _days(programme: Programme) -> int | None:
    return programme.publicity.working_days


def _rule(programme: Programme) -> str:
    return programme.publicity.id


register(
    Kind(
        name=KIND, label="退出公示", finish_label="公布移出结果",
        permission=Permission.PROCEEDING_DECIDE, title="关于拟移出单位的公示",
        text="以下单位拟移出，现予公示。公示期内可以提出异议。", days=_days, rule=_rule,
        finish=_finish, opened=_opened, struck=_struck,
    )
)  # fmt: skip
