"""Complaints become capabilities, with the words that speak for them."""

from statistics import fmean

import pytest

from marketplace.indexing.needs import capabilities, everyday
from search import Synonym
from search.needs import MOST_CHARS, Capability, Needs
from tests.support.counts import count
from tests.unit.search.needs_sets import graded, ndcg, seeded

PLAN = Capability("aps", "category", "排程", ("排程 排产", "插单就乱"), ("插单就乱",), "planning")
STORE = Capability("wms", "category", "仓储", ("仓储 仓库", "账实不符"), ("账实不符",), "logistics")
WHOLE = Capability("planning", "scene", "计划", ("计划 交期",))


@pytest.fixture(scope="module")
def needs() -> Needs:
    """Over the vocabulary that the files seed."""
    return Needs(capabilities(seeded()), synonyms=everyday(seeded()))


def codes(ranked) -> list[str]:
    return [item.capability.code for item in ranked]


def test_a_complaint_finds_what_helps_and_says_why(needs):
    ranked = needs.rank("订单多了排产全靠人脑，插单就乱")
    assert codes(ranked)[:2] == ["planning", "aps"]
    (best, *_) = needs.rank("订单多了排产全靠人脑，插单就乱", kind="category")
    assert (best.capability.name, best.words[:2]) == ("高级计划与排程", ("排产", "插单"))
    assert "就乱" not in best.words  # two stray characters are no word to show


def test_every_category_and_scene_is_described():
    """No code without description, no description without code."""
    words = seeded()
    described = {word.code: word.data["of"] for word in words.options("capability")}
    assert described == {
        word.code: kind for kind in ("category", "scene") for word in words.options(kind)
    }
    made = capabilities(words)
    assert len(made) == 60
    assert min(len(item.thoughts) for item in made) >= 5
    assert {item.under for item in made if item.kind == "category"} <= {
        item.code for item in made if item.kind == "scene"
    }


def test_needs_are_read_well_enough(needs):
    """Floors, for what was written with these sets at hand; the measure is tests/relevance."""
    for name, floor in (("needs_dev.jsonl", 0.88), ("needs_held.jsonl", 0.84)):
        rows = graded(name)
        mean = fmean(ndcg(needs.rank(row["text"]), row["grades"]) for row in rows)
        assert mean >= floor, name


def test_without_descriptions_it_would_be_worse():
    """The floors above can fail: names and aliases alone do not understand complaints."""
    bare = [
        Capability(item.code, item.kind, item.name, item.texts[:1], (), item.under)
        for item in capabilities(seeded())
    ]
    rows = graded("needs_dev.jsonl")
    mean = fmean(ndcg(Needs(bare).rank(row["text"]), row["grades"]) for row in rows)
    assert mean < 0.6


def test_one_kind_only(needs):
    ranked = needs.rank("仓库账实不符", 5, kind="scene")
    assert {item.capability.kind for item in ranked} == {"scene"}
    assert codes(ranked)[0] == "warehousing"


def test_a_whole_shares_in_its_parts():
    part, whole = Needs([PLAN, STORE, WHOLE]).rank("插单")
    assert (part.capability.code, whole.capability.code) == ("aps", "planning")
    assert whole.score == pytest.approx(0.9 * part.score)
    assert part.words == whole.words == ("插单",)


def test_a_word_found_by_what_stands_for_it():
    rules = (Synonym(("插单", "加急")),)
    assert codes(Needs([PLAN, STORE], synonyms=rules).rank("加急")) == ["aps"]
    assert codes(Needs([PLAN, STORE]).rank("加急")) == []


def test_latin_words_count_whole():
    made = [Capability("oa", "category", "办公", ("办公 OA",)), STORE]
    assert codes(Needs(made).rank("想上oa")) == ["oa"]
    assert codes(Needs(made).rank("download")) == []


@pytest.mark.parametrize(
    "text", ["", " ", "。，！", "我们厂有没有什么办法", "\x00", "\ud800", "💥💥", "12345", "a"]
)
def test_what_says_nothing_gives_nothing(needs, text):
    assert needs.rank(text) == ()


def test_any_text_will_do(needs):
    """Long, foreign, hostile: an answer, and only the beginning counts."""
    start = "电费太高"
    long = start + "，排产乱" * 20_000
    assert needs.rank(long) == needs.rank(long[:MOST_CHARS])
    for text in ("製造業排產亂", "<script>alert(1)</script>", "' OR 1=1 --", "(((((", "\\" * 5000):
        needs.rank(text)
    assert codes(needs.rank("電費太高")) == codes(needs.rank(start))
    assert codes(needs.rank(start))[:2] == ["energy", "ems"]


def test_what_is_remembered_changes_nothing(needs):
    """The second asking reads from memory what the first one counted."""
    rows = graded("needs_held.jsonl")
    fresh = Needs(capabilities(seeded()), synonyms=everyday(seeded()))
    for row in rows[: count(test=10, soak=30)]:
        assert needs.rank(row["text"]) == fresh.rank(row["text"])
