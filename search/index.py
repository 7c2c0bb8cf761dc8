"""The life of an index: rebuild it, compare it with its source, tell how it is."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from search.documents import Document
from search.engines import Build, Engine
from search.engines.meta import current_meta
from search.errors import RebuildFailed, Unavailable, ViewLost

Progress = Callable[[str, int], None]
Loader = Callable[[Sequence[str]], Iterable[Document]]
Source = Callable[[], Iterable[tuple[str, int]]]
BATCH = 500
ROUNDS = 5
TWICE = -1
PATIENCE_SECONDS, PAUSE_SECONDS = 60.0, 1.0
"""While a cluster is getting over the loss of a node, a comparison begins again so long."""


@dataclass(frozen=True, slots=True)
class Differences:
    """Where index and source disagree, as ids. ``missing``: not in the index; ``stale``: there
    with another version, or twice; ``ghosts``: only in the index.
    """

    missing: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    ghosts: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        return self.missing + self.stale + self.ghosts

    def __bool__(self) -> bool:
        return bool(self.ids)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: the generation now in use, documents in it, documents read again."""

    generation: str
    documents: int
    caught_up: int


def verify(engine: Engine, expected: Iterable[tuple[str, int]]) -> Differences:
    """Compare all ids and versions with the source. Raises Unavailable."""
    found = list(_disagreements(lambda: engine.view().ids(), expected))
    return Differences(
        missing=tuple(each.id for each in found if each.there is None),
        stale=tuple(each.id for each in found if None not in each[1:]),
        ghosts=tuple(each.id for each in found if each.expected is None),
    )


def status(engine: Engine, terms: Iterable[str] = ()) -> Mapping[str, str | int]:
    """Facts for an operator: the engine's; ``program_*``: the hashes this program would build with;
    ``new_terms``: how many of the terms wait for a rebuild.
    """
    facts = dict(engine.status())
    program = current_meta()
    facts |= {f"program_{name}": getattr(program, name) for name in ("schema", "analysis", "words")}
    if facts.get("state") == "ok":
        with suppress(Unavailable):  # gone in this very moment
            facts["new_terms"] = len(new_terms(engine, terms))
    return facts


def new_terms(engine: Engine, terms: Iterable[str]) -> tuple[str, ...]:
    """The terms that are no words of the index yet, in normal form. Raises Unavailable."""
    return tuple(sorted(set(current_meta(terms).terms) - set(engine.view().meta.terms)))


def rebuild(
    engine: Engine,
    documents: Callable[[], Iterable[Document]],
    *,
    load: Loader,
    expected: Source,
    terms: Iterable[str] = (),
    progress: Progress | None = None,
) -> Rebuilt:
    """Build a new index from the source beside the one in use, then switch in one step.

    ``documents()`` gives every public document; it is called after the new generation has begun,
    so it must start reading then. ``load(ids)`` gives the present state of some documents, and
    leaves out those that are no longer public. ``expected()`` gives (id, version) of all.
    ``progress(stage, count)`` is called with stages ``documents``, ``catch_up``, ``compare``.
    Searches and writes go on meanwhile; writers wait only for the last step.
    Raises WriterBusy, RebuildFailed, BadDocument; then the index in use is the old one.
    """
    tell = progress or _silent
    with engine.build(current_meta(terms)) as build:
        added = _bulk(build, documents(), tell)
        caught_up = _catch_up(build, load, tell)
        _agree(build, load, expected, tell)
        with build.frozen():
            # Nobody can write now: what was written since the last look is the last of it.
            caught_up += _catch_up(build, load, tell, frozen=True)
            build.swap()
    return Rebuilt(build.generation, added, caught_up)


def _silent(_stage: str, _count: int) -> None:
    return None


def _bulk(build: Build, documents: Iterable[Document], tell: Progress) -> int:
    def counted() -> Iterator[Document]:
        for number, document in enumerate(documents, 1):
            yield document
            if number % BATCH == 0:
                tell("documents", number)

    added = build.add(counted())
    tell("documents", added)
    return added


def _catch_up(build: Build, load: Loader, tell: Progress, *, frozen: bool = False) -> int:
    """Read again what was written to the index in use while this one was built.

    While others write there is always something more: when a round is no smaller than the one
    before, the rest is left to the last look, during which nobody can write.
    """
    total, before = 0, None
    while ids := build.touched():
        _reload(build, load, ids)
        total += len(ids)
        tell("catch_up", total)
        if not frozen and before is not None and len(ids) >= before:
            break
        before = len(ids)
    return total


def _reload(build: Build, load: Loader, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), BATCH):
        chunk = ids[start : start + BATCH]
        build.replace(chunk, load(chunk))


def _agree(build: Build, load: Loader, expected: Source, tell: Progress) -> None:
    """Compare with the source and read again what differs; what keeps differing is a fault.

    A document that changes in this very moment may differ once; it will be caught up.
    """
    before: set[Disagreement] = set()
    for _ in range(ROUNDS):
        found = set(_disagreements(build.ids, expected()))
        tell("compare", len(found))
        if not found:
            return
        stuck = sorted(each.id for each in found & before)
        if stuck:
            names = "、".join(stuck[:5])
            raise RebuildFailed(f"新索引与数据库不一致（{len(stuck)} 条，如 {names}），未切换")
        before = found
        _reload(build, load, [each.id for each in found])


class Disagreement(NamedTuple):
    """One id with its versions; None where it is not, ``TWICE`` where it is more than once."""

    id: str
    there: int | None
    expected: int | None


def _versions(walk: Source) -> dict[str, int]:
    """What a walk through the index gives; walked again when it is lost on the way."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        versions: dict[str, int] = {}
        try:
            for document_id, version in walk():
                versions[document_id] = TWICE if document_id in versions else version
        except ViewLost:
            if time.monotonic() > end:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return versions


def _disagreements(walk: Source, expected: Iterable[tuple[str, int]]) -> Iterator[Disagreement]:
    versions = _versions(walk)
    for document_id, version in expected:
        found = versions.pop(document_id, None)
        if found != version:
            yield Disagreement(document_id, found, version)
    for document_id, version in versions.items():
        yield Disagreement(document_id, version, None)
