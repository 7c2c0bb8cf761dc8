"""Organisations: entered by administrators or the import, corrected with reason and version."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, NotFound
from marketplace.history import record
from marketplace.models import Organisation
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import OrganisationKind

KIND_LABELS: dict[OrganisationKind, str] = {
    OrganisationKind.PROVIDER: "服务商",
    OrganisationKind.ENTERPRISE: "中小企业",
    OrganisationKind.DISTRICT_OFFICE: "区市主管部门",
    OrganisationKind.LEAD_BUREAU: "市级主管部门",
    OrganisationKind.CO_BUREAU: "市级会签部门",
    OrganisationKind.THIRD_PARTY: "第三方机构",
}
TAKEN = "这个统一社会信用代码已经登记"
EDITABLE = ("name", "short_name", "kind", "district", "registered_city", "address")


def search(
    actor: Actor, *, text: str = "", kind: str = "", district: str = ""
) -> Select[Organisation]:
    """SELECT of the organisations that match and that ``actor`` may see, by name."""
    statement = visible(actor, Permission.ORGANISATION_READ, Organisation)
    if text:
        columns = (Organisation.name, Organisation.short_name, Organisation.uscc)
        matches = [column.icontains(text, autoescape=True) for column in columns]
        statement = statement.where(or_(*matches))
    if kind == OrganisationKind.ENTERPRISE:
        statement = statement.where(Organisation.buys())
    elif kind:
        statement = statement.where(Organisation.kind == kind)
    if district:
        statement = statement.where(Organisation.district == district)
    return statement.order_by(Organisation.name, Organisation.id)


def get(session: Session, actor: Actor, organisation_id: int) -> Organisation:
    """One organisation. Raises NotFound when it is unknown or not visible."""
    found = session.get(Organisation, organisation_id)
    if found is None:
        raise NotFound("没有这个单位")
    require(actor, Permission.ORGANISATION_READ, found)
    return found


def by_uscc(session: Session, uscc: str) -> Organisation | None:
    """The organisation with this credit code."""
    return session.scalars(select(Organisation).where(Organisation.uscc == uscc)).one_or_none()


def create(session: Session, actor: Actor, **values: Any) -> Organisation:
    """A new organisation. Raises Conflict when its credit code is known already."""
    require(actor, Permission.ORGANISATION_MANAGE)
    return enter(session, actor, **values)


def enter(session: Session, actor: Actor, **values: Any) -> Organisation:
    """The same without a question of permission: the caller has checked who may decide it."""
    if by_uscc(session, values["uscc"]) is not None:
        raise Conflict(TAKEN, code="uscc_taken")
    organisation = Organisation(**values)
    try:
        with session.begin_nested():
            session.add(organisation)
            session.flush()
    except IntegrityError:
        raise Conflict(TAKEN, code="uscc_taken") from None
    record(session, actor, "organisation_create", organisation, diff=dict(values))
    return organisation


def edit(
    session: Session,
    actor: Actor,
    organisation: Organisation,
    *,
    expected_version: int,
    values: Mapping[str, Any],
) -> bool:
    """Change what is in ``EDITABLE``; answers whether anything was different.

    The credit code never changes: another code is another organisation.
    """
    require(actor, Permission.ORGANISATION_MANAGE, organisation)
    if organisation.version != expected_version:
        raise Conflict("单位信息已被他人更新", code="stale_version")
    diff = {
        name: [getattr(organisation, name), values[name]]
        for name in EDITABLE
        if name in values and getattr(organisation, name) != values[name]
    }
    if not diff:
        return False
    if "kind" in diff and organisation.also_enterprise:
        raise Conflict("这个单位既是服务商也是中小企业，不能改单位类别", code="both_roles")
    stamp = {"by": actor.role_name, "at": clock.now().isoformat()}
    for name, (_, value) in diff.items():
        setattr(organisation, name, value)
    organisation.edited_fields = {**organisation.edited_fields, **dict.fromkeys(diff, stamp)}
    session.flush()
    record(session, actor, "organisation_edit", organisation, diff=diff)
    return True
