"""Public texts of providers, products and cases: staff edit and hide them, with a reason.

What people edited is noted in ``edited_fields``: an import leaves such fields alone.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.history import record
from marketplace.models import CaseStudy, Product, Provider
from marketplace.permissions import Actor, Permission, require

Subject = Provider | Product | CaseStudy

EDITABLE: dict[type[Any], tuple[str, ...]] = {
    Provider: (
        "intro", "strengths", "service_areas", "process_links", "qualifications", "honours",
        "website", "contact_role",
    ),
    Product: (
        "summary", "description", "segments", "process_links", "scenes", "modules_common",
        "modules_custom", "deployment", "interfaces", "prerequisites",
        "after_sales", "ip_no",
    ),
    CaseStudy: (
        "background", "pains", "solution", "process_text", "replicability", "process_links",
        "scenes",
    ),
}  # fmt: skip
EDIT: dict[type[Any], Permission] = {
    Provider: Permission.PROVIDER_EDIT,
    Product: Permission.PRODUCT_EDIT,
    CaseStudy: Permission.CASE_EDIT,
}
HIDE: dict[type[Any], Permission] = {
    Provider: Permission.PROVIDER_HIDE,
    Product: Permission.PRODUCT_HIDE,
    CaseStudy: Permission.CASE_HIDE,
}


def edit(
    session: Session,
    actor: Actor,
    subject: Subject,
    *,
    changes: Mapping[str, Any],
    expected_version: int,
    reason: str,
) -> list[str]:
    """Change texts; answers the names of the fields that differ. Raises Invalid, Conflict.

    Nothing different: nothing is written.
    """
    require(actor, EDIT[type(subject)], subject)
    _check(subject, expected_version, reason, changes)
    diff = {
        name: [getattr(subject, name), value]
        for name, value in changes.items()
        if getattr(subject, name) != value
    }
    if not diff:
        return []
    stamp = {"by": actor.role_name, "at": clock.now().isoformat(timespec="seconds")}
    for name in diff:
        setattr(subject, name, changes[name])
    subject.edited_fields = {**subject.edited_fields, **dict.fromkeys(diff, stamp)}
    session.flush()
    record(session, actor, "text_edit", subject, diff=diff, why={"reason": reason})
    return list(diff)


def hide(
    session: Session, actor: Actor, subject: Subject, *, expected_version: int, reason: str
) -> None:
    """Take it out of every public page, list and search. Raises Invalid, Conflict."""
    require(actor, HIDE[type(subject)], subject)
    _check(subject, expected_version, reason, {})
    if subject.hidden_at is not None:
        raise Conflict("已经隐藏", code="wrong_state")
    subject.hidden_at, subject.hidden_reason = clock.now(), reason.strip()
    session.flush()
    record(session, actor, "text_hide", subject, why={"reason": reason})


def show(
    session: Session, actor: Actor, subject: Subject, *, expected_version: int, reason: str
) -> None:
    """Make a hidden one public again. Raises Invalid, Conflict."""
    require(actor, HIDE[type(subject)], subject)
    _check(subject, expected_version, reason, {})
    if subject.hidden_at is None:
        raise Conflict("没有隐藏，不用恢复", code="wrong_state")
    subject.hidden_at, subject.hidden_reason = None, None
    session.flush()
    record(session, actor, "text_show", subject, why={"reason": reason})


def _check(
    subject: Subject, expected_version: int, reason: str, changes: Mapping[str, Any]
) -> None:
    unknown = sorted(set(changes) - set(EDITABLE[type(subject)]))
    fields = {name: ["这一项不能在这里修改"] for name in unknown}
    if not reason.strip():
        fields["reason"] = ["请填写理由"]
    if fields:
        raise Invalid(fields=fields)
    if subject.version != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
