"""Changes that wait for a check: rows for tests, and one of each for the world."""

from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import ChangeRequest, Provider


def make_change_request(session: Session, provider: Provider, **given: Any) -> ChangeRequest:
    """A new name that waits for its check, by default."""
    values: dict[str, Any] = {
        "subject_type": "provider", "subject_id": provider.id, "title": "青岛测试软件有限公司",
        "fields": {"name": [provider.organisation.name, "青岛测试新名有限公司"]},
        "base_version": 2, "note": "工商变更登记。", "state": "pending", "phase": "pending",
        "state_since": clock.now(), **given,
    }  # fmt: skip
    row = ChangeRequest(provider=provider, **values)
    session.add(row)
    session.flush()
    return row


def keep(session: Session, provider: Provider) -> dict[str, Any]:
    """Ids by argument of the rules about changes."""
    new = make_change_request(
        session, provider, subject_type="product", subject_id=None, base_version=None,
        title="测试产品 V1.0", fields={"name": [None, "测试产品"], "release": [None, "V1.0"]},
    )  # fmt: skip
    asked = make_change_request(session, provider)
    return {"changes.request_id": asked.id, "new.request_id": new.id}
