"""What was done with the words typed, when it is more than looking for them: short sentences.

Each note is a text and the links after it, so that whatever was done can be undone in one click.
"""

from dataclasses import dataclass

from marketplace.web.public.addresses import address
from marketplace.web.public.searching import Found
from search import Reading

MOST_WORDS = 4
Link = tuple[str, str]


@dataclass(frozen=True)
class Note:
    """A sentence, and (text, address) of what the visitor may do about it."""

    text: str
    links: tuple[Link, ...] = ()


def notes(found: Found, path: str) -> list[Note]:
    """The notes of one page, the most important first; none without words."""
    reading, request = found.reading, found.asked.request
    if reading is None or not request.q:
        return []
    said = [_corrected(found, path), *_offers(found, path)]
    if reading.rung == "some" and found.total:
        said.append(Note("没有同时含全部词的结果，下面只含其中一部分"))
    if reading.shortened or found.asked.cut:
        said.append(Note("关键词太长，只用了前面一段"))
    if found.total:
        said += _readings(reading)
    return [note for note in said if note]


def _again(found: Found, path: str, words: str, *, literal: bool = False) -> str:
    """The same search for ``words``."""
    pairs = found.asked.params.items(multi=True)
    rest = [pair for pair in pairs if pair[0] not in ("q", "literal")]
    return address(path, [("q", words), *[("literal", "1")] * literal, *rest])


def _corrected(found: Found, path: str) -> Note | None:
    """The words typed are nowhere; others were looked for instead."""
    if found.reading is None or not found.reading.corrected:
        return None
    typed = found.asked.request.q
    link = (f"仍然搜索“{typed}”", _again(found, path, typed, literal=True))
    return Note(f"没有找到“{typed}”，下面按“{found.searched}”查找。", (link,))


def _offers(found: Found, path: str) -> list[Note]:
    """Another spelling to try; after a search to the letter, the way back."""
    said = []
    better = found.reading.suggestion if found.reading else None
    if better and better != found.searched:
        said.append(Note("您是不是要找：", ((better, _again(found, path, better)),)))
    if found.asked.request.literal:
        link = ("恢复自动更正", _again(found, path, found.asked.request.q))
        said.append(Note("只查找原样输入的词。", (link,)))
    return said


def _readings(reading: Reading) -> list[Note]:
    """Pinyin, synonyms and mainland words that were looked for as well."""
    said = [
        Note(f"“{typed}”按拼音理解为：{'、'.join(words[:MOST_WORDS])}")
        for typed, words in reading.pinyin
    ]
    read = dict(reading.pinyin)
    pairs = [
        f"{read.get(word, (word,))[0]}＝{'、'.join(others)}".upper()
        for word, others in reading.synonyms
    ]
    if pairs:
        said.append(Note(f"同义词一并查找：{'；'.join(pairs)}"))
    if reading.mainland:
        said.append(Note("也按大陆常用说法查找"))
    return said
