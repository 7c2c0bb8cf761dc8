"""Whether the history is whole, for auditors: 校验通过, or the first record that is not (F-A2)."""

from typing import Any

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.crypto import Signer
from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.models import AuditDigest, EventSeal, SecurityEvent
from marketplace.permissions import Permission
from marketplace.services.audit import audit_digests, seals
from marketplace.services.audit.audit_digests import Published
from marketplace.services.audit.seals import Head
from marketplace.web.access import needs
from marketplace.web.admin.blueprint import blueprint
from marketplace.web.parts import settings

WINDOW = 20_000
"""Links that the page itself walks; the worker walks all of them every night."""


@blueprint.get("/audit")
@needs(Permission.EVENT_READ)
def audit() -> str:
    """The newest links checked now, all of them as the worker last found them."""
    session = current_session()
    head = seals.head(session)
    after = _link(session, head.seq - WINDOW)
    kept, spoilt = _kept()
    keys = Signer(settings().encryption_keys).public_keys
    return render_template(
        "admin/audit.html",
        verdict=audit_digests.verify(session, keys, kept, after),
        spoilt=spoilt,
        head=head,
        whole=after.seq == 0,
        nightly=_nightly(session),
        newest=session.scalars(select(AuditDigest).order_by(AuditDigest.day.desc())).first(),
    )


def _kept() -> tuple[list[Published], str]:
    """Digests in the folder beside the database; the second is why they cannot be read."""
    folder = audit_digests.folder_of(settings().data_dir, settings().database_url)
    try:
        return audit_digests.read_out(folder), ""
    except Invalid as error:
        return [], error.message


def _link(session: Session, seq: int) -> Head:
    if seq <= 0:
        return Head()
    found = session.get(EventSeal, seq)
    return Head(found.seq, found.hash) if found else Head()


def _nightly(session: Session) -> dict[str, Any] | None:
    """The last check of everything."""
    row = session.scalars(
        select(SecurityEvent)
        .where(SecurityEvent.kind == audit_digests.CHECKED)
        .order_by(SecurityEvent.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return {"at": row.at, "ok": row.result == "ok", "checked": row.detail["checked"],
            "flaw": row.detail.get("flaw", "")}  # fmt: skip
