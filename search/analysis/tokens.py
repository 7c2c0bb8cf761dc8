"""Text to tokens. Engines see the tokens separated by blanks and analyse nothing themselves."""

import re
from collections.abc import Iterable
from operator import add

from search.analysis.normal import RUN

MAX_TOKEN = 64  # longer runs of letters are cut, in documents and queries alike
MAX_NAME = 200
BREAK = "|"  # stands between values so that no phrase reaches from one into the next

FINE = re.compile(r"[a-z]+(?:[+#]+(?![a-z0-9]))?|[0-9]+(?:\.[0-9]+)*")


def fine_tokens(text: str) -> list[str]:
    """Smallest tokens in their order: overlapping pairs of Chinese characters, words, numbers.

    ``text`` is in normal form. A Chinese character alone in its run stands for itself. A compound
    such as ``qd-mes3.0`` gives ``qd mes 3.0``, so that it is found whole, as a phrase, and by part.
    """
    tokens: list[str] = []
    for run in RUN.finditer(text):
        word = run.group()
        if run.lastgroup == "cjk":
            tokens += bigrams(word)
        elif run.lastgroup == "latin":
            tokens += [part[:MAX_TOKEN] for part in FINE.findall(word)]
        else:
            tokens.append(word[:MAX_TOKEN])
    return tokens


def bigrams(word: str) -> list[str]:
    """``制造业`` gives ``制造``, ``造业``; a single character gives itself."""
    if len(word) == 1:
        return [word]
    return list(map(add, word, word[1:]))


def pieces(text: str) -> list[str]:
    """Chinese runs whole, other words in their smallest parts; ``text`` is in normal form."""
    found: list[str] = []
    for run in RUN.finditer(text):
        found += FINE.findall(run.group()) if run.lastgroup == "latin" else [run.group()]
    return found


def name_key(text: str) -> str:
    """A name of normal form without blanks and punctuation, for comparing whole names."""
    return "".join(pieces(text))[:MAX_NAME]


def stream(values: Iterable[str]) -> str:
    """The token stream of a text field with one or more values of normal form."""
    return f" {BREAK} ".join(" ".join(fine_tokens(value)) for value in values)


def char_stream(values: Iterable[str]) -> str:
    """Each distinct Chinese character of texts of normal form, for queries of one character."""
    chars = {
        char
        for value in values
        for run in RUN.finditer(value)
        if run.lastgroup == "cjk"
        for char in run.group()
    }
    return " ".join(sorted(chars))
