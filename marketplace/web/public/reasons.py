"""Why a hit was found: which part of it has the words, and which other word stood for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from marketplace.web.public.searching import Why
from search import Highlighter, Hit, Match

MOST_REASONS = 3
LONGEST = 60
SEEN = ("名称", "简介")
"""Parts that every card shows with their hits marked: not told again but for a remark."""
ELSEWHERE = "详细内容"
"""Some of what is searched stands on the page of the thing and not on its card."""

Marked = list[tuple[str, bool]]
Texts = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Reason:
    """One part of a card that has a word: its label, the text with hits marked, a remark."""

    label: str
    text: Marked
    remark: str


def reasons(hit: Hit, texts: Texts, highlighter: Highlighter, why: Why | None) -> list[Reason]:
    """At most three, one for each part; none when no words were looked for.

    ``texts`` are the parts of the card by label, in the order in which they tell most.
    """
    if why is None or not highlighter:
        return []
    found = list(_told(why(hit, texts), texts, highlighter))
    worth = [reason for reason in found if reason.text or reason.remark]
    return (worth or found or [Reason(ELSEWHERE, [], "")])[:MOST_REASONS]


def _told(matches: Sequence[Match], texts: Texts, highlighter: Highlighter) -> Iterator[Reason]:
    for label in texts:
        here = [match for match in matches if match.field == label]
        if not here:
            continue
        # A word that is there in another shape needs saying more than one that stands as typed.
        telling = next((match for match in here if match.how != "word"), here[0])
        remark = _remark(telling)
        if label in SEEN:
            yield Reason(label, [(telling.found, True)] if remark else [], remark)
        else:
            yield Reason(label, _where(texts[label], telling, highlighter), remark)


def _where(texts: Sequence[str], match: Match, highlighter: Highlighter) -> Marked:
    """The first of the texts that has what was found."""
    holding = next((text for text in texts if match.found in text), match.found)
    return [(part.text, part.hit) for part in highlighter.snippet(holding, LONGEST)]


def _remark(match: Match) -> str:
    word = match.word.upper() if match.word.isascii() else match.word
    return {
        "synonym": f"“{word}”的同义词",
        "pinyin": f"拼音“{match.word}”",
        "correction": f"由“{match.word}”更正",
        "mainland": f"“{word}”的常用说法",
    }.get(match.how, "")
