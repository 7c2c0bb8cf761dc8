"""Changes that need approval: written, checked, in force; the public page waits until then.

A request is never rewritten: another text of the same profile or product takes its place
(``replaced``), so that whoever decides always decides about what he reads. Lock order: provider,
then request, then product.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Invalid, NotFound
from marketplace.history import record
from marketplace.models import ChangeRequest, Event, Product, Provider
from marketplace.models.change_requests import PRODUCT
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import OPEN_REQUESTS
from marketplace.programmes import nouns
from marketplace.services.profiles import change_requests_notices as notices
from marketplace.services.profiles import change_requests_subjects as subjects
from marketplace.services.profiles import prices
from marketplace.services.profiles.change_requests_subjects import Subject
from marketplace.workflow import Data, effect, guard, lives_in, perform

Logo = Callable[[ChangeRequest], list[int | None]]
OWNER = joinedload(ChangeRequest.provider).joinedload(Provider.organisation)
lives_in(ChangeRequest, "change_request", OWNER)


def get(session: Session, actor: Actor, request_id: int) -> ChangeRequest:
    """A request the actor may know. Raises NotFound."""
    row = session.scalars(
        visible(actor, Permission.CHANGE_READ, ChangeRequest)
        .where(ChangeRequest.id == request_id)
        .options(OWNER)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def open_of(session: Session, subject: Subject) -> ChangeRequest | None:
    """The request of a profile or product that is on its way, if there is one."""
    return session.scalars(
        select(ChangeRequest)
        .where(
            ChangeRequest.subject_type == subjects.kind_of(subject),
            ChangeRequest.subject_id == subject.id,
            ChangeRequest.phase.in_(OPEN_REQUESTS),
        )
        .options(OWNER)
        .execution_options(populate_existing=True)
    ).one_or_none()


def proposed(request: ChangeRequest | None) -> dict[str, Any]:
    """The values that a request wants, as rows have them."""
    if request is None:
        return {}
    wanted = {name: pair[1] for name, pair in request.fields.items()}
    return subjects.typed(request.subject_type, wanted)


def ask(
    session: Session,
    actor: Actor,
    subject: Subject,
    diff: Mapping[str, list[Any]],
    *,
    note: str,
) -> ChangeRequest | None:
    """Let ``diff`` (``{field: [old, new]}``) be checked; it takes the place of an open request.

    Nothing to check: an open request is given up. The provider is locked. Raises Invalid without
    a ``note``.
    """
    present, wanted = open_of(session, subject), subjects.plain(diff)
    logo = present.logo if present is not None else None
    if not wanted and logo is None:
        if present is not None:
            step(session, actor, present, "change_take_back")
        return None
    if not wanted and present is not None:
        if not present.fields:
            return present  # the picture alone waits, and nothing was said of it
        note = note or present.note
    if present is not None and (present.fields, present.note) == (wanted, note.strip()):
        return present  # one that came back goes again only when something of it was mended
    title = str(subjects.value(subject, "name"))
    if isinstance(subject, Product):
        title = f"{subject.name} {subject.release}"
    provider = subject if isinstance(subject, Provider) else subject.provider
    made = ChangeRequest(
        provider=provider, subject_type=subjects.kind_of(subject), subject_id=subject.id,
        base_version=subjects.base_version(subject), title=title, fields=wanted, logo=logo,
    )  # fmt: skip
    return _send(session, actor, made, present, note)


def ask_logo(
    session: Session, actor: Actor, about: Product | ChangeRequest, logo: Logo | None
) -> ChangeRequest | None:
    """Let a picture be checked, with what else waits of the product; None takes it out again.

    ``about``: the product, or the open request of one that is not listed yet. The provider is
    locked. ``logo`` answers ``[old, new]``, with the picture given to the request it gets.
    """
    present = open_of(session, about) if isinstance(about, Product) else about
    base = present or about
    if isinstance(base, Product):
        made = ChangeRequest(
            provider=base.provider, subject_type=PRODUCT, subject_id=base.id, fields={},
            base_version=base.version, title=f"{base.name} {base.release}", note="更换产品标志",
        )  # fmt: skip
    else:
        if logo is None and not base.fields:
            step(session, actor, base, "change_take_back")
            return None
        same = ("provider", "subject_type", "subject_id", "base_version", "title", "fields", "note")
        made = ChangeRequest(**{name: getattr(base, name) for name in same})
    return _send(session, actor, made, present, made.note, logo)


def ask_new(
    session: Session,
    actor: Actor,
    provider: Provider,
    values: Mapping[str, Any],
    *,
    note: str,
    instead_of: ChangeRequest | None = None,
) -> ChangeRequest:
    """Let a whole new product be checked. The provider is locked. Raises Invalid, Conflict."""
    wanted = subjects.plain({name: [None, value] for name, value in values.items()})
    made = ChangeRequest(
        provider=provider, subject_type=PRODUCT, subject_id=None, base_version=None,
        title=f"{values['name']} {values['release']}", fields=wanted,
        logo=instead_of.logo if instead_of is not None else None,
    )  # fmt: skip
    return _send(session, actor, made, instead_of, note)


def _send(
    session: Session,
    actor: Actor,
    made: ChangeRequest,
    former: ChangeRequest | None,
    note: str,
    logo: Logo | None = None,
) -> ChangeRequest:
    require(actor, Permission.PROFILE_WRITE, made.provider)
    if not note.strip():
        raise Invalid(fields={"note": ["这次修改需要审核，请写明原因和依据"]})
    if former is not None:
        step(session, actor, former, "change_replace")
    workflow = nouns.workflow("change_request")
    first = workflow.state(workflow.initial)
    made.note, made.state, made.phase = note.strip(), first.id, first.phase
    made.state_since = clock.now()
    session.add(made)
    session.flush()
    if logo is not None:
        made.logo = logo(made)
    event = record(
        session, actor, "change_ask", made, states=("", first.id), diff=_diff(made),
        why={"reason": made.note},
    )  # fmt: skip
    notices.tell(session, made, event)
    return made


def _diff(request: ChangeRequest) -> dict[str, Any]:
    return {**request.fields, **({"logo": request.logo} if request.logo else {})}


def step(
    session: Session,
    actor: Actor,
    request: ChangeRequest,
    action: str,
    *,
    expected_version: int | None = None,
    reason: str = "",
) -> Event:
    """One action of the workflow; everybody whom it concerns is told. Raises Conflict, Invalid."""
    subjects.lock_owner(session, request.provider_id)
    given = {} if expected_version is None else {"expected_version": expected_version}
    event = perform(session, actor, request, action, why={"reason": reason}, **given)
    notices.tell(session, request, event)
    return event


@guard("change_base_kept")
def base_kept(session: Session, subject: ChangeRequest, actor: Actor, data: Data) -> str | None:
    """What is approved is what the request shows: its old values still stand."""
    row = subjects.load(session, subject)
    if row is None:
        return None
    moved = []
    if subjects.base_version(row) != subject.base_version:
        declared = subjects.FIELDS[subject.subject_type]
        now = subjects.plain({name: [subjects.value(row, name)] for name in subject.fields})
        moved = [
            declared[name].label for name, pair in subject.fields.items() if now[name] != [pair[0]]
        ]
    if subject.logo and subject.logo[0] != subjects.logo_id(session, row):
        moved.append("标志")
    if not moved:
        return None
    return f"提出之后，“{'、'.join(moved)}”又有改动，请退回，由服务商重新提出"


@guard("change_product_free")
def product_free(session: Session, subject: ChangeRequest, actor: Actor, data: Data) -> str | None:
    """One product of a provider in one version stands in the catalogue once."""
    if subject.subject_type != PRODUCT:
        return None
    row = subjects.load(session, subject)
    wanted = proposed(subject)
    key = {
        name: wanted.get(name) or (getattr(row, name) if row else "")
        for name in ("name", "release")
    }
    taken = session.scalar(
        select(Product.id).where(
            Product.provider_id == subject.provider_id, Product.name == key["name"],
            Product.release == key["release"], Product.id != (row.id if row else 0),
        )
    )  # fmt: skip
    return None if taken is None else f"产品“{key['name']} {key['release']}”已经登记"


@effect("change_take_effect")
def take_effect(session: Session, subject: ChangeRequest, actor: Actor, data: Data) -> None:
    """The new values become public; the index follows through the outbox."""
    subject.answer = str(data.get("reason", ""))
    row, wanted = subjects.load(session, subject), proposed(subject)
    if row is None:
        row = subject.product = Product(provider_id=subject.provider_id, edited_fields={})
        session.add(row)
    subjects.put(actor, row, wanted)
    session.flush()
    if subject.logo:
        subjects.publish_logo(session, row, subject.logo)
    if isinstance(row, Product):
        prices.note(session, actor, row)
    record(session, actor, "change_effect", row, diff=_diff(subject))


@effect("change_answered")
def answered(session: Session, subject: ChangeRequest, actor: Actor, data: Data) -> None:
    """The writer reads why."""
    subject.answer = str(data.get("reason", ""))
