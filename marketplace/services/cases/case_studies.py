"""Cases as their providers write them: draft → consent of the client → check → hall.

A version is written as a draft only. Once it was sent it is never changed: who wants to change it
makes a copy (``rework``), so that everybody always sees what he agreed to or approved. The case
in the hall stays as it is until a newer version is published. Lock order: version, then case.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, NotFound
from marketplace.history import Why, record
from marketplace.models import CaseStudy, CaseVersion, Event, Provider, StoredFile
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import OPEN_CASES, PUBLIC_PHASES, CasePhase
from marketplace.programmes import nouns
from marketplace.services.cases import case_notices
from marketplace.services.files import file_subjects, files
from marketplace.services.files.files import READERS
from marketplace.services.profiles import catalogue
from marketplace.workflow import lives_in, perform

PICTURE, LETTER = "case_picture", "case_letter"
FIELDS = (
    "title", "segment", "client_name", "client_uscc", "client_anonymous", "client_size",
    "district", "start_on", "finish_on", "investment_cny", "process_links", "scenes",
    "product_names", "background", "pains", "solution", "process_text", "replicability",
    "metrics", "level_before", "level_after",
)  # fmt: skip
"""Keys of the content of a version."""
REPEATED = ("title", "segment", "client_name", "client_uscc")
Content = Mapping[str, Any]

OWNER = joinedload(CaseVersion.provider).joinedload(Provider.organisation)
lives_in(CaseVersion, "case_version", OWNER, joinedload(CaseVersion.case))


def _reads(actor: Actor, subject: Any) -> bool:
    """The authorisation letter: whoever may know the version; nobody else, published or not."""
    return isinstance(subject, CaseVersion) and READ(actor, subject)


READ = files.holders_of(Permission.CASE_READ)


def _sees(actor: Actor, subject: Any) -> bool:
    """Pictures of a case in the hall are public while it is; before that as the letter."""
    return isinstance(subject, CaseVersion) and (_public(subject) or READ(actor, subject))


def _public(version: CaseVersion) -> bool:
    if version.phase != CasePhase.PUBLISHED or version.case is None:
        return False
    listed = any(place.phase in PUBLIC_PHASES for place in version.provider.memberships)
    return listed and version.provider.hidden_at is None and catalogue.case_public(version.case)


def _with_places(session: Session, id_: int) -> CaseVersion | None:
    places = joinedload(CaseVersion.provider).selectinload(Provider.memberships)
    return session.scalars(
        select(CaseVersion)
        .where(CaseVersion.id == id_)
        .options(OWNER, places, joinedload(CaseVersion.case))
    ).one_or_none()


READERS[LETTER] = _reads
READERS[PICTURE] = _sees
file_subjects.LOADERS[CaseVersion.__tablename__] = _with_places


def get(session: Session, actor: Actor, version_id: int) -> CaseVersion:
    """A version the actor may know. Raises NotFound."""
    row = session.scalars(
        visible(actor, Permission.CASE_READ, CaseVersion)
        .where(CaseVersion.id == version_id)
        .options(OWNER, joinedload(CaseVersion.case))
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def create(session: Session, actor: Actor, content: Content) -> CaseVersion:
    """A draft of a new case of the acting provider. Raises Forbidden."""
    require(actor, Permission.CASE_WRITE)
    provider = session.scalars(
        select(Provider)
        .where(Provider.organisation_id == actor.organisation_id)
        .options(joinedload(Provider.organisation))
    ).one_or_none()
    if provider is None:
        raise Forbidden
    return _draft(session, actor, provider, content, None)


def revise(session: Session, actor: Actor, case_id: int) -> CaseVersion:
    """A draft that begins with what the hall shows of a case; the open one if there is one.

    Raises NotFound for the cases of others.
    """
    case = session.scalars(
        visible(actor, Permission.PROVIDER_READ, CaseStudy)
        .where(CaseStudy.id == case_id)
        .options(joinedload(CaseStudy.provider).joinedload(Provider.organisation))
        .with_for_update(of=CaseStudy)
    ).one_or_none()
    if case is None:
        raise NotFound
    require(actor, Permission.CASE_WRITE, case)
    versions = session.scalars(
        select(CaseVersion).where(CaseVersion.case_id == case.id).order_by(CaseVersion.id.desc())
    ).all()
    for version in versions:
        if version.phase in OPEN_CASES:
            return version
    live = next((v for v in versions if v.phase == CasePhase.PUBLISHED), None)
    content = {**(live.content if live else {}), **of_case(case)}
    try:
        return _draft(session, actor, case.provider, content, live, case=case)
    except IntegrityError:
        raise Conflict("同事刚刚开始修改这个案例", code="stale_version") from None


def of_case(case: CaseStudy) -> dict[str, Any]:
    """The content of a case as the hall shows it; what the hall does not know stays away."""
    plain = {name: getattr(case, name) for name in FIELDS if hasattr(case, name)}
    for name in ("start_on", "finish_on"):
        plain[name] = plain[name].isoformat() if plain[name] else ""
    amount = plain["investment_cny"]
    plain["investment_cny"] = "" if amount is None else f"{amount:.2f}"
    return {**plain, "district": case.district or ""}


def _draft(
    session: Session,
    actor: Actor,
    provider: Provider,
    content: Content,
    previous: CaseVersion | None,
    *,
    case: CaseStudy | None = None,
) -> CaseVersion:
    workflow = nouns.workflow("case_version")
    first = workflow.state(workflow.initial)
    version = CaseVersion(
        provider=provider, case=case, previous_id=previous.id if previous else None,
        base_version=case.version if case else None, content=dict(content),
        state=first.id, phase=first.phase, state_since=clock.now(),
        **{name: content.get(name) or "" for name in REPEATED},
    )  # fmt: skip
    session.add(version)
    session.flush()
    if previous is not None:
        _copy_files(session, actor, previous, version)
    record(session, actor, "case_write", version, states=("", first.id))
    return version


def _copy_files(session: Session, actor: Actor, old: CaseVersion, new: CaseVersion) -> None:
    """The same bytes once more: what somebody agreed to keeps its own files."""
    session.add_all(
        StoredFile(
            sha256=row.sha256, name=row.name, media_type=row.media_type, size=row.size,
            purpose=row.purpose, subject_type=new.__tablename__, subject_id=new.id,
            uploaded_by=row.uploaded_by, organisation_id=row.organisation_id, scan=row.scan,
            alt=row.alt,
        )
        for row in reversed(files.of(session, old))
    )  # fmt: skip
    session.flush()


def edit(
    session: Session, actor: Actor, version: CaseVersion, content: Content, expected_version: int
) -> CaseVersion:
    """Rewrite a draft. Raises Conflict: ``wrong_state`` (sent already), ``stale_version``."""
    require(actor, Permission.CASE_WRITE, version)
    locked = session.scalars(
        select(CaseVersion)
        .where(CaseVersion.id == version.id)
        .with_for_update(of=CaseVersion)
        .execution_options(populate_existing=True)
    ).one()
    if locked.phase != CasePhase.DRAFT:
        raise Conflict("案例已经发出，不能直接修改", code="wrong_state")
    if locked.version != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
    changed = sorted(n for n, value in content.items() if locked.content.get(n) != value)
    locked.content = {**locked.content, **content}
    for name in REPEATED:
        setattr(locked, name, content.get(name) or "")
    locked.updated_at = clock.now()
    session.flush()
    record(session, actor, "case_edit", locked, diff={"fields": changed})
    return version


def step(
    session: Session,
    actor: Actor,
    version: CaseVersion,
    action: str,
    *,
    expected_version: int | None = None,
    why: Why | None = None,
    **data: Any,
) -> Event:
    """One action of the workflow; everybody whom it concerns is told."""
    given = {**data} if expected_version is None else {**data, "expected_version": expected_version}
    event = perform(session, actor, version, action, why=why, **given)
    case_notices.tell(session, version, event)
    return event


def rework(
    session: Session, actor: Actor, version: CaseVersion, expected_version: int
) -> CaseVersion:
    """Take a sent or returned version back: a new draft with its content takes its place.

    Its links for consent are dead from now on. Raises Conflict.
    """
    require(actor, Permission.CASE_WRITE, version)
    step(session, actor, version, "case_rework", expected_version=expected_version)
    provider, case = version.provider, version.case
    return _draft(session, actor, provider, version.content, version, case=case)


def pictures(session: Session, case_id: int) -> list[StoredFile]:
    """The pictures that the hall shows of a case, in order of upload: one query."""
    return list(
        session.scalars(
            select(StoredFile)
            .join(CaseVersion, CaseVersion.id == StoredFile.subject_id)
            .where(
                CaseVersion.case_id == case_id, CaseVersion.phase == CasePhase.PUBLISHED,
                StoredFile.subject_type == CaseVersion.__tablename__,
                StoredFile.purpose == PICTURE, StoredFile.superseded_at.is_(None),
            )
            .order_by(StoredFile.id)
        )
    )  # fmt: skip


def withdrawn(session: Session, case_id: int) -> CaseVersion | None:
    """The version whose consent was taken back, while the case is not shown for that reason.

    A case that staff hid, or whose provider is hidden, is nobody's business at all.
    """
    return session.scalars(
        select(CaseVersion)
        .join(CaseStudy, CaseStudy.id == CaseVersion.case_id)
        .join(Provider, Provider.id == CaseVersion.provider_id)
        .where(
            CaseVersion.case_id == case_id, CaseVersion.phase == CasePhase.WITHDRAWN,
            CaseStudy.client_consent.is_(False), CaseStudy.hidden_at.is_(None),
            Provider.hidden_at.is_(None),
        )
        .options(OWNER)
        .order_by(CaseVersion.id.desc())
        .limit(1)
    ).one_or_none()  # fmt: skip
