"""Webhooks as pages show them."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from marketplace.programmes import nouns, webhook_kinds
from marketplace.services.webhooks import deliveries
from marketplace.web import programmes
from marketplace.web.context import dt

TONES = {"success": "ok", "warning": "warn"}
STATES: dict[str, tuple[str, str, str]] = {
    deliveries.WAITING: ("info", "clock", "等待送达"),
    deliveries.DELIVERED: ("ok", "check-circle", "已送达"),
    deliveries.GIVEN_UP: ("danger", "x-circle", "已放弃"),
}
"""Tone, icon and words of a message's state."""


def state(row: WebhookEndpoint) -> dict[str, str]:
    """The state of an address as a tag."""
    found = nouns.workflow("webhook").state(row.state)
    tone = TONES.get(found.tone, found.tone)
    return {"tone": tone, "icon": found.icon, "label": found.staff_label}


def programme_names() -> dict[str, str]:
    """The programmes that can be chosen, by id."""
    return {item.id: item.short_name for item in programmes.files().values()}


def chosen(row: WebhookEndpoint) -> dict[str, str]:
    """What is sent there, in words."""
    names = programme_names()
    every = len(row.kinds) == len(webhook_kinds.rules().kinds)
    kinds = "全部" if every else "、".join(map(webhook_kinds.rules().label, row.kinds))
    return {
        "kinds": kinds,
        "programmes": "、".join(names.get(id_, id_) for id_ in row.programmes) or "全部方案",
    }


def lines(session: Session, rows: Iterable[WebhookEndpoint]) -> list[dict[str, Any]]:
    """Rows of the list with the numbers of their messages: one query for all."""
    found = list(rows)
    counted: Mapping[int, tuple[Any, ...]] = {
        row[0]: tuple(row[1:])
        for row in session.execute(
            select(
                WebhookDelivery.endpoint_id,
                func.count().filter(deliveries.STATES[deliveries.WAITING]),
                func.count().filter(deliveries.STATES[deliveries.GIVEN_UP]),
                func.max(WebhookDelivery.delivered_at),
            )
            .where(WebhookDelivery.endpoint_id.in_([row.id for row in found]))
            .group_by(WebhookDelivery.endpoint_id)
        )
    }
    return [_line(row, *counted.get(row.id, (0, 0, None))) for row in found]


def _line(row: WebhookEndpoint, waiting: int, given_up: int, last: Any) -> dict[str, Any]:
    return {
        "name": row.name, "url": url_for("admin.webhook", endpoint_id=row.id), "to": row.url,
        "state": state(row), "waiting": waiting, "given_up": given_up,
        "last": dt(last) or "还没有", **chosen(row),
    }  # fmt: skip


def delivery(row: WebhookDelivery) -> dict[str, Any]:
    """A line of the log."""
    tone, icon, label = STATES[deliveries.state_of(row)]
    return {
        "kind": webhook_kinds.rules().label(row.kind),
        "url": url_for("admin.webhook_delivery", endpoint_id=row.endpoint_id, delivery_id=row.id),
        "id": row.message_id, "at": dt(row.created_at), "attempts": row.attempts,
        "state": {"tone": tone, "icon": icon, "label": label},
        "ended": dt(row.delivered_at or row.given_up_at),
    }  # fmt: skip


def attempt(row: WebhookAttempt) -> dict[str, Any]:
    """One try."""
    return {
        "at": f"{clock.beijing(row.at):%Y-%m-%d %H:%M:%S}", "took": f"{row.took} 毫秒",
        "status": "没有应答" if row.status is None else row.status,
        "error": row.error or "成功", "answer": row.answer,
    }  # fmt: skip


def next_try(row: WebhookDelivery, endpoint: WebhookEndpoint) -> str:
    """When it is sent next, for one that waits."""
    if deliveries.state_of(row) != deliveries.WAITING:
        return "不再发送"
    if state(endpoint)["tone"] != "ok":
        return "恢复推送以后"
    return f"{dt(endpoint.retry_at)} 起" if endpoint.retry_at else "几秒内，排在前面的送达之后"
