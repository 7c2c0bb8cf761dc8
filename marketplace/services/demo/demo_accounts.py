"""Accounts of the demo: one for every role, with a password that is printed. Never elsewhere."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.errors import Forbidden
from marketplace.models import Organisation, Provider
from marketplace.permissions import SYSTEM
from marketplace.phases import ROLE_LABELS, OrganisationKind, Role
from marketplace.services.accounts import accounts, passwords, roles
from marketplace.services.profiles import organisations
from marketplace.settings import Settings
from marketplace.uscc import check_digit

DEMO_PASSWORD = "demo-Jinqiao-2026"  # noqa: S105  printed at start; the demo is on loopback only


@dataclass(frozen=True)
class DemoAccount:
    """One account: login, what it shows, its roles, and where it belongs."""

    login: str
    name: str
    roles: tuple[Role, ...]
    kind: OrganisationKind

    @property
    def label(self) -> str:
        """The roles in Chinese."""
        return "、".join(ROLE_LABELS[role] for role in self.roles)


_K = OrganisationKind

DEMO_ACCOUNTS = (
    DemoAccount("officer@demo.example", "演示经办", (Role.CITY_OFFICER,), _K.LEAD_BUREAU),
    DemoAccount(
        "leader@demo.example", "演示签发", (Role.CITY_LEADER, Role.CITY_OFFICER), _K.LEAD_BUREAU
    ),
    DemoAccount("district@demo.example", "演示初审", (Role.DISTRICT_REVIEWER,), _K.DISTRICT_OFFICE),
    DemoAccount("cosigner@demo.example", "演示会签", (Role.COSIGNER,), _K.CO_BUREAU),
    DemoAccount("expert@demo.example", "演示专家", (Role.EXPERT,), _K.LEAD_BUREAU),
    DemoAccount("third-party@demo.example", "演示第三方", (Role.THIRD_PARTY,), _K.THIRD_PARTY),
    DemoAccount("auditor@demo.example", "演示审计", (Role.AUDITOR,), _K.LEAD_BUREAU),
    DemoAccount("admin@demo.example", "演示用户管理", (Role.ADMIN_USERS,), _K.LEAD_BUREAU),
    DemoAccount("security@demo.example", "演示安全管理", (Role.ADMIN_SECURITY,), _K.LEAD_BUREAU),
    DemoAccount("owner@demo.example", "演示负责人", (Role.PROVIDER_OWNER,), _K.PROVIDER),
    DemoAccount("editor@demo.example", "演示编辑", (Role.PROVIDER_EDITOR,), _K.PROVIDER),
    DemoAccount("viewer@demo.example", "演示只读", (Role.PROVIDER_VIEWER,), _K.PROVIDER),
    DemoAccount("enterprise@demo.example", "演示企业", (Role.ENTERPRISE,), _K.ENTERPRISE),
)

_PLACES: dict[OrganisationKind, tuple[str, str]] = {
    _K.LEAD_BUREAU: ("示例市数字化转型主管部门", ""),
    _K.CO_BUREAU: ("示例市会签部门", ""),
    _K.DISTRICT_OFFICE: ("示例市南区主管部门", "370202"),
    _K.THIRD_PARTY: ("示例测评服务中心", ""),
    _K.PROVIDER: ("示例数字科技有限公司", "370202"),
    _K.ENTERPRISE: ("示例精密制造有限公司", "370202"),
}
"""Name and district of an organisation that is made when the data set has none of its kind."""


def ensure(session: Session, settings: Settings) -> list[str]:
    """Make the accounts that are missing; answers their logins. Raises outside the demo."""
    if not settings.demo:
        raise Forbidden("演示账号只能在演示模式下创建")
    made = []
    hashed = passwords.hash_(DEMO_PASSWORD)
    for account in DEMO_ACCOUNTS:
        if accounts.by_login(session, account.login) is None:
            _make(session, account, hashed)
            made.append(account.login)
    return made


def _make(session: Session, account: DemoAccount, hashed: str) -> None:
    place = _place(session, account.kind)
    user = accounts.create(session, SYSTEM, login=account.login, name=account.name)
    for role in account.roles:
        roles.grant(session, SYSTEM, user=user, role=role, organisation=place)
    accounts.set_password(session, SYSTEM, user, hashed=hashed)


def _place(session: Session, kind: OrganisationKind) -> Organisation:
    """The first organisation of a kind; providers must have a profile."""
    query = select(Organisation).where(Organisation.kind == kind.value).order_by(Organisation.id)
    if kind is OrganisationKind.PROVIDER:
        query = query.where(Organisation.id.in_(select(Provider.organisation_id)))
    found = session.scalars(query.limit(1)).first()
    return found or _new_place(session, kind)


def _new_place(session: Session, kind: OrganisationKind) -> Organisation:
    name, district = _PLACES[kind]
    number = list(OrganisationKind).index(kind) + 1
    body = f"91999999MAD0DEM{number:02d}".replace("O", "0")
    place = organisations.create(
        session, SYSTEM, uscc=body + check_digit(body), name=name, short_name="", kind=kind.value,
        district=district or None, registered_city="示例市", address="",
    )  # fmt: skip
    if kind is OrganisationKind.PROVIDER:
        session.add(Provider(organisation_id=place.id))
        session.flush()
    return place
