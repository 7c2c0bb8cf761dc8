"""One of everything, and somebody of every kind: what generated tests of routes run against."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from marketplace import clock
from marketplace.crypto import Cipher, digest
from marketplace.models import (
    CalendarYear,
    CaseConsent,
    ImportJob,
    IndexRebuild,
    OutboxItem,
    StoredFile,
    User,
)
from marketplace.permissions import Actor
from marketplace.phases import ImportPhase, OrganisationKind, Role, SelectionPhase
from marketplace.services.access import links
from marketplace.services.accounts import sessions
from marketplace.services.accounts.sessions import Device
from marketplace.services.files import files
from marketplace.services.forms import drafts, held_forms
from marketplace.services.inbox import inbox
from marketplace.services.pool import certificates
from marketplace.settings import DEMO_KEY
from tests import factories
from tests.support import (
    world_access,
    world_changes,
    world_choosing,
    world_evaluations,
    world_inquiries,
    world_notices,
    world_proceedings,
    world_projects,
    world_upkeep,
    world_webhooks,
)

ANONYMOUS, NO_ROLE = "anonymous", "no_role"
HERE, ELSEWHERE = "370202", "370203"


@dataclass(frozen=True)
class World:
    """``ids`` by argument of a rule (``cases.id_`` for an argument below /work/cases);
    ``tokens`` are the session secrets of the actors by name."""

    ids: dict[str, Any]
    tokens: dict[str, str]

    def path(self, rule: Rule) -> str:
        """A concrete address of ``rule``. Fails for an argument nobody has thought of."""
        arguments = {name: self._argument(rule, name) for name in rule.arguments}
        _, path = rule.build(arguments, append_unknown=False) or (None, None)
        assert path is not None, f"{rule.rule}: cannot be built from {arguments}"
        return path

    def _argument(self, rule: Rule, name: str) -> Any:
        before = rule.rule.partition("<")[0].strip("/").rpartition("/")[2]
        for key in (f"{before}.{name}", name):
            if key in self.ids:
                return self.ids[key]
        raise AssertionError(f"{rule.rule}: tests/support/world.py has no {before}.{name}")


def build(session: Session) -> World:
    """Fill an empty database."""
    firm = factories.make_organisation(session, district=HERE)
    provider = factories.make_provider(session, firm)
    other_firm = factories.make_organisation(session, district=ELSEWHERE)
    factories.make_provider(session, other_firm)
    round_ = factories.make_round(session)
    membership = factories.make_membership(session, round_, provider)
    candidacy = factories.make_candidacy(
        session, round_, provider, type="integrator", phase=SelectionPhase.RESERVE
    )
    office = factories.make_organisation(
        session, kind=OrganisationKind.DISTRICT_OFFICE.value, district=HERE, name="测试区市一"
    )
    other_office = factories.make_organisation(
        session, kind=OrganisationKind.DISTRICT_OFFICE.value, district=ELSEWHERE, name="测试区市二"
    )
    client = factories.make_organisation(
        session, kind=OrganisationKind.ENTERPRISE.value, district=HERE, name="测试企业一"
    )
    stored = StoredFile(
        sha256="0" * 64, name="依据.pdf", media_type="application/pdf", size=1, purpose="quota"
    )
    session.add(stored)
    user = factories.make_user(session)
    grant = factories.make_grant(session, user, Role.ENTERPRISE)
    opened = sessions.open_session(session, user, [grant], Device())
    people: dict[str, tuple[Role | None, Any]] = {
        NO_ROLE: (None, None),
        **{role.value: (role, _home(role, firm, office)) for role in Role},
        Role.ENTERPRISE.value: (Role.ENTERPRISE, client),
        "enterprise_other": (Role.ENTERPRISE, None),
        "provider_owner_other": (Role.PROVIDER_OWNER, other_firm),
        "district_reviewer_other": (Role.DISTRICT_REVIEWER, other_office),
    }
    tokens = {name: _sign_in(session, role, home) for name, (role, home) in people.items()}
    ids = {
        "organisation_id": firm.id, "provider_id": provider.id, "providers.id_": provider.id,
        "product_id": factories.make_product(session, provider).id,
        "products.id_": factories.make_product(session, provider).id,
        "case_id": factories.make_case(session, provider).id,
        "cases.id_": factories.make_case(session, provider).id,
        "membership_id": membership.id, "candidacy_id": candidacy.id,
        "quota_id": membership.quota.id, "round_id": round_.id, "round_key": round_.key,
        "programme_id": round_.programme_id, "file_id": stored.id, "user_id": user.id,
        "grant_id": grant.id, "session_id": opened.row_id, "action": "warn",
        "bulk.key": "k" * 20, "token": links.create(session, links.RESET, user.id),
        "year": 2026, "key": round_.key, "job_id": _import(session),
        "slot_name": files.QUOTA_DOCUMENT, "table": "quotas", "row_id": membership.quota.id,
        "certificates.number": certificates.number(DEMO_KEY, membership.id),
        "number": 1, **_unsent(session, user, firm.id),
        "ban_id": factories.make_ban(session, round_, provider).id,
        "vocabulary.kind": "deployment",
        "term_id": factories.make_term(session, "deployment", "tested", "测试部署").id,
        "rebuild_id": _rebuild(session), "item_id": _parked(session),
        **world_evaluations.keep(session, membership),  # first: locks refresh what it reads
        **world_access.keep(session, user, client),
        **world_changes.keep(session, provider),
        **world_choosing.keep(session, client, provider),
        **world_inquiries.keep(session, client, provider),
        **world_notices.keep(session, round_, candidacy, provider),
        **world_proceedings.keep(session, provider, client, round_),
        **world_projects.keep(session, membership, client),
        **_case(session, provider),
        **world_upkeep.keep(session, membership, client, other_firm),
        **world_webhooks.keep(session),
    }  # fmt: skip
    session.flush()
    return World(ids, tokens)


def _rebuild(session: Session) -> int:
    """A rebuild that nobody has taken up."""
    rebuild = IndexRebuild(reason="测试")
    session.add(rebuild)
    session.flush()
    return rebuild.id


def _parked(session: Session) -> int:
    """An index job that was given up."""
    item = OutboxItem(kind="index", key="case/999", parked_at=clock.now(), error="测试")
    session.add(item)
    session.flush()
    return item.id


def _case(session: Session, provider: Any) -> dict[str, Any]:
    """A version of a case before the bureau, and a question to the client of another one."""
    case = factories.make_case_version(
        session, provider, state="check", phase="check", sent_at=clock.now()
    )
    asked = factories.make_case_version(session, provider, state="consent", phase="consent")
    token = "t" * 43
    row = CaseConsent(
        case_version_id=asked.id, token_hash=digest(token), contact="a***@b.example",
        content_sha256="0" * 64, expires_at=clock.now() + timedelta(days=1),
    )  # fmt: skip
    session.add(row)
    return {"version_id": case.id, "consents.token": token}


def _unsent(session: Session, user: User, organisation_id: int) -> dict[str, Any]:
    """A message, a draft and a kept form of somebody who is none of the actors."""
    (message_id,) = inbox.notify(
        session, "letter", [inbox.Reader(user.id)],
        cause="test:1", voice="reader", facts={"title": "测试通知", "text": "测试"},
    )  # fmt: skip
    cipher = Cipher(["test-only-key-of-the-world-of-one-of-each"])
    actor = Actor(user_id=user.id, organisation_id=organisation_id)
    typed = drafts.Typed(key="test:1", version=0, fields={"a": ["b"]}, window="w")
    token = held_forms.hold(
        session, cipher, user_id=user.id, grant_id=None, path="/", pairs=[("a", "b")]
    )
    draft_id = drafts.save(session, actor, cipher, typed).draft.id
    return {"message_id": message_id, "draft_id": draft_id, "resume.token": token}


def _import(session: Session) -> int:
    """An upload that is being checked; and a year of the calendar, which imports fill as well."""
    session.add(CalendarYear(year=2026, official=True, source="测试"))
    job = ImportJob(file_name="测试.xlsx", sha256="1" * 64, phase=ImportPhase.CHECKING.value)
    session.add(job)
    session.flush()
    session.add(
        StoredFile(
            sha256=job.sha256, name=job.file_name, media_type="application/xlsx", size=1,
            purpose="import", subject_type="import_jobs", subject_id=job.id,
        )
    )  # fmt: skip
    return job.id


def _home(role: Role, firm: Any, office: Any) -> Any:
    if role in (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR, Role.PROVIDER_VIEWER):
        return firm
    return office if role is Role.DISTRICT_REVIEWER else None


def _sign_in(session: Session, role: Role | None, home: Any) -> str:
    user = factories.make_user(session)
    grants = [factories.make_grant(session, user, role, home)] if role else []
    return sessions.open_session(session, user, grants, Device("127.0.0.1", "test")).token
