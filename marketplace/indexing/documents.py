"""What is public of a provider, its products and its cases, as search documents.

Only listed data goes in: nobody's filter can leak what is not there. A document's version is
the sum of the row versions it is made from. Rows are never deleted and versions only grow, so
the sum grows with every change in whatever order transactions commit.
"""

from collections.abc import Callable, Iterator
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


def entries(
    provider: Provider, words: Vocabulary, wants: Callable[[str], bool] = lambda _: True
) -> Iterator[Entry]:
    """The documents of one provider, each either to be put or to be removed.

    ``wants`` says by its id whether one is needed: only those are made.
    """
    shown = catalogue.shown(provider)
    base = _base_version(provider)
    whole = base + sum(item.version for item in provider.products)
    whole += sum(item.version for item in provider.cases)
    if wants(id_ := f"provider:{provider.id}"):
        public = shown.in_pool
        yield provider_document(shown, words, whole) if public else Removal(id_, whole)
    for product in provider.products:
        version, public = base + product.version, product in shown.products
        if wants(id_ := f"product:{product.id}"):
            yield (
                product_document(product, shown, words, version)
                if public
                else Removal(id_, version)
            )
    for case in provider.cases:
        version, public = base + case.version, case in shown.cases
        if wants(id_ := f"case:{case.id}"):
            yield case_document(case, shown, words, version) if public else Removal(id_, version)


def _base_version(provider: Provider) -> int:
    members = sum(item.version for item in provider.memberships)
    members += sum(sheet.version for item in provider.memberships for sheet in item.graded)
    return provider.version + provider.organisation.version + members
