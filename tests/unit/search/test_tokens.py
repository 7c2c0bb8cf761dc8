"""Token streams of documents."""

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis.dictionary import Dictionary, base_words, dictionary_terms
from search.analysis.entries import ANALYSIS_VERSION, Stored, entry_of
from search.analysis.normal import normal
from search.analysis.tokens import char_stream, fine_tokens, name_key, stream
from search.documents import Document
from search.errors import BadDocument
from search.ties import tie_values


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("制造执行", ["制造", "造执", "执行"]),
        ("甲 制造", ["甲", "制造"]),
        ("qd-mes3.0系统", ["qd", "mes", "3.0", "系统"]),
        ("c++ c# a+b .net", ["c++", "c#", "a", "b", "net"]),
        ("5g专网", ["5", "g", "专网"]),
        ("цех 現場", ["цех", "現場"]),
        ("_*():，。！", []),
        ("a" * 100, ["a" * 64]),
    ],
)
def test_fine_tokens(text: str, tokens: list[str]) -> None:
    assert fine_tokens(text) == tokens


def test_values_of_one_field_do_not_touch_each_other() -> None:
    assert stream(("澜图", "mes 云")) == "澜图 | mes 云"


def test_single_characters_of_names_are_indexed_once_each() -> None:
    assert char_stream(("澜图澜", "mes云")) == "云 图 澜"


@pytest.mark.parametrize(
    ("text", "key"),
    [("青岛澜图（山东）有限公司", "青岛澜图山东有限公司"), ("QD-MES 3.0", "qdmes3.0"), ("((", "")],
)
def test_name_key(text: str, key: str) -> None:
    assert name_key(normal(text)) == key


@given(st.text(max_size=200))
def test_any_text_has_tokens_that_an_engine_can_take(text: str) -> None:
    for token in stream((normal(text),)).split(" "):
        token.encode()
        assert token == "" or not token.isspace()
        assert len(token) <= 64


def test_dictionary_finds_overlapping_words_and_only_chinese_ones_of_three_or_more() -> None:
    terms = ("制造执行系统", "执行系统", "系统澜图", "MES", "排产", "ERP采购")
    assert dictionary_terms(terms) == ("制造执行系统", "执行系统", "系统澜图")
    dictionary = Dictionary(terms)
    found = [word for word in dictionary.find("制造执行系统澜图") if word not in base_words()]
    assert sorted(found) == sorted(["制造执行系统", "执行系统", "系统澜图"])
    assert ("制造执行系统" in dictionary, "火星车间" in dictionary) == (True, False)


def test_entry_of_a_document() -> None:
    document = Document(
        "product:7",
        3,
        "澜图MES",
        ("澜图",),
        "注塑车间排产",
        {"segment": ("auto_parts", "auto_parts")},
        {"price": 120_000, "updated": 5},
        {"name": "澜图MES"},
        detail="执行",
    )
    entry = entry_of(document, Dictionary(("注塑车间",)))
    ties = tie_values("product:7")
    assert entry.texts == {
        "title_b": "澜图 mes",
        "title_d": "∅",
        "title_c": "图 澜",
        "alias_b": "澜图",
        "alias_d": "∅",
        "alias_c": "图 澜",
        "body_b": "注塑 塑车 车间 间排 排产",
        "body_d": "注塑车间",
    }
    assert entry.keywords["id"] == ("product:7",)
    assert entry.keywords["kind"] == ("product",)
    assert entry.keywords["name"] == ("澜图mes", "澜图")
    assert entry.keywords["segment"] == ("auto_parts",)
    assert entry.integers == {
        "price": 120_000,
        "year": 0,
        "updated": 5,
        "created": 0,
        "v": 3,
        **{f"tie_{day}": ties[day] for day in range(7)},
    }
    assert Stored.read(entry.card) == Stored("澜图MES", ("澜图",), "执行", {"name": "澜图MES"})


def test_a_card_that_is_no_json_is_refused() -> None:
    with pytest.raises(BadDocument) as caught:
        entry_of(Document("product:1", 1, "x", card={"when": object()}), Dictionary())
    assert caught.value.document_id == "product:1"


def test_other_tokens_need_another_analysis_version() -> None:
    """When this fails, raise ANALYSIS_VERSION together with the digest: indexes must be rebuilt."""
    text = "青岛澜图QD-MES3.0，製造執行系統（注塑車間）・ＥＲＰ采购；c++ Ⅳ 5G цех が"
    entry = entry_of(Document("product:1", 1, text, ("简称",), text), Dictionary(("注塑车间",)))
    made = entry.texts, {name: entry.keywords[name] for name in ("name", "py", "k", "s")}
    digest = hashlib.sha256(repr(made).encode()).hexdigest()[:16]
    assert (ANALYSIS_VERSION, digest) == ("3", "b432d6a1828598c0")


@pytest.mark.parametrize("piece", ["a", "a+", "a.", "+", "1.", "制", "é", "|", '"', "_", "а"])
def test_fifty_kilobytes_of_anything_are_read_at_once(piece: str) -> None:
    """S61."""
    text = piece * (50_000 // len(piece))
    start = time.process_time()
    stream((normal(text),))
    assert time.process_time() - start < 0.5  # generous: the machine is shared; it takes 0.02
