"""Read a query: what must be found, what else would do, what is only colour."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from opencc_pyo3 import OpenCC

from search.analysis.dictionary import base_words
from search.analysis.lexicon import Lexicon
from search.analysis.normal import has_traditional, normal
from search.analysis.segment import Segmenter
from search.analysis.synonyms import Synonym, Synonyms
from search.analysis.tokens import fine_tokens, name_key

MOST_CHARS = 200
MOST_UNITS = 16

_QUOTED = re.compile(r"[\"“”「」『』]([^\"“”「」『』]{1,100})[\"“”「」『』]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Said in a question, but not about the thing that is sought.
_FILLERS = _words("""
    我 我们 你们 想 想要 需要 希望 打算 准备 寻找 查找 找 求 推荐 请 请问 帮忙 有没有 哪家 哪些
    什么 怎么 如何 怎样 可以 能够 一个 一家 一款 一套 这个 那个 比较 以及 或者 还有 因为 所以 目前
    现在 进行 实现 一下 关于 对于 用于 适合 好的 最好 的 了 和 与 及 或 在 是 有 做 能 会 要 把 给
    对 等 吗 呢 吧 个 用 用的 懂
""")
# So common in this trade, alone and together, that they must not decide what is found.
_GENERIC_WORDS = _words("""
    系统 软件 平台 方案 解决方案 服务 服务商 供应商 公司 企业 厂家 厂商 工厂 项目 产品 案例
    有限公司 分公司 股份 科技 技术 行业 管理 数字化 数字化转型 信息化 智能 改造 建设 应用 工具
""")
_GENERIC = re.compile(f"(?:{'|'.join(sorted(_GENERIC_WORDS, key=len, reverse=True))})+")


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing asked for. ``alternatives`` would do as well; an ``optional`` unit only raises
    the rank; an ``exact`` one was quoted and must be found as it stands. ``pinyin`` are the words
    that its letters may stand for, ``key`` the letters when names are to be found by them.
    """

    text: str
    alternatives: tuple[str, ...] = ()
    optional: bool = False
    exact: bool = False
    pinyin: tuple[str, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand the query; ``source`` tells which."""

    source: str
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A query as understood. ``blank``: nothing was typed. No readings although not blank:
    nothing in it can be searched. ``text`` is what was read, in normal form, ``key`` the whole as
    a name, ``tokens`` the whole as a phrase.
    """

    blank: bool
    text: str = ""
    readings: tuple[Reading, ...] = ()
    key: str = ""
    tokens: tuple[str, ...] = ()
    shortened: bool = False

    @property
    def units(self) -> tuple[Unit, ...]:
        """The units of all readings."""
        return tuple(dict.fromkeys(unit for reading in self.readings for unit in reading.units))

    @property
    def spelled(self) -> bool:
        """Whether letters in it were read as Chinese."""
        return any(unit.pinyin for unit in self.units)

    @property
    def quoted(self) -> bool:
        """Whether something must be found as it stands."""
        return any(unit.exact for unit in self.units)


@cache
def _taiwan_to_mainland() -> OpenCC:
    return OpenCC("tw2sp")


class Analyzer:
    """Reads queries with the vocabulary of the day; immutable, shared by threads.

    ``terms`` are names of things in the trade, in any script or case; ``synonyms`` the rules.
    Changing either needs no new index.
    """

    def __init__(self, terms: Iterable[str] = (), synonyms: Iterable[Synonym] = ()) -> None:
        self._synonyms = Synonyms(synonyms)
        self.terms = tuple(sorted({*terms, *self._synonyms.words}))
        self._segmenter = Segmenter(self.terms)
        self.lexicon = Lexicon(self.terms)

    def warm(self) -> None:
        """Load words and pinyin now, for instance before worker processes are forked."""
        self._segmenter.cut("数字化转型服务商")
        base_words()
        self.lexicon.read("fuwushang")
        self.lexicon.likely("服务伤")

    def odd_units(self, query: Query) -> tuple[Unit, ...]:
        """Chinese words that are neither of the trade nor general: names, or slips."""
        units = query.readings[0].units if query.readings else ()
        return tuple(
            unit
            for unit in units
            if name_key(unit.text) not in self.lexicon and self._segmenter.is_odd(unit.text)
        )

    def synonyms_of(self, word: str) -> tuple[str, ...]:
        """What would do instead of a word, in the writing of the vocabulary."""
        return self._synonyms.of(word)

    def read(self, text: str) -> Query:
        """Understand what was typed; never raises, whatever it is."""
        folded = normal(text)
        if not folded.strip():
            return Query(blank=not text.strip())
        short = folded[:MOST_CHARS]
        readings = [Reading("plain", self._units(short))]
        mainland = self._mainland(text)
        if mainland:
            readings.append(Reading("mainland", self._units(mainland)))
        if len(readings[0].units) > 1:
            readings += self._joined(short)
        return Query(
            blank=False,
            text=short.strip(),
            readings=tuple(reading for reading in readings if reading.units),
            key=name_key(short),
            tokens=tuple(fine_tokens(short)),
            shortened=len(folded) > MOST_CHARS or len(readings[0].units) == MOST_UNITS,
        )

    def _mainland(self, text: str) -> str | None:
        """Taiwanese wording in mainland words (軟體, 软件), where that differs."""
        if not has_traditional(text) or not _storable(text):
            return None
        short = text[:MOST_CHARS]
        mainland = normal(_taiwan_to_mainland().convert(short))
        return mainland if name_key(mainland) != name_key(normal(short)) else None

    def _joined(self, text: str) -> list[Reading]:
        """Letters with gaps as one word in pinyin: ``zhi zao zhi xing``."""
        unit = self._letters(name_key(text), ())
        return [Reading("pinyin", (unit,))] if unit.pinyin else []

    def _letters(self, word: str, alternatives: tuple[str, ...]) -> Unit:
        """A word that may be pinyin, with the words it may stand for and what does for those."""
        read = self.lexicon.read(name_key(word)) if word.isascii() else ()
        others = (other for _, whole in read for other in self._synonyms.of(whole))
        pinyin = tuple(dict.fromkeys(part for part, _ in read))
        return Unit(word, tuple(dict.fromkeys((*alternatives, *others))), pinyin=pinyin)

    def _units(self, text: str) -> tuple[Unit, ...]:
        units: list[Unit] = []
        start = 0
        for quoted in _QUOTED.finditer(text):
            units += self._plain_units(text[start : quoted.start()])
            phrase = quoted.group(1).strip()
            if fine_tokens(phrase):
                units.append(Unit(phrase, exact=True))
            start = quoted.end()
        units += self._plain_units(text[start:])
        return _settle(tuple(dict.fromkeys(units))[:MOST_UNITS])

    def _plain_units(self, text: str) -> list[Unit]:
        return [
            replace(
                self._letters(word, self._synonyms.of(word)),
                optional=bool(_GENERIC.fullmatch(word)),
            )
            for word in self._segmenter.cut(text)
        ]


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _settle(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """Drop fillers and single characters beside real words; let something be required."""
    words = tuple(u for u in units if u.exact or (u.text not in _FILLERS and len(u.text) > 1))
    words = words or units
    if all(unit.optional for unit in words):
        return tuple(replace(unit, optional=False) for unit in words)
    return words
