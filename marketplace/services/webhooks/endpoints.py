"""Addresses that events are sent to: who may enter and change them, and their secrets.

Where events may go at all is a setting, WEBHOOK_ORIGINS, not a matter of this page (S18).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import record
from marketplace.models import WebhookDelivery, WebhookEndpoint
from marketplace.permissions import SYSTEM, Actor, Permission, require
from marketplace.phases import Role, WebhookPhase
from marketplace.programmes import nouns, webhook_kinds
from marketplace.services.inbox import inbox
from marketplace.services.webhooks import signing
from marketplace.settings import Settings, origin_of
from marketplace.workflow import lives_in, locked, perform

lives_in(WebhookEndpoint, "webhook")


@dataclass(frozen=True)
class Wanted:
    """What is entered about an address. No ``programmes``: those of all."""

    name: str
    url: str
    kinds: Sequence[str]
    programmes: Sequence[str]


def listed(actor: Actor) -> Select[WebhookEndpoint]:
    """SELECT of all addresses, by name. Raises Forbidden."""
    require(actor, Permission.WEBHOOK_MANAGE)
    return select(WebhookEndpoint).order_by(WebhookEndpoint.name, WebhookEndpoint.id)


def get(session: Session, actor: Actor, endpoint_id: int) -> WebhookEndpoint:
    """One of them. Raises NotFound, Forbidden."""
    require(actor, Permission.WEBHOOK_MANAGE)
    row = session.get(WebhookEndpoint, endpoint_id)
    if row is None:
        raise NotFound("没有这个接收地址")
    return row


def given_up(session: Session) -> int:
    """How many messages were given up and not sent again: for the operator's overview."""
    count = select(func.count()).where(WebhookDelivery.given_up_at.is_not(None))
    return session.scalar(count) or 0


def create(
    session: Session, actor: Actor, cipher: Cipher, settings: Settings, wanted: Wanted
) -> tuple[WebhookEndpoint, str]:
    """A new address and its secret, which is never shown again. Raises Invalid, Forbidden."""
    require(actor, Permission.WEBHOOK_MANAGE)
    _check(settings, wanted)
    workflow = nouns.workflow("webhook")
    state = workflow.state(workflow.initial)
    row = WebhookEndpoint(
        secret_encrypted=b"", state=state.id, phase=state.phase, state_since=clock.now()
    )
    _write(row, wanted)
    session.add(row)
    session.flush()  # the secret is sealed for the row's number
    secret = signing.new_secret()
    row.secret_encrypted = cipher.seal(secret, signing.place(row.id))
    session.flush()
    record(session, actor, "webhook_create", row, diff=_facts(row), states=("", state.id))
    return row, secret


def edit(
    session: Session, actor: Actor, settings: Settings, row: WebhookEndpoint, wanted: Wanted,
    *, expected_version: int,
) -> bool:  # fmt: skip
    """Change what is entered; answers whether anything is new. Raises Invalid, Conflict."""
    require(actor, Permission.WEBHOOK_MANAGE)
    row = locked(session, WebhookEndpoint, row.id)
    if row.version != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
    _check(settings, wanted)
    before, url = _facts(row), row.url
    _write(row, wanted)
    after = _facts(row)
    diff = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if not diff and row.url == url:
        return False
    row.retry_at = None
    session.flush()
    record(session, actor, "webhook_edit", row, diff=diff)
    return True


def act(
    session: Session, actor: Actor, row: WebhookEndpoint, action: str, *, reason: str = ""
) -> None:
    """Pause or resume; what waits is kept. Raises Conflict, Invalid, Forbidden."""
    perform(session, actor, row, action, why={"reason": reason})
    row.retry_at = None
    session.flush()


def replace_secret(
    session: Session, actor: Actor, cipher: Cipher, row: WebhookEndpoint, *, reason: str
) -> str:
    """A new secret; messages are signed with the old one too until the receiver has changed."""
    require(actor, Permission.WEBHOOK_MANAGE)
    row = locked(session, WebhookEndpoint, row.id)
    secret = signing.new_secret()
    row.former_secret_encrypted = row.secret_encrypted
    row.former_until = clock.now() + webhook_kinds.rules().former_secret
    row.secret_encrypted = cipher.seal(secret, signing.place(row.id))
    session.flush()
    record(session, actor, "webhook_secret", row, why={"reason": reason})
    return secret


def keys(cipher: Cipher, row: WebhookEndpoint) -> tuple[str, ...]:
    """The secrets that messages are signed with now, the newest first."""
    sealed = [row.secret_encrypted]
    if row.former_secret_encrypted and row.former_until and clock.now() < row.former_until:
        sealed.append(row.former_secret_encrypted)
    return tuple(cipher.open(one, signing.place(row.id)) for one in sealed)


def switch_off(session: Session, endpoint_id: int) -> None:
    """The receiver answered 410: nothing more is sent there, and those in charge are told."""
    row = locked(session, WebhookEndpoint, endpoint_id)
    if row.phase != WebhookPhase.ACTIVE:
        return
    event = perform(session, SYSTEM, row, "webhook_gone", why={"reason": "对方应答 410"})
    inbox.notify(
        session, "webhook", inbox.holders(session, Role.ADMIN_SECURITY),
        cause=f"event:{event.id}", voice="gone", url=f"/admin/webhooks/{row.id}",
        facts={"name": row.name},
    )  # fmt: skip


def _check(settings: Settings, wanted: Wanted) -> None:
    fields: dict[str, list[str]] = {}
    if not settings.webhook_origins:
        fields["url"] = ["还没有允许的来源，请先让系统管理人员设置 WEBHOOK_ORIGINS"]
    elif not settings.tells(wanted.url):
        fields["url"] = [f"只能填这些来源下的地址：{'、'.join(settings.webhook_origins)}"]
    if not wanted.kinds:
        fields["kinds"] = ["请至少选一种事件"]
    if fields:
        raise Invalid(fields=fields)


def _write(row: WebhookEndpoint, wanted: Wanted) -> None:
    row.name, row.url = wanted.name, wanted.url
    row.kinds, row.programmes = sorted(wanted.kinds), sorted(wanted.programmes)


def _facts(row: WebhookEndpoint) -> dict[str, str]:
    """What the history keeps: of the address its origin only, a path may hold a token."""
    rules = webhook_kinds.rules()
    return {
        "webhook_name": row.name,
        "webhook_origin": origin_of(row.url),
        "webhook_kinds": "、".join(map(rules.label, row.kinds)),
        "webhook_programmes": "、".join(row.programmes),
    }
