"""What is public of a provider, its products and its cases, as search documents.

Only listed data goes in: nobody's filter can leak what is not there. A document's version is
the sum of the row versions it is made from. Rows are never deleted and versions only grow, so
the sum grows with every change in whatever order transactions commit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from marketplace.indexing.building import (
    case_document,
    listed_segments,
    product_document,
    provider_document,
)
from marketplace.models import CaseStudy, Membership, Product, Provider
from marketplace.phases import PUBLIC_PHASES
from marketplace.services.vocabulary import Vocabulary
from search import Document


@dataclass(frozen=True)
class Removal:
    """A document that must not be found: not public (any more)."""

    id: str
    version: int


Entry = Document | Removal


def load(session: Session, provider_ids: Sequence[int]) -> Sequence[Provider]:
    """Providers with all that their documents are made from: 5 queries, however many."""
    statement = (
        select(Provider)
        .where(Provider.id.in_(provider_ids))
        .options(
            selectinload(Provider.organisation),
            selectinload(Provider.memberships).selectinload(Membership.round),
            selectinload(Provider.products),
            selectinload(Provider.cases),
        )
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement).all()


def entries(provider: Provider, words: Vocabulary) -> Iterator[Entry]:
    """The documents of one provider, each either to be put or to be removed."""
    listed = [item for item in provider.memberships if item.phase in PUBLIC_PHASES]
    shown = bool(listed) and provider.hidden_at is None
    base = _base_version(provider)
    products = {item.id: shown and _product_public(item, listed) for item in provider.products}
    cases = {item.id: shown and _case_public(item) for item in provider.cases}
    public_products = [item for item in provider.products if products[item.id]]
    public_cases = [item for item in provider.cases if cases[item.id]]
    whole = base + sum(item.version for item in provider.products)
    whole += sum(item.version for item in provider.cases)
    if shown:
        yield provider_document(provider, listed, public_products, public_cases, words, whole)
    else:
        yield Removal(f"provider:{provider.id}", whole)
    for product in provider.products:
        version = base + product.version
        if products[product.id]:
            yield product_document(product, provider, listed, words, version)
        else:
            yield Removal(f"product:{product.id}", version)
    for case in provider.cases:
        version = base + case.version
        if cases[case.id]:
            yield case_document(case, provider, listed, words, version)
        else:
            yield Removal(f"case:{case.id}", version)


def _base_version(provider: Provider) -> int:
    members = sum(item.version for item in provider.memberships)
    return provider.version + provider.organisation.version + members


def _product_public(product: Product, listed: Sequence[Membership]) -> bool:
    return product.hidden_at is None and bool(set(product.segments) & listed_segments(listed))


def _case_public(case: CaseStudy) -> bool:
    """QD-I2, QD-P3: a case is shown in the hall with its client's consent only."""
    return case.hidden_at is None and case.client_consent
