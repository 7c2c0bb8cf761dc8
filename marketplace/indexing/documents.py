"""What is public of a provider, its products and its cases, as search documents.

Only listed data goes in: nobody's filter can leak what is not there. A document's version is
the sum of the row versions it is made from. Rows are never deleted and versions only grow, so
the sum grows with every change in whatever order transactions commit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from marketplace.indexing.building import case_document, product_document, provider_document
from marketplace.models import Provider
from marketplace.services.profiles import catalogue
from marketplace.services.profiles.catalogue import load
from marketplace.services.searching.vocabulary import Vocabulary
from search import Document

__all__ = ["Entry", "Removal", "entries", "load"]


@dataclass(frozen=True)
class Removal:
    """A document that must not be found: not public (any more)."""

    id: str
    version: int


Entry = Document | Removal


def entries(provider: Provider, words: Vocabulary) -> Iterator[Entry]:
    """The documents of one provider, each either to be put or to be removed."""
    shown = catalogue.shown(provider)
    base = _base_version(provider)
    whole = base + sum(item.version for item in provider.products)
    whole += sum(item.version for item in provider.cases)
    if shown.in_pool:
        yield provider_document(shown, words, whole)
    else:
        yield Removal(f"provider:{provider.id}", whole)
    for product in provider.products:
        version = base + product.version
        if product in shown.products:
            yield product_document(product, shown, words, version)
        else:
            yield Removal(f"product:{product.id}", version)
    for case in provider.cases:
        version = base + case.version
        if case in shown.cases:
            yield case_document(case, shown, words, version)
        else:
            yield Removal(f"case:{case.id}", version)


def _base_version(provider: Provider) -> int:
    members = sum(item.version for item in provider.memberships)
    members += sum(sheet.version for item in provider.memberships for sheet in item.graded)
    return provider.version + provider.organisation.version + members
