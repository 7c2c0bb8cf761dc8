"""Search against the bare engine: python -m tests.bench.search_bench [DOCUMENTS ...]

Prints, for each number of documents (100,000 unless told): service and raw engine p50/p99 in
milliseconds and their ratio (B01), facets cold and warm, page 100, a broad query, rebuild rate
against the raw engine fed from memory (B18), commit → searchable. With several numbers also the
growth of the two-term query from the first to the last (B12). Both sides of a ratio run in turns.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from statistics import median, quantiles

from tantivy import Index

from search import Analyzer, Document, Engine, Searcher, SearchRequest, Sort, open_engine, rebuild
from search.analysis.dictionary import Dictionary
from search.analysis.entries import Entry, entry_of
from search.engines.embedded_view import EmbeddedView
from search.engines.tantivy_queries import prepare, schema, tantivy_document, tantivy_query
from search.plan import RUNGS, match


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


DAY = date(2026, 11, 2)
SEGMENTS = ("auto_parts", "rail_equipment", "home_appliance", "general_parts")
TYPES = ("integrator", "product", "chain_leader")
DISTRICTS = tuple(f"3702{number:02d}" for number in range(12))
SCENES = tuple(f"s{number:02d}" for number in range(16))
FACETS = ("segment", "district", "scene", "type")
TERMS = words("""
    制造执行系统 质量管理系统 仓储管理系统 设备管理系统 能源管理系统 计划排程 生产管控 工艺设计
    产品设计 质量追溯 设备联网 数据采集 智能排产 视觉质检 供应商管理 采购管理 财务管理 人力资源
    协同办公 决策支持 安全生产 能耗管理 售后服务 营销管理 注塑 压铸 冲压 热处理 钣金 转向架
    受电弓 差速器
""")
BRANDS = "澜卓启恒瑞远拓云智鼎盛森博凯铭朗越禾翎沐岚峻桓栩珩"
FILLER = (
    "企业车间通过系统完成生产过程管理提升效率降低成本实现数据实时采集和分析支持多种设备接入并与现有平台对接"
    "班组长在现场终端查看任务进度和质量记录异常自动报警形成闭环管理订单交付周期缩短库存周转加快"
)


def documents(count: int, seed: int = 7) -> Iterator[Document]:
    """Ten per cent providers, thirty products, sixty cases; the same for the same seed."""
    dice = random.Random(seed)
    for number in range(count):
        kind = dice.choices(("provider", "product", "case"), (1, 3, 6))[0]
        brand = "".join(dice.choices(BRANDS, k=2))
        words = dice.choices(TERMS, k=5)
        body = "，".join(
            part for word in words for part in (word, *(_filler(dice) for _ in range(4)))
        )
        yield Document(
            f"{kind}:{number}",
            1,
            f"青岛{brand}{words[0]}{dice.choice(('', '平台', 'MES', ' 3.0'))}",
            (brand,),
            body,
            {
                "segment": (dice.choice(SEGMENTS),),
                "type": (dice.choice(TYPES),),
                "district": (dice.choice(DISTRICTS),),
                "scene": tuple(dice.sample(SCENES, 2)),
            },
            {"price": dice.randrange(30, 600) * 1000, "updated": 1_700_000_000 + number},
            {"title": brand, "summary": body[:120]},
        )


def _filler(dice: random.Random) -> str:
    start = dice.randrange(len(FILLER) - 24)
    return FILLER[start : start + dice.randrange(8, 24)]


def requests(count: int, types: int = 1, seed: int = 11) -> list[SearchRequest]:
    """Two words, three filters, four facets; all different. ``types``: how many types chosen."""
    dice = random.Random(seed)
    found: dict[str, SearchRequest] = {}
    while len(found) < count:
        first, second = dice.sample(TERMS, 2)
        filters = {
            "segment": (dice.choice(SEGMENTS),),
            "type": tuple(dice.sample(TYPES, types)),
            "district": tuple(dice.sample(DISTRICTS, 6)),
        }
        request = SearchRequest(DAY, f"{first} {second}", None, filters, facets=FACETS)
        found[repr(request)] = request
    return list(found.values())


def raw(view: EmbeddedView, analyzer: Analyzer, request: SearchRequest) -> None:
    """What cannot be spared: one search, the facets, ten documents. Filters count as they stand."""
    node = match(analyzer.read(request.q), view.meta.dictionary, RUNGS[0])
    query = tantivy_query(node, request.groups)
    start = time.perf_counter()
    hits = view.searcher.search(query, request.per_page, offset=request.offset).hits
    chosen = dict(request.groups)
    free = {name: {"terms": {"field": name, "size": 1000}} for name in FACETS if name not in chosen}
    view.searcher.aggregate(query, free)
    for name in chosen:
        others = tuple(group for group in request.groups if group[0] != name)
        one = {name: {"terms": {"field": name, "size": 1000}}}
        view.searcher.aggregate(tantivy_query(node, others), one)
    for _, address in hits:
        view.searcher.doc(address)
    RAW.append((time.perf_counter() - start) * 1000)


RAW: list[float] = []


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def line(
    name: str, ours: list[float], base: list[float] | None = None, against: str = "raw"
) -> None:
    """One row: p50 / p99 of ours, and of the base with the ratio of the medians."""
    text = f"  {name:<34}{median(ours):8.2f} / {quantiles(ours, n=100)[98]:7.2f} ms"
    if base:
        text += f"   {against} {median(base):8.2f} / {quantiles(base, n=100)[98]:7.2f} ms"
        text += f"   ratio {median(ours) / median(base):5.2f}"
    print(text)


def build(engine: Engine, analyzer: Analyzer, count: int) -> None:
    """Rebuild from generated documents, then feed the bare engine the same from memory."""
    made = list(documents(count))
    by_id = {document.id: document for document in made}
    start = time.perf_counter()
    rebuild(
        engine,
        lambda: made,
        load=lambda ids: [by_id[each] for each in ids],
        expected=lambda: [(each.id, each.version) for each in made],
        terms=analyzer.terms,
        progress=_bar(count),
    )
    ours = count / (time.perf_counter() - start)
    dictionary = Dictionary(analyzer.terms)
    entries = [entry_of(each, dictionary) for each in made[:100_000]]
    base = len(entries) / raw_build(entries)
    print(f"  rebuild {ours:8.0f} docs/s   raw engine {base:8.0f} docs/s   ratio {ours / base:.2f}")


def raw_build(entries: list[Entry]) -> float:
    """Seconds that the bare engine takes for analysed documents from memory, merges included."""
    with tempfile.TemporaryDirectory() as folder:
        index = Index(schema(), path=folder)
        prepare(index)
        start = time.perf_counter()
        writer = index.writer(128_000_000, 2)
        for entry in entries:
            writer.add_document(tantivy_document(entry))
        writer.commit()
        writer.wait_merging_threads()
        return time.perf_counter() - start


def _bar(count: int) -> Callable[[str, int], None]:
    def show(stage: str, done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r  {stage} {done}/{count} ", end="", file=sys.stderr, flush=True)

    return show


def freshness(engine: Engine, count: int) -> list[float]:
    """Milliseconds from the start of a commit until a reader sees the document."""
    found = []
    for number in range(30):
        document = Document(f"case:new{number}", 1, f"新案例{number}")
        start = time.perf_counter()
        engine.apply([document])
        while engine.view().get(document.id) is None:
            time.sleep(0.002)
        found.append((time.perf_counter() - start) * 1000)
    return found


def run(count: int, queries: int) -> float:
    """All measurements at one size; returns p50 of the two-term query in milliseconds."""
    print(f"{count} documents")
    analyzer = Analyzer(TERMS)
    analyzer.warm()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"tantivy://{folder}")
        build(engine, analyzer, count)
        view = engine.view()
        assert isinstance(view, EmbeddedView)
        asked = requests(queries)
        searcher = Searcher(engine, analyzer)
        for request in asked[:10]:
            Searcher(engine, analyzer).search(request)
        RAW.clear()
        cold, warm = [], []
        for request in asked:
            raw(view, analyzer, request)
            cold.append(timed(lambda r=request: marked(searcher, r)))
        for request in asked:
            warm.append(timed(lambda r=request: marked(searcher, r)))
        line("two words, 3 filters, 4 facets", cold, RAW)
        line("the same, facets warm", warm)
        several = [timed(lambda r=r: marked(searcher, r)) for r in requests(queries, types=2)]
        line("with two types chosen", several)
        two = [timed(lambda r=r: searcher.search(SearchRequest(DAY, r.q))) for r in asked]
        line("two words, nothing else", two)
        deep, first = [], []
        for request in asked:
            deep.append(timed(lambda r=request: Searcher(engine, analyzer).search(page(r, 100))))
            first.append(timed(lambda r=request: Searcher(engine, analyzer).search(page(r, 1))))
        line("one word, 4 facets, page 100 / 1", deep, first, "page 1")
        browse = [timed(lambda: searcher.search(page(None, 1, Sort.PRICE))) for _ in range(30)]
        line("browse by price", browse)
        everything = SearchRequest(DAY, facets=FACETS)
        fresh = [timed(lambda: Searcher(engine, analyzer).search(everything)) for _ in range(30)]
        again = [timed(lambda: searcher.search(everything)) for _ in range(30)]
        line("all documents, 4 facets, cold", fresh)
        line("all documents, 4 facets, warm", again)
        line("commit → searchable", freshness(engine, count))
        engine.close()
    return median(two)


def marked(searcher: Searcher, request: SearchRequest) -> None:
    result = searcher.search(request)
    for hit in result.hits:
        result.highlighter.mark(str((hit.card or {})["summary"]))


def page(request: SearchRequest | None, number: int, sort: Sort = Sort.RELEVANCE) -> SearchRequest:
    word = request.q.split()[0] if request else ""
    facets = FACETS if request else ()
    return SearchRequest(DAY, word, sort=sort, page=number, per_page=10, facets=facets)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[100_000])
    parser.add_argument("--queries", type=int, default=100)
    options = parser.parse_args()
    medians = [run(count, options.queries) for count in options.counts]
    if len(medians) > 1:
        print(
            f"growth {options.counts[0]} → {options.counts[-1]}: {medians[-1] / medians[0]:.1f} ×"
        )


if __name__ == "__main__":
    main()
