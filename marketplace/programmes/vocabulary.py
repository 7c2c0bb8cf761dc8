"""Seeds of the vocabulary tables, read from ``config/vocabulary``; afterwards the tables decide."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marketplace.programmes.loader import Document, Finding, LoadFailed, read_document
from marketplace.programmes.structure import Malformed, Problem, build


@dataclass(frozen=True, kw_only=True)
class Term:
    """One word of one kind: stable code, names, aliases for search, and further data."""

    code: str
    name: str
    short_name: str = ""
    aliases: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """All terms of one kind, in the order shown to people."""

    kind: str
    terms: tuple[Term, ...]


def load(folder: Path) -> tuple[Vocabulary, ...]:
    """Every vocabulary of a folder, sorted by file name. Raises LoadFailed with all findings."""
    found: list[Vocabulary] = []
    findings: list[Finding] = []
    for path in sorted(folder.glob("*.yml")):
        try:
            document = read_document(path)
            found.append(build(Vocabulary, document.data))
            findings += _repeated(document, found[-1])
        except LoadFailed as error:
            findings += error.findings
        except Malformed as error:
            findings += [document.finding(problem) for problem in error.problems]
    if findings:
        raise LoadFailed(findings)
    return tuple(found)


def codes(vocabularies: tuple[Vocabulary, ...], kind: str) -> frozenset[str]:
    """The codes of one kind over all given vocabularies."""
    return frozenset(
        term.code
        for vocabulary in vocabularies
        if vocabulary.kind == kind
        for term in vocabulary.terms
    )


def _repeated(document: Document, vocabulary: Vocabulary) -> list[Finding]:
    seen: set[str] = set()
    repeated = []
    for i, term in enumerate(vocabulary.terms):
        if term.code in seen:
            repeated.append(
                document.finding(
                    Problem(("terms", i), f"代码“{term.code}”重复", "请合并，或换一个代码。")
                )
            )
        seen.add(term.code)
    return repeated
