"""The private thread of an enquiry with one provider: posts, contact shown, outcome noted."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.errors import Conflict, Forbidden, Invalid
from marketplace.history import record
from marketplace.models import Inquiry, InquiryMessage, InquiryParty, Provider, StoredFile
from marketplace.models.inquiries import ENTERPRISE_SIDE, LOST, PROVIDER_SIDE, WON
from marketplace.permissions import Actor, Permission, can, require, visible
from marketplace.phases import UNANSWERED, InquiryPhase
from marketplace.programmes import nouns
from marketplace.services.files import file_subjects, files
from marketplace.services.inquiries import inquiry_notices
from marketplace.services.inquiries.inquiry_rules import NOUN
from marketplace.workflow import locked, perform

FILES = "inquiry_post_file"
LONGEST = 4000
ENDED = (InquiryPhase.DECLINED, InquiryPhase.CLOSED)
SHOWN = "inquiry_contact_show"
"""The event of showing a contact; it names who did, and nothing of the contact."""
MOST_EARLIER = 8
OUTCOME_LABELS = {WON: "已成交", LOST: "未成交"}


def _load(session: Session, id_: int) -> InquiryMessage | None:
    way = joinedload(InquiryMessage.party)
    options = (
        way.joinedload(InquiryParty.inquiry).joinedload(Inquiry.organisation),
        way.joinedload(InquiryParty.provider).joinedload(Provider.organisation),
    )
    query = select(InquiryMessage).where(InquiryMessage.id == id_).options(*options)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


file_subjects.LOADERS[InquiryMessage.__tablename__] = _load
files.READERS[FILES] = files.holders_of(Permission.INQUIRY_READ)


def side_of(actor: Actor, row: InquiryParty) -> str:
    """Which side of the thread the actor writes for. Raises NotFound, Forbidden."""
    if can(actor, Permission.INQUIRY_SEND, row):
        return ENTERPRISE_SIDE
    require(actor, Permission.INQUIRY_ANSWER, row)
    return PROVIDER_SIDE


def post(session: Session, actor: Actor, row: InquiryParty, text: str) -> InquiryMessage:
    """Write into the thread; the provider's first post is the answer that stops the clock.

    Raises Conflict when the enquiry has ended, Invalid, Forbidden.
    """
    side = side_of(actor, row)
    if actor.user_id is None:
        raise Forbidden
    if not text.strip() or len(text) > LONGEST:
        raise Invalid(fields={"text": [f"请填写内容，不超过{LONGEST}个字"]})
    row = locked(session, InquiryParty, row.id)
    if row.phase in ENDED:
        label = nouns.workflow(NOUN).state(row.state).public_label
        raise Conflict(f"咨询{label}，不能再发消息", code="wrong_state")
    message = InquiryMessage(
        party_id=row.id, side=side, author_id=actor.user_id, text=text.strip(),
        created_at=clock.now(),
    )  # fmt: skip
    session.add(message)
    session.flush()
    answers = side == PROVIDER_SIDE and row.phase in UNANSWERED
    if answers:
        event = perform(session, actor, row, "inquiry_reply")
    else:
        event = record(session, actor, "inquiry_post", row)
    row.last_side, row.last_at = side, message.created_at
    inquiry_notices.tell(session, row, event, "" if answers else f"inquiry_post_{side}")
    return message


def messages(row: InquiryParty) -> Select[InquiryMessage]:
    """SELECT of the posts of a thread, the oldest first; whoever may read the party may read it."""
    query = select(InquiryMessage).where(InquiryMessage.party_id == row.id)
    return query.order_by(InquiryMessage.id)


def earlier(session: Session, actor: Actor) -> list[InquiryMessage]:
    """What the acting team wrote in other threads, the latest first, the same words once: a
    beginning for the next answer."""
    query = visible(actor, Permission.INQUIRY_ANSWER, InquiryMessage)
    rows = session.scalars(
        query.where(InquiryMessage.side == PROVIDER_SIDE)
        .order_by(InquiryMessage.id.desc())
        .limit(10 * MOST_EARLIER)
    )
    found: dict[str, InquiryMessage] = {}
    for row in rows:
        found.setdefault(row.text, row)
    return list(found.values())[:MOST_EARLIER]


def number(session: Session, row: InquiryParty) -> int:
    """How many posts a thread has."""
    query = select(func.count()).select_from(InquiryMessage)
    return session.scalar(query.where(InquiryMessage.party_id == row.id)) or 0


def place(party_id: int) -> str:
    """What a shown contact is sealed for."""
    return f"inquiry_parties.contact:{party_id}"


def show_contact(
    session: Session, actor: Actor, cipher: Cipher, row: InquiryParty, *, name: str, phone: str
) -> None:
    """Show this provider, and no other, whom to call. Raises Conflict, Forbidden."""
    require(actor, Permission.INQUIRY_SEND, row)
    row = locked(session, InquiryParty, row.id)
    if row.phase in ENDED:
        raise Conflict("咨询已经结束，不能再出示联系方式", code="wrong_state")
    row.contact_encrypted = cipher.seal(f"{name}\n{phone}", place(row.id))
    row.contact_shown_at = clock.now()
    session.flush()
    event = record(session, actor, SHOWN, row)
    inquiry_notices.tell(session, row, event)


def hide_contact(session: Session, actor: Actor, row: InquiryParty) -> None:
    """Take it back: nothing of it is kept. Raises Forbidden."""
    require(actor, Permission.INQUIRY_SEND, row)
    row = locked(session, InquiryParty, row.id)
    if row.contact_encrypted is None:
        return
    row.contact_encrypted = row.contact_shown_at = None
    session.flush()
    record(session, actor, "inquiry_contact_hide", row)


def contact(actor: Actor, cipher: Cipher, row: InquiryParty) -> tuple[str, str] | None:
    """Name and number that the enterprise shows in this thread, for its two sides."""
    require(actor, Permission.INQUIRY_READ, row)
    if row.contact_encrypted is None:
        return None
    name, _, phone = cipher.open(row.contact_encrypted, place(row.id)).partition("\n")
    return name, phone


def note_outcome(
    session: Session, actor: Actor, row: InquiryParty, *, outcome: str, note: str,
    expected_version: int,
) -> None:  # fmt: skip
    """The provider notes what came of it, for its own team alone. Raises Conflict, Invalid."""
    require(actor, Permission.INQUIRY_ANSWER, row)
    if outcome not in OUTCOME_LABELS:
        raise Invalid(fields={"outcome": ["请选择结果"]})
    row = locked(session, InquiryParty, row.id)
    if row.version != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
    if row.phase in UNANSWERED:
        raise Conflict("请先答复，再登记结果", code="wrong_state")
    before = OUTCOME_LABELS.get(row.outcome, "")
    row.outcome, row.outcome_note, row.outcome_at = outcome, note.strip(), clock.now()
    session.flush()
    record(
        session, actor, "inquiry_outcome", row, diff={"outcome": [before, OUTCOME_LABELS[outcome]]}
    )


def attached(session: Session, rows: Sequence[InquiryMessage]) -> dict[int, list[StoredFile]]:
    """Files of posts by post; one query."""
    found: dict[int, list[StoredFile]] = {}
    table = InquiryMessage.__tablename__
    query = select(StoredFile).where(
        StoredFile.subject_type == table,
        StoredFile.subject_id.in_([row.id for row in rows]),
        StoredFile.superseded_at.is_(None),
    )
    for file in session.scalars(query.order_by(StoredFile.id)):
        found.setdefault(file.subject_id or 0, []).append(file)
    return found
