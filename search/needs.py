"""From a complaint in everyday words to the capabilities that would help.

    needs = Needs(capabilities, synonyms=(Synonym(("排产", "排单")),))
    needs.rank("订单多了排产全靠人脑，插单就乱", limit=10)

Lexical by itself: BM25 over words, their synonyms and pairs of characters in the description of
each capability. With an embedder nearness in meaning is added (search/semantic.py). Every answer
names the words it rests on.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path

from search.analysis.normal import RUN, normal
from search.analysis.segment import Segmenter
from search.analysis.synonyms import Synonym, Synonyms
from search.analysis.tokens import bigrams, fine_tokens
from search.semantic import Embedder, Passages, fuse

MOST_CHARS = 2_000
MOST_MEANT = 240  # characters the embedder reads: it needs time by the square of the length
MOST_WORDS = 200
MOST_FOUND = 5
MOST_REMEMBERED = 20_000

K1, B = 1.2, 0.5
NAME_WEIGHT = 2.0  # the first text: what it is called and the words people use for it
PAIR_WEIGHT = 0.5
SYNONYM_WEIGHT = 0.7
ONE_CHAR_WEIGHT = 0.4
# A capability with parts: half of its own score and most of its best part's.
OWN_SHARE, PART_SHARE = 0.7, 0.9
PARTICLES = "的了着吗呢吧啊"


@dataclass(frozen=True, slots=True)
class Capability:
    """Something providers can do: ``kind`` and ``code`` name it in the vocabulary.

    ``texts`` describe it in plain words; the first holds what it is called. ``thoughts`` are those
    of them that are whole sentences: what meaning is compared with. ``under`` is the code of the
    wider capability that it is part of.
    """

    code: str
    kind: str
    name: str
    texts: tuple[str, ...]
    thoughts: tuple[str, ...] = ()
    under: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A capability with its score (larger is better, comparable within one answer only) and the
    words typed that speak for it, the weightiest first. Without words it is near by meaning only.
    """

    capability: Capability
    score: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Understood:
    """A complaint taken apart, each word and each pair of characters once, in their order."""

    words: tuple[str, ...]
    pairs: tuple[str, ...]


class Needs:
    """Ranks capabilities. Shared by threads; make a new one when the descriptions change.

    With ``embedder`` the vectors of all texts are made by ``warm`` or at the first ``rank``, which
    takes seconds; ``folder`` keeps them on disk for the next process.
    """

    def __init__(
        self,
        capabilities: Iterable[Capability],
        embedder: Embedder | None = None,
        *,
        synonyms: Iterable[Synonym] = (),
        folder: Path | None = None,
    ) -> None:
        self.capabilities = tuple(capabilities)
        self._synonyms = Synonyms(synonyms)
        self._spoken = frozenset({*self._synonyms.words, *_names(self.capabilities)})
        self._segmenter = Segmenter(self._spoken)
        self._described = [_Description(item.texts) for item in self.capabilities]
        self._mean = sum(item.length for item in self._described) / max(1, len(self._described))
        self._parts = _parts(self.capabilities)
        self._known: dict[str, Mapping[int, float]] = {}
        self._passages = (
            Passages(embedder, [_passages(item) for item in self.capabilities], folder)
            if embedder is not None and self.capabilities
            else None
        )

    @property
    def fused(self) -> bool:
        """Whether meaning counts beside words."""
        return self._passages is not None

    def warm(self) -> None:
        """Make the vectors now. Raises what the embedder raises."""
        if self._passages is not None:
            self._passages.ready()

    def rank(self, text: str, limit: int = 10, *, kind: str | None = None) -> tuple[Ranked, ...]:
        """What fits best, the best first; nothing for a text that says nothing.

        Only the first 2,000 characters count. Any text will do.
        """
        folded = normal(text[:MOST_CHARS])
        understood = self.read(folded)
        if not understood.words:
            return ()
        scores = self._with_wholes(self._by_words(understood), OWN_SHARE, PART_SHARE)
        if self._passages is not None:
            meant = self._with_wholes(self._passages.scores(folded[:MOST_MEANT]), 0.5, 0.5)
            scores = fuse(scores, meant) if meant else scores
        order = sorted(scores, key=lambda index: (-scores[index], index))
        chosen = [i for i in order if kind is None or self.capabilities[i].kind == kind][:limit]
        return tuple(
            Ranked(self.capabilities[i], scores[i], self._found(understood, i)) for i in chosen
        )

    def read(self, folded: str) -> Understood:
        """Words and pairs of a text in normal form, without what any complaint says."""
        words: list[str] = []
        pairs: list[str] = []
        for run in RUN.finditer(folded):
            if run.lastgroup != "cjk":
                words += [part for part in (run.group(), *fine_tokens(run.group())) if _says(part)]
                continue
            pairs += [pair for pair in bigrams(run.group()) if len(pair) > 1 and _says(pair)]
            for cut in self._segmenter.cut(run.group()):
                word = cut.strip(PARTICLES)
                # One character says something only where it is known to stand for a word: 坏.
                if _says(word) and (len(word) > 1 or self._synonyms.of(word)):
                    words.append(word)
        return Understood(
            tuple(dict.fromkeys(words))[:MOST_WORDS], tuple(dict.fromkeys(pairs))[: 2 * MOST_WORDS]
        )

    def _by_words(self, understood: Understood) -> dict[int, float]:
        scores: dict[int, float] = defaultdict(float)
        for word in understood.words:
            for index, value in self._of_word(word).items():
                scores[index] += value
        for pair in understood.pairs:
            for index, value in self._of_pair(pair).items():
                scores[index] += PAIR_WEIGHT * value
        return scores

    def _with_wholes(
        self, scores: Mapping[int, float], own: float, part: float
    ) -> dict[int, float]:
        """What a part is good for, the whole is good for."""
        lifted = dict(scores)
        for whole, parts in self._parts.items():
            best = max((scores.get(index, 0.0) for index in parts), default=0.0)
            value = own * scores.get(whole, 0.0) + part * best
            if value:
                lifted[whole] = value
        return lifted

    def _of_word(self, word: str) -> Mapping[int, float]:
        """BM25 of a word in each description. What stands for it counts as the same word: it is
        as rare as all of them together, and of those in a description the best counts.
        """
        known = self._known.get(word)
        if known is None:
            known = self._weigh((word, *self._synonyms.of(word)))
            if len(self._known) < MOST_REMEMBERED:
                self._known[word] = known
        return known

    def _of_pair(self, pair: str) -> Mapping[int, float]:
        key = f"{pair}|"
        known = self._known.get(key)
        if known is None:
            known = self._weigh((pair,))
            if len(self._known) < MOST_REMEMBERED:
                self._known[key] = known
        return known

    def _weigh(self, group: Sequence[str]) -> dict[int, float]:
        best: dict[int, float] = {}
        for place, said in enumerate(group):
            share = SYNONYM_WEIGHT if place else 1.0
            share *= ONE_CHAR_WEIGHT if len(said) == 1 else 1.0
            for index, count in self._counts(normal(said)).items():
                long = 1 - B + B * self._described[index].length / self._mean
                value = share * count * (K1 + 1) / (count + K1 * long)
                best[index] = max(best.get(index, 0.0), value)
        rare = math.log(1 + (len(self._described) - len(best) + 0.5) / (len(best) + 0.5))
        return {index: rare * value for index, value in best.items()}

    def _counts(self, said: str) -> dict[int, float]:
        counts = {index: item.count(said) for index, item in enumerate(self._described)}
        return {index: count for index, count in counts.items() if count}

    def _found(self, understood: Understood, index: int) -> tuple[str, ...]:
        """The words that speak for a capability, or for a part of it."""
        values = {}
        for word in understood.words:
            weights = self._of_word(word)
            values[word] = max(weights.get(i, 0.0) for i in (index, *self._parts.get(index, ())))
        ordered = sorted(understood.words, key=lambda word: -values[word])
        return tuple(w for w in ordered if values[w] > 0 and self._shown(w))[:MOST_FOUND]

    def _shown(self, word: str) -> bool:
        """Whether people would call it a word: not two stray characters, as in 就乱."""
        known = word in self._spoken or word.isascii()
        return known or not (word[0] in _empty() or word[-1] in _empty())


class _Description:
    """The texts of one capability in normal form, the first with more weight."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [normal(text) for text in texts]
        self.length = sum(len(text) * _weight(i) for i, text in enumerate(self._texts))

    def count(self, said: str) -> float:
        """How often it is said, by weight. A word of letters counts whole only."""
        if said.isascii():
            return sum(_weight(i) * (said in words) for i, words in enumerate(self._latin))
        return sum(_weight(i) * text.count(said) for i, text in enumerate(self._texts))

    @cached_property
    def _latin(self) -> list[frozenset[str]]:
        return [frozenset(fine_tokens(text)) for text in self._texts]


def _weight(place: int) -> float:
    return 1.0 if place else NAME_WEIGHT


@cache
def _empty() -> frozenset[str]:
    """Words that any complaint may have, whatever it is about."""
    return frozenset(files("search").joinpath("data/empty_words.txt").read_text("utf-8").split())


def _says(word: str) -> bool:
    return bool(word) and word not in _empty() and not word.replace(".", "").isdigit()


def _names(capabilities: Iterable[Capability]) -> Iterable[str]:
    """What capabilities are called: words that a text is cut by."""
    for item in capabilities:
        yield item.name
        yield from item.texts[0].split() if item.texts else ()


def _parts(capabilities: Sequence[Capability]) -> dict[int, list[int]]:
    """By index: the parts of each capability that has some."""
    places = {item.code: index for index, item in enumerate(capabilities)}
    parts: dict[int, list[int]] = defaultdict(list)
    for index, item in enumerate(capabilities):
        if item.under in places:
            parts[places[item.under]].append(index)
    return dict(parts)


def _passages(item: Capability) -> tuple[str, ...]:
    """One thought each; what it is called when nothing else is said."""
    return item.thoughts or item.texts[:1] or (item.name,)
