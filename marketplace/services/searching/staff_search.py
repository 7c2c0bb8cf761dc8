"""Find a thing of the pool by a few characters of its name, number or code: for staff.

It asks the database and not the index: staff look for drafts and for what left the pool as well,
and must find what was saved a second ago. One query per kind, each kind as far as its own reading
permission goes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session, joinedload

from marketplace.models import CaseVersion, Organisation, Product, Project, Provider
from marketplace.permissions import Actor, Permission, visible

EACH = 5
LONGEST = 60


@dataclass(frozen=True)
class Found:
    """One thing: its kind (a table), the number its page goes by, name, and whose it is."""

    kind: str
    id: int
    name: str
    hint: str


def find(session: Session, actor: Actor, text: str) -> list[Found]:
    """At most ``EACH`` things of each kind, the newest first; nothing for an empty text.

    Five queries at most, whatever the text is.
    """
    wanted = text.strip()[:LONGEST]
    return [item for kind in KINDS for item in kind(session, actor, wanted)] if wanted else []


def _providers(session: Session, actor: Actor, text: str) -> Iterator[Found]:
    query = visible(actor, Permission.PROVIDER_READ, Provider).join(Provider.organisation)
    query = query.where(
        Organisation.name.icontains(text, autoescape=True)
        | Organisation.uscc.istartswith(text, autoescape=True)
    ).options(joinedload(Provider.organisation))
    for row in _newest(session, query, Provider):
        yield Found("providers", row.id, row.organisation.name, row.organisation.uscc)


def _organisations(session: Session, actor: Actor, text: str) -> Iterator[Found]:
    query = visible(actor, Permission.ORGANISATION_READ, Organisation).where(
        Organisation.name.icontains(text, autoescape=True)
        | Organisation.uscc.istartswith(text, autoescape=True)
    )
    for row in _newest(session, query, Organisation):
        yield Found("organisations", row.id, row.name, row.uscc)


def _projects(session: Session, actor: Actor, text: str) -> Iterator[Found]:
    query = visible(actor, Permission.PROJECT_READ, Project).where(
        Project.title.icontains(text, autoescape=True)
        | Project.contract_no.icontains(text, autoescape=True)
    )
    query = query.options(joinedload(Project.provider).joinedload(Provider.organisation))
    for row in _newest(session, query, Project):
        yield Found("projects", row.id, row.title, row.provider.organisation.name)


def _cases(session: Session, actor: Actor, text: str) -> Iterator[Found]:
    query = visible(actor, Permission.CASE_READ, CaseVersion).where(
        CaseVersion.title.icontains(text, autoescape=True)
    )
    query = query.options(joinedload(CaseVersion.provider).joinedload(Provider.organisation))
    for row in _newest(session, query, CaseVersion):
        yield Found("case_versions", row.id, row.title, row.provider.organisation.name)


def _products(session: Session, actor: Actor, text: str) -> Iterator[Found]:
    query = visible(actor, Permission.PROVIDER_READ, Product).where(
        Product.name.icontains(text, autoescape=True)
    )
    query = query.options(joinedload(Product.provider).joinedload(Provider.organisation))
    for row in _newest(session, query, Product):
        yield Found("products", row.provider_id, row.name, row.provider.organisation.name)


def _newest(session: Session, query: Select[Any], model: type[Any]) -> list[Any]:
    return list(session.scalars(query.order_by(model.id.desc()).limit(EACH)))


KINDS: tuple[Callable[[Session, Actor, str], Iterator[Found]], ...] = (
    _providers, _projects, _cases, _products, _organisations,
)  # fmt: skip
