"""Words as the pages of the vocabulary show them."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import current_app, url_for

from marketplace import clock
from marketplace.indexing import preview
from marketplace.indexing.preview import Found
from marketplace.indexing.wiring import Catalogue
from marketplace.models import Term
from marketplace.programmes.loader import read_yaml
from marketplace.services.searching.vocabulary import Vocabulary
from marketplace.services.searching.vocabulary_edits import SYNONYM, Wanted
from marketplace.settings import ROOT
from marketplace.web.context import dt
from marketplace.web.context import term as term_name

_words: dict[str, dict[str, Any]] = read_yaml(ROOT / "config" / "messages" / "vocabulary.yml")

KINDS: dict[str, dict[str, Any]] = _words["kinds"]
DATA: dict[str, str] = _words["data"]
DIRECTIONS: dict[str, str] = _words["directions"]
LABELS = {
    "name": "名称", "short_name": "简称", "aliases": "别名", "direction": "方向", "active": "使用",
}  # fmt: skip
RUNGS = {
    "browse": "没有可查的词，列出全部",
    "all": "全部词语都要找到",
    "corrected": "按更正后的词查找",
    "some": "只要求找到一部分词语",
    "none": "没有可以搜索的词",
}
FOUND = {
    "provider": ("服务商", "public.provider", "provider_id"),
    "product": ("产品", "public.product", "product_id"),
    "case": ("案例", "public.case", "case_id"),
}


def catalogue() -> Catalogue:
    """The search of this process."""
    found: Catalogue = current_app.extensions["search"]
    return found


def kind(code: str) -> dict[str, Any]:
    """A kind with its words for people; one that files add later goes by its code."""
    known = KINDS.get(code, {})
    return {
        "code": code,
        "label": known.get("label", code),
        "about": known.get("about", ""),
        "adds": known.get("adds", False),
        "synonym": code == SYNONYM,
        "url": url_for("admin.term_list", kind=code),
    }


def kinds(counts: Mapping[str, tuple[int, int]]) -> list[dict[str, Any]]:
    """Every kind there is, in the order of the file, with its numbers of words."""
    order = [*KINDS, *sorted(set(counts) - set(KINDS))]
    return [
        {**kind(code), "words": counts[code][0], "edited": counts[code][1]}
        for code in order
        if code in counts
    ]


def row(term: Term) -> dict[str, Any]:
    """One line of the list of words."""
    return {
        "name": term.name,
        "short_name": term.short_name,
        "code": term.code,
        "aliases": "、".join(term.aliases),
        "direction": DIRECTIONS.get(term.data.get("direction", ""), "").partition("：")[0],
        "active": term.active,
        "edited": term.edited,
        "url": url_for("admin.term_edit", term_id=term.id),
    }


def values_of(wanted: Wanted) -> dict[str, Any]:
    """A word as its form shows it."""
    return {
        "name": wanted.name,
        "short_name": wanted.short_name,
        "aliases": "\n".join(wanted.aliases),
        "direction": wanted.direction,
        "active": wanted.active,
    }


def differences(theirs: Wanted, mine: Wanted) -> list[tuple[str, str]]:
    """Label and text of both versions, for the fields in which they differ."""
    found = []
    for name, label in LABELS.items():
        pair = getattr(theirs, name), getattr(mine, name)
        if pair[0] != pair[1]:
            found.append((f"{label}（现在登记）", _text(name, pair[0])))
            found.append((f"{label}（您填写的）", _text(name, pair[1])))
    return found


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "使用" if value else "停用"
    if isinstance(value, tuple):
        return "、".join(value) or "空"
    return DIRECTIONS.get(value, value) or "空"


def facts_of(term: Term) -> list[tuple[str, str]]:
    """What a word carries besides its names, and how it came to be."""
    return [
        ("代码", term.code),
        *_data(term.data),
        ("最近更新", dt(term.updated_at)),
        ("来源", "人工修改，不会被系统自带的数据覆盖" if term.edited else "系统自带"),
    ]


def _data(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in data.items():
        if name == "direction" and value in DIRECTIONS:
            continue  # a field of the form
        if isinstance(value, bool):
            text = "是" if value else "否"
        else:
            text = "；".join(term_name(name, str(each)) for each in _list(value))
        yield DATA.get(name, name), text


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def tried(words: Vocabulary, text: str) -> dict[str, Any] | None:
    """A search with some vocabulary as the page shows it; None when the engine is down."""
    found = preview.tried(catalogue(), words, text, clock.today())
    if found is None:
        return None
    lines = [
        ("理解", RUNGS.get(found.rung, found.rung)),
        ("查找的词", "、".join(found.units) or "无"),
    ]
    for typed, others in found.synonyms:
        lines.append((f"“{typed}”的同义词", "、".join(others)))
    for typed, others in found.pinyin:
        lines.append((f"“{typed}”按拼音理解为", "、".join(others)))
    for typed, instead in found.corrected:
        lines.append((f"“{typed}”更正为", instead))
    if found.suggestion:
        lines.append(("您是不是要找", found.suggestion))
    return {"lines": lines, "total": found.total, "hits": [_hit(each) for each in found.found]}


def _hit(found: Found) -> dict[str, str]:
    label, endpoint, argument = FOUND[found.kind]
    number: dict[str, Any] = {argument: int(found.number)}
    url = url_for(endpoint, **number)
    return {"label": label, "name": found.name, "url": url}
