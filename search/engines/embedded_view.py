"""Answers of an embedded index at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from tantivy import DocAddress, Query, Searcher
from tantivy import Order as Direction

from search.engines import MOST_VALUES, Counted, Glance, Order, Place, Row, Versions
from search.engines.meta import Meta
from search.engines.tantivy_queries import (
    behind,
    between,
    both,
    tantivy_query,
    unscored_query,
    with_value,
)
from search.plan import (
    Best,
    Boost,
    Combine,
    Everything,
    Exactly,
    Filters,
    Node,
    Phrase,
    Term,
)
from search.query import DEEPEST
from search.ties import FIXED, SHARE, YES

SPARE = 50  # hits read beyond the page, so that a group of equals is seldom cut
CHUNK = 20_000
_TIE_RANGE = 2**63
Ranked = list[tuple[Any, DocAddress]]


@dataclass(frozen=True, slots=True)
class EmbeddedView:
    """One searcher; tantivy keeps its files open, also when a rebuild drops them."""

    searcher: Searcher
    revision: str
    meta: Meta

    def top(
        self,
        match: Node,
        filters: Filters,
        order: Order,
        offset: int,
        size: int,
        counts: Sequence[Counted] = (),  # they cost the same when they are asked for
    ) -> tuple[int, list[Row]]:
        query = tantivy_query(match, filters)
        if order.field is not None:
            total, addresses = self._by_field(query, order, offset, offset + size)
        elif isinstance(match, Everything):
            result = self.searcher.search(
                query, size, order_by_field=order.tie, offset=offset, order=Direction.Asc
            )
            total, addresses = _count(result), [address for _, address in result.hits]
        else:
            total, addresses = self._by_score(query, order.tie, offset, offset + size)
        return total, self._rows(addresses)

    def count(self, match: Node, filters: Filters) -> int:
        # Every document has a version; a search would also work out every score.
        asked = {"all": {"value_count": {"field": "v"}}}
        answer = self.searcher.aggregate(tantivy_query(match, filters), asked)
        return int(answer["all"]["value"])

    def count_each(self, match: Node, choices: Sequence[Filters]) -> list[int]:
        return [self.count(match, filters) for filters in choices]

    def facets(
        self, match: Node, filters: Filters, fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, int]]:
        if not fields:
            return {}
        asked = {field: {"terms": {"field": field, "size": MOST_VALUES}} for field in fields}
        answer = self.searcher.aggregate(tantivy_query(match, filters), asked)
        return {
            field: {bucket["key"]: bucket["doc_count"] for bucket in answer[field]["buckets"]}
            for field in fields
        }

    def glance(self, tie: str, wanted: Sequence[Glance]) -> list[list[Row]]:
        return [self._first(each, tie) for each in wanted]

    def _first(self, wanted: Glance, tie: str) -> list[Row]:
        """Of what very many documents have, the first are among the early ones: these are asked
        alone, and the others only when that is not enough.
        """
        if tie == FIXED and self._most(wanted.match) > wanted.size * SHARE:
            early = self._before(wanted, (*wanted.filters, ("early", (YES,))), tie)
            if len(early) == wanted.size:
                return self._rows(early)
        return self._rows(self._before(wanted, wanted.filters, tie))

    def _most(self, node: Node) -> int:
        """How many documents a small question may find at the most, as far as single words tell;
        0 where it is not worth knowing.
        """
        if isinstance(node, Boost | Exactly):
            return self._most(node.node)
        if isinstance(node, Best):
            return sum(map(self._most, node.nodes))
        if isinstance(node, Combine):
            return min(map(self._most, node.must), default=0)
        if isinstance(node, Phrase):
            return min(self.searcher.doc_freq(node.field, token) for token in node.tokens)
        return self.searcher.doc_freq(node.field, node.value) if isinstance(node, Term) else 0

    def _before(self, wanted: Glance, filters: Filters, tie: str) -> list[DocAddress]:
        result = self.searcher.search(
            unscored_query(wanted.match, filters),
            wanted.size,
            order_by_field=tie,
            order=Direction.Asc,
            count=False,
        )
        return [address for _, address in result.hits]

    def get(self, document_id: str) -> Row | None:
        result = self.searcher.search(tantivy_query(Term("id", document_id), ()), limit=1)
        rows = self._rows([address for _, address in result.hits])
        return rows[0] if rows else None

    def after(
        self, filters: Filters, order: Order, place: Place | None, size: int
    ) -> list[tuple[Place, Row]]:
        query = tantivy_query(Everything(), filters)
        if place is not None:
            query = both(query, behind(order, place))
        if order.field is None:
            result = self.searcher.search(
                query, size, order_by_field=order.tie, order=Direction.Asc, count=False
            )
            addresses = [address for _, address in result.hits]
        else:
            _, addresses = self._by_field(query, order, 0, size)
        values = self._integers(order.field, addresses) if order.field else [0] * len(addresses)
        places = zip(values, self._integers(order.tie, addresses), strict=True)
        return list(zip(places, self._rows(addresses), strict=True))

    def _integers(self, field: str, addresses: list[DocAddress]) -> list[int]:
        return [int(value or 0) for value in self.searcher.fast_field_values(field, addresses)]

    def ids(self) -> Versions:
        # The tie is a uniform hash, so slices of it are slices of the documents.
        slices = self.searcher.num_docs // CHUNK + 1
        edges = [_TIE_RANGE * number // slices for number in range(slices + 1)]
        for low, high in pairwise(edges):
            query = between("tie_0", low, high - 1)
            hits = self.searcher.search(query, self.searcher.num_docs + 1, count=False).hits
            addresses = [address for _, address in hits]
            versions = self.searcher.fast_field_values("v", addresses)
            for address, version in zip(addresses, versions, strict=True):
                yield str(self.searcher.doc(address).get_first("id")), int(version or 0)

    def versions(self, document_ids: Sequence[str]) -> dict[str, int]:
        """The versions of those of the documents that are in the index."""
        wanted = tantivy_query(Everything(), (("id", tuple(document_ids)),))
        hits = self.searcher.search(wanted, len(document_ids) + 1, count=False).hits
        addresses = [address for _, address in hits]
        return {row.id: row.version for row in self._rows(addresses)}

    def _by_score(
        self, query: Query, tie: str, offset: int, end: int
    ) -> tuple[int, list[DocAddress]]:
        """tantivy leaves equal scores in order of insertion; read the whole group and sort it."""
        window, most = end + SPARE, max(end, DEEPEST)
        result = self.searcher.search(query, window)
        total, hits = _count(result), result.hits
        while len(hits) == window < min(most, total) and hits[end - 1][0] == hits[-1][0]:
            window = min(window * 2, most)
            hits = self.searcher.search(query, window, count=False).hits
        return total, self._page(hits, tie, offset, end)

    def _by_field(
        self, query: Query, order: Order, offset: int, end: int
    ) -> tuple[int, list[DocAddress]]:
        """Sorted by an integer. A group of equals that reaches beyond the page is asked for again
        by itself, in the order of the tie, so that no place depends on insertion.
        """
        direction = Direction.Desc if order.descending else Direction.Asc
        result = self.searcher.search(query, end + 1, order_by_field=order.field, order=direction)
        total, hits = _count(result), result.hits
        if len(hits) <= end or hits[end][0] != hits[end - 1][0]:
            return total, self._page(hits, order.tie, offset, end)
        value = hits[end][0]
        start = next(place for place, hit in enumerate(hits) if hit[0] == value)
        before = self._page(hits[:start], order.tie, offset, start)
        skip = max(0, offset - start)
        group = self.searcher.search(
            with_value(query, order.field or "", value),
            end - start - skip,
            order_by_field=order.tie,
            offset=skip,
            order=Direction.Asc,
            count=False,
        )
        return total, before + [address for _, address in group.hits]

    def _page(self, hits: Ranked, tie: str, offset: int, end: int) -> list[DocAddress]:
        """The hits at offset … end when each group of equals is put in the order of the tie.

        Only groups that reach into the page are sorted.
        """
        if offset >= len(hits):
            return []
        end = min(end, len(hits))
        first, last = offset, end
        while first > 0 and hits[first - 1][0] == hits[offset][0]:
            first -= 1
        while last < len(hits) and hits[last][0] == hits[end - 1][0]:
            last += 1
        near = hits[first:last]
        ties = self.searcher.fast_field_values(tie, [address for _, address in near])
        ordered: list[DocAddress] = []
        for _, group in groupby(range(len(near)), key=lambda place: near[place][0]):
            ordered += [near[place][1] for place in sorted(group, key=lambda p: ties[p] or 0)]
        return ordered[offset - first : end - first]

    def _rows(self, addresses: list[DocAddress]) -> list[Row]:
        versions = self.searcher.fast_field_values("v", addresses)
        rows = []
        for address, version in zip(addresses, versions, strict=True):
            document = self.searcher.doc(address)
            card = bytes(document.get_first("card") or b"null")
            rows.append(Row(str(document.get_first("id")), int(version or 0), card))
        return rows


def _count(result: Any) -> int:
    # The attribute exists only when counting was asked for, and is missing from the stubs.
    return int(result.count)
