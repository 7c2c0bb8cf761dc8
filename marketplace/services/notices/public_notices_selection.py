"""The notice of a selection: decided candidates are shown, then listed (青岛通知三(三))."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.history import Why
from marketplace.models import Candidacy, Membership, NoticeEntry, Provider, Round
from marketplace.permissions import SYSTEM, Actor, Permission
from marketplace.phases import LIVE_ENTRIES, LIVE_PHASES, SelectionPhase
from marketplace.services.notices.public_notices_kinds import Ending, Kind, Line, register
from marketplace.services.pool import candidacies, memberships
from marketplace.services.pool.candidacies import Listing

SELECTION = "selection"


def line(candidacy: Candidacy) -> Line:
    """A candidacy (provider and organisation loaded) as an entry."""
    return Line(
        subject=candidacy, provider_id=candidacy.provider_id,
        name=candidacy.provider.organisation.name, type=candidacy.type, segment=candidacy.segment,
    )  # fmt: skip


def offers(session: Session, round_: Round) -> Sequence[Line]:
    """Decided candidates of the round that stand on no other notice, by cell and rank."""
    rows = session.scalars(
        select(Candidacy)
        .options(joinedload(Candidacy.provider).joinedload(Provider.organisation))
        .where(
            Candidacy.round_id == round_.id, Candidacy.phase == SelectionPhase.DECISION,
            ~on_notice(),
        )
        .order_by(Candidacy.quota_id, Candidacy.rank.is_(None), Candidacy.rank, Candidacy.id)
    )  # fmt: skip
    return [line(row) for row in rows]


def on_notice() -> ColumnElement[bool]:
    """The condition that a candidacy stands on a notice that is not done with it."""
    return (
        select(NoticeEntry.id)
        .where(
            NoticeEntry.subject_type == Candidacy.__tablename__,
            NoticeEntry.subject_id == Candidacy.id, NoticeEntry.phase.in_(LIVE_ENTRIES),
        )
        .exists()
    )  # fmt: skip


def opened(session: Session, actor: Actor, entry: NoticeEntry) -> None:
    """The candidacy is in notice for as long as the notice runs."""
    notice, row = entry.notice, candidacies.get(session, entry.subject_id)
    if notice.starts_on is not None and notice.ends_on is not None:
        # Who may publish the notice may do what it brings along, leaders too.
        candidacies.put_on_notice(session, SYSTEM, row, notice.starts_on, notice.ends_on)


def released(session: Session, actor: Actor, entry: NoticeEntry) -> None:
    """Back to where it was decided."""
    row = candidacies.get(session, entry.subject_id)
    candidacies.take_off_notice(session, SYSTEM, row)


def struck(session: Session, actor: Actor, entry: NoticeEntry, why: Why) -> None:
    """Off the list for good; its place is free again."""
    candidacies.close(session, SYSTEM, candidacies.get(session, entry.subject_id), why)


def finish(session: Session, actor: Actor, entry: NoticeEntry, ending: Ending) -> int:
    """The candidacy becomes a membership, checked again as anybody would be."""
    row, today = candidacies.get(session, entry.subject_id), clock.today()
    if (listed := _listed(session, row)) is not None:
        return listed
    listing = Listing(
        listed_on=today, valid_until=memberships.default_valid_until(row.round, today),
        document_no=ending.document_no, reason=ending.reason,
    )  # fmt: skip
    return candidacies.list_candidacy(session, SYSTEM, row, listing).id


def _listed(session: Session, row: Candidacy) -> int | None:
    """The place it has already, listed by hand after the end of the window."""
    if row.phase != SelectionPhase.CLOSED:
        return None
    return session.scalar(
        select(Membership.id).where(
            Membership.provider_id == row.provider_id, Membership.type == row.type,
            Membership.segment == row.segment, Membership.phase.in_(LIVE_PHASES),
        )
    )  # fmt: skip


register(
    Kind(
        name=SELECTION,
        label="拟入池名单公示",
        finish_label="发布名单",
        permission=Permission.NOTICE_FINISH,
        title="关于拟入池数字化转型服务商名单的公示",
        text="经申报、初审和专家评审，拟将下列服务商列入资源池，现予公示。公示期内对名单有异议的，"
        "可以在线提出，也可以向市级主管部门反映。",
        days=lambda programme: programme.publicity.working_days,
        rule=lambda programme: programme.publicity.id,
        offers=offers,
        opened=opened,
        moved=opened,
        released=released,
        struck=struck,
        finish=finish,
    )
)
