"""The relevance table: python -m tests.bench.relevance_bench [--engine tantivy|elasticsearch|both]

All queries of tests/relevance on the demo and a crowd of invented firms, on both engines, with
the targets; needs by words alone and with meaning; parity of 300 requests.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from marketplace.db import Database, make_engine
from marketplace.indexing.needs import capabilities, everyday
from marketplace.indexing.upkeep import rebuild_index
from marketplace.indexing.wiring import Catalogue
from marketplace.migrate import upgrade
from marketplace.services.searching.vocabulary import Vocabulary
from search.needs import Needs
from search.semantic import open_embedder
from tests.support import relevance_market
from tests.support.elasticsearch import Node, ServerMissing
from tests.support.relevance import FOLDER, bootstrap
from tests.support.relevance_run import (
    Measures,
    Outcomes,
    measures,
    need_measures,
    parity,
    rank_needs,
    run,
)

Gates = Mapping[str, Mapping[str, float]]


@contextmanager
def market() -> Iterator[tuple[Path, Database]]:
    """A filled database in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/pool.db")
        upgrade(engine)
        database = Database(engine)
        relevance_market.fill(database, Path(folder))
        yield Path(folder), database
        engine.dispose()


def asked(url: str, database: Database) -> Outcomes:
    """All sets on one engine."""
    catalogue = Catalogue(url, database)
    rebuild_index(catalogue, database)
    found = run(catalogue, relevance_market.documents(database))
    catalogue.close()
    return found


def by_needs(database: Database) -> tuple[Measures, str]:
    """The complaints, by words and with meaning; and what meaning gains."""
    with database.reading() as session:
        words = Vocabulary.load(session)
    described, same = capabilities(words), everyday(words)
    lexical = rank_needs(Needs(described, synonyms=same))
    table = need_measures("lexical", lexical)
    embedder = open_embedder()
    if embedder is None:
        return table, "the extra `semantic` is not installed"
    fused = rank_needs(Needs(described, embedder, synonyms=same))
    gain = bootstrap([row.ndcg for row in fused], [row.ndcg for row in lexical])
    return table | need_measures("fused", fused), f"{gain} (95 %, paired bootstrap)"


def show(tables: Mapping[str, Measures], gates: Gates) -> None:
    """One line a measure, one column an engine."""
    print(f"{'':<44}" + "".join(f"{name:>15}" for name in tables) + "  target")
    for name in sorted(set().union(*tables.values())):
        cells = [table.get(name) for table in tables.values()]
        shown = "".join(f"{'':>15}" if cell is None else f"{cell:>15.3f}" for cell in cells)
        print(f"{name:<44}{shown}  {_target(gates.get(name, {}), cells)}")


def _target(gate: Mapping[str, float], cells: list[float | None]) -> str:
    known = [cell for cell in cells if cell is not None]
    if "most" in gate:
        return f"≤ {gate['most']:g} {'ok' if max(known) <= gate['most'] else 'MISSED'}"
    if "target" in gate:
        return f"≥ {gate['target']:g} {'ok' if min(known) >= gate['target'] else 'MISSED'}"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("tantivy", "elasticsearch", "both"), default="both")
    engine = parser.parse_args().engine
    gates: Gates = yaml.safe_load((FOLDER / "gates.yml").read_text("utf-8"))
    with market() as (folder, database):
        found: dict[str, Outcomes] = {}
        if engine != "elasticsearch":
            found["tantivy"] = asked(f"tantivy://{folder / 'index'}", database)
        if engine != "tantivy":
            try:
                node = Node()
            except ServerMissing as missing:
                print(missing)
            else:
                try:
                    node.start()
                    found["elasticsearch"] = asked(node.url("relevance"), database)
                finally:
                    node.remove()
        needs, gain = by_needs(database)
        tables = {name: measures(outcomes) for name, outcomes in found.items()}
        show({**tables, "needs": needs}, gates)
        print(f"\nneeds, with meaning less by words alone: nDCG@10 {gain}")
        if len(found) == 2:
            print(f"parity of 300 requests: {parity(*(each.parity for each in found.values()))}")


if __name__ == "__main__":
    main()
