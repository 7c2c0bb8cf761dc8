"""Files in forms: kept as drafts the moment they arrive, so that no error and no lost session
costs an upload; the form carries signed numbers of the drafts and takes them over at its end.

In a view, before the first query::

    letters = uploads.posted("case_letter")
    try:
        data = load(...)
        case = cases.save(session, actor, ...)
        letters.attach(session, actor, case, required=True)
    except Invalid as error:
        return uploads.again("…/form.html", error, letters, subject=case, …)

and in its template ``{{ upload_field(uploads.case_letter, required=True) }}``.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.models import StoredFile
from marketplace.models.files import CLEAN, INFECTED, NOT_SCANNED, PENDING
from marketplace.permissions import Actor
from marketplace.services.files import files
from marketplace.services.files.files import Change
from marketplace.services.uploads import inspection, keeping, slots
from marketplace.services.uploads.keeping import Received
from marketplace.services.uploads.scanner import Scanner
from marketplace.services.uploads.slots import Slot
from marketplace.storage import Storage, open_storage
from marketplace.web import limits
from marketplace.web.access import current_actor
from marketplace.web.access import signed_in as for_users
from marketplace.web.context import dt
from marketplace.web.forms import page_again
from marketplace.web.parts import database, settings

blueprint = Blueprint("uploads", __name__)

STATES = {
    CLEAN: ("ok", "check-circle", "已保存"),
    NOT_SCANNED: ("ok", "check-circle", "已保存"),
    PENDING: ("warn", "hourglass-split", "正在查毒"),
    INFECTED: ("danger", "x-circle", "有病毒，已隔离"),
}
WAITING = ("info", "clock", "已上传，提交后生效")


def storage() -> Storage:
    """Where files lie."""
    return open_storage(settings().storage_url)


def receive(stream: FileStorage, slot: Slot) -> Received:
    """Check and keep one uploaded file; call it before the first query. Raises Invalid, 429."""
    user_id = current_actor().user_id
    if user_id is None:
        limits.take("visitor_upload", limits.address(), failing_open=True)
    else:
        limits.take("upload", str(user_id), failing_open=True)
    scanner = Scanner(settings().scanner_url)
    return keeping.receive(storage(), scanner, stream.stream, stream.filename or "", slot)


def keep(actor: Actor, stream: FileStorage, slot: Slot) -> StoredFile:
    """One uploaded file as this user's draft, in a transaction of its own. Raises Invalid, 429."""
    received = receive(stream, slot)
    return database().run(lambda session: files.draft(session, actor, received, slot))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="upload-draft")


def token_of(row: StoredFile) -> str:
    """What a form carries for a draft."""
    return str(_signer().dumps(row.id))


def draft_id(token: str) -> int | None:
    """The number in a token; None for one that this site did not write."""
    try:
        return int(_signer().loads(token))
    except (BadSignature, TypeError, ValueError):
        return None


@dataclass(frozen=True)
class Item:
    """One file in the field: ``ref`` names it in the form, ``token`` is set for a draft."""

    ref: str
    id: int
    name: str
    size: str
    tone: str
    icon: str
    state: str
    url: str
    picture: str
    token: str
    alt: str
    at: str
    swaps: int = 0
    """The file that a draft is to replace."""
    dropped: bool = False


@dataclass(frozen=True)
class UploadField:
    """What the macro ``upload_field`` shows."""

    slot: Slot
    items: list[Item]
    errors: list[str]


@dataclass
class Posted:
    """The files of one slot as the form sent them: already kept, not yet attached."""

    slot: Slot
    change: Change = field(default_factory=Change)
    errors: list[str] = field(default_factory=list)
    actor: Actor | None = None
    """Whose drafts they are, unless they are those of who is signed in."""

    def attach(
        self, session: Session, actor: Actor, subject: Any, *, required: bool = False
    ) -> list[StoredFile]:
        """Give them to ``subject`` (flushed). Raises Invalid at the slot's name, Conflict."""
        if self.errors:
            raise Invalid(fields={self.slot.name: self.errors})
        return files.attach(session, actor, subject, self.slot, self.change, required=required)

    def field(self, session: Session, actor: Actor, subject: Any = None) -> UploadField:
        """The field once more, with what was sent."""
        wanted = [*self.change.added, *self.change.replaced.values()]
        kept = files.drafts(session, actor, wanted, self.slot.name)
        found = show(session, self.slot.name, subject)
        items = [_with(item, self.change) for item in found.items]
        items += [_with(_item(row, self.slot), self.change) for row in kept]
        return UploadField(self.slot, items, list(self.errors))


def posted(slot_name: str, actor: Actor | None = None) -> Posted:
    """What the running form sent for a slot. Files are checked and kept here, so it must come
    before the first query of the view; what is wrong with one is said by ``attach``.

    ``actor``: whose drafts they become, where that is not who is signed in: an objection without
    a name keeps no account (``NOBODY``); the same actor must go to ``attach``.
    """
    held: dict[str, Posted] = g.setdefault("posted_files", {})
    if slot_name not in held:
        slot = slots.get(slot_name)
        held[slot_name] = Posted(slot, actor=actor)
        _read(held[slot_name], actor or current_actor())
    return held[slot_name]


def _read(sent: Posted, actor: Actor) -> None:
    name = sent.slot.name
    dropped = set(request.form.getlist(f"{name}-drop"))
    carried = [draft_id(t) for t in request.form.getlist(f"{name}-kept") if t not in dropped]
    added = [number for number in carried if number is not None]
    for stream in request.files.getlist(name):
        added += _kept(sent, actor, stream)
    replaced = {}
    for key, stream in request.files.items():
        old = key.removeprefix(f"{name}-replace-")
        if old != key and old.isdecimal() and (new := _kept(sent, actor, stream)):
            replaced[int(old)] = new[0]
    for key, token in request.form.items():
        old = key.removeprefix(f"{name}-swap-")
        held = draft_id(token) if old != key and old.isdecimal() and token not in dropped else None
        if held is not None:
            replaced.setdefault(int(old), held)
    removed = {int(ref) for ref in dropped if ref.isdecimal()} - set(replaced)
    sent.change = Change(added, removed, replaced, _alts(name))


def _kept(sent: Posted, actor: Actor, stream: FileStorage) -> list[int]:
    if not stream.filename:
        return []
    try:
        return [keep(actor, stream, sent.slot).id]
    except Invalid as error:
        texts = error.fields.get("file", [error.message])
        sent.errors += [f"{stream.filename[:60]}：{text}" for text in texts]
        return []


def _alts(name: str) -> dict[int, str]:
    before = f"{name}-alt-"
    return {
        int(key.removeprefix(before)): text.strip()
        for key, text in request.form.items()
        if key.startswith(before) and key.removeprefix(before).isdecimal()
    }


def show(session: Session, slot_name: str, subject: Any = None) -> UploadField:
    """The field as a form shows it first: the files of ``subject`` that stand."""
    slot = slots.get(slot_name)
    rows = files.of(session, subject, slot_name) if subject is not None else []
    return UploadField(slot, [_item(row, slot) for row in rows], [])


def again(
    template: str, error: Invalid, *sent: Posted, subject: Any = None, **context: Any
) -> Response:
    """The form once more: what was typed, what was uploaded, and everything that is wrong."""
    fields = {**error.fields, **{one.slot.name: one.errors for one in sent if one.errors}}
    session, actor = current_session(), current_actor()
    shown = {one.slot.name: one.field(session, one.actor or actor, subject) for one in sent}
    merged = Invalid(error.message, fields=fields, remedy=error.remedy)
    for one in sent:
        shown[one.slot.name].errors[:] = fields.get(one.slot.name, [])
    return page_again(template, merged, uploads=shown, **context)


def _with(item: Item, change: Change) -> Item:
    alt = change.alts.get(item.id, item.alt)
    swaps = next((old for old, new in change.replaced.items() if new == item.id), 0)
    dropped = item.id in change.removed
    return replace(item, alt=alt, swaps=swaps, dropped=dropped)


def _item(row: StoredFile, slot: Slot) -> Item:
    waiting = row.subject_id is None
    passed = row.scan in (CLEAN, NOT_SCANNED)
    tone, icon, state = WAITING if waiting and passed else STATES[row.scan]
    token = token_of(row) if waiting else ""
    is_picture = row.media_type in inspection.PICTURES
    mine = not (waiting and row.uploaded_by is None)  # a visitor's draft is nobody's to open
    return Item(
        ref=token or str(row.id), id=row.id, name=row.name, size=size_text(row.size),
        tone=tone, icon=icon, state=state,
        url=url_for("files.view", file_id=row.id) if mine else "",
        picture=url_for("files.picture", file_id=row.id) if is_picture and mine else "",
        token=token, alt=row.alt, at=dt(row.uploaded_at),
    )  # fmt: skip


def size_text(size: int) -> str:
    """Bytes as people read them."""
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{max(size // 1024, 1)} KB"


@blueprint.post("/uploads/<slot_name>")
@for_users
def upload(slot_name: str) -> Response:
    """One file sent by the page's script while the form is still open: the line for the list."""
    slot = slots.get(slot_name)
    stream = request.files.get("file")
    try:
        if stream is None or not stream.filename:
            raise Invalid(fields={"file": ["请选择文件"]})
        row = keep(current_actor(), stream, slot)
    except Invalid as error:
        response = jsonify(error="；".join(error.fields.get("file", [error.message])))
        response.status_code = 422
        return response
    line = render_template("uploads/item.html", slot=slot, item=_item(row, slot))
    return jsonify(item=line, token=token_of(row))
