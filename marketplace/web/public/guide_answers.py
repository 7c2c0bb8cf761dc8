"""The questions of the guided selector with what the address answers; no view, no search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.indexing import fallback
from marketplace.services.searching.vocabulary import Vocabulary, Word
from marketplace.web.public.addresses import address

PATH = "/guide"
RESULT = "result"
STEP = "step"
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Question:
    """One question with its options and what was chosen of them."""

    word: Word
    options: Sequence[Word]
    chosen: tuple[Word, ...]

    @property
    def code(self) -> str:
        return self.word.code

    @property
    def label(self) -> str:
        return self.word.label

    @property
    def how(self) -> str:
        """How the answer is used: same, categories, upto, mentions."""
        return str(self.word.data.get("how", ""))

    @property
    def field(self) -> str:
        """The field of the index that the answer filters by; "" when it only explains."""
        return str(self.word.data.get("field", ""))

    @property
    def most(self) -> int:
        """How many options may be chosen."""
        return int(self.word.data.get("most", 1))

    @property
    def answer(self) -> str:
        """What was chosen, in short; "" when the question was left out."""
        return "、".join(word.label for word in self.chosen)

    @property
    def values(self) -> tuple[str, ...]:
        """The values of ``field`` that the answer allows; none when it allows all."""
        if self.how == "categories":
            codes = (code for word in self.chosen for code in word.data.get("categories", ()))
            return tuple(dict.fromkeys(codes))
        if self.how == "upto" and self.chosen:
            order = [word.code for word in self.options]
            last = max(order.index(word.code) for word in self.chosen)
            return () if last == len(order) - 1 else tuple(order[: last + 1])
        return tuple(word.code for word in self.chosen) if self.how == "same" else ()

    def pairs(self) -> Pairs:
        """The answer as it stands in an address."""
        return [(self.code, word.code) for word in self.chosen]


def answers(questions: Sequence[Question], *, but: Sequence[str] = ()) -> Pairs:
    """All answers but those to the questions named, as they stand in an address."""
    return [pair for item in questions if item.code not in but for pair in item.pairs()]


def result_address(pairs: Pairs) -> str:
    """Where the list of these answers is."""
    return address(PATH, [*pairs, (STEP, RESULT)])


def read(words: Vocabulary, args: MultiDict[str, str]) -> list[Question]:
    """The questions with the answers of the address. Raises Invalid for an unknown option."""
    return [_question(words, word, args) for word in words.options("guide_question")]


def _question(words: Vocabulary, word: Word, args: MultiDict[str, str]) -> Question:
    options = _options(words, str(word.data.get("options", "")))
    known = {option.code: option for option in options}
    given = [value for value in dict.fromkeys(args.getlist(word.code)) if value]
    wrong = [value for value in given if value not in known]
    if wrong:
        raise Invalid("网址中的查询条件有误", {word.code: ["没有这个选项"]})
    most = int(word.data.get("most", 1))
    return Question(word, options, tuple(known[value] for value in given[:most]))


def _options(words: Vocabulary, kind: str) -> Sequence[Word]:
    """Every option; of segments those that anybody is listed under."""
    options = words.options(kind)
    if kind != "segment":
        return options
    there = fallback.offered(current_session())["segment"]
    return [word for word in options if word.code in there] or options


def filters(questions: Sequence[Question]) -> Mapping[str, tuple[str, ...]]:
    """What the answers demand of a product, by field of the index."""
    return {item.field: item.values for item in filtering(questions)}


def filtering(questions: Sequence[Question]) -> list[Question]:
    """The questions whose answers leave some products out."""
    return [item for item in questions if item.field and item.values]
