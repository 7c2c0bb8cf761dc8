"""What an index was made with; kept beside it and compared before use."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from search.analysis.dictionary import Dictionary, base_hash, dictionary_of, dictionary_terms
from search.analysis.entries import ANALYSIS_VERSION
from search.errors import IndexMismatch
from search.fields import schema_hash


@dataclass(frozen=True, slots=True)
class Meta:
    """Hashes of fields and general words, version of the analysis, terms of the trade.

    The terms belong to the index: documents added later are analysed with the same terms, and
    queries know which words are tokens of their own. New terms take effect with the next rebuild.
    """

    schema: str
    analysis: str
    words: str
    terms: tuple[str, ...]

    @property
    def dictionary(self) -> Dictionary:
        return dictionary_of(self.terms)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Meta":
        return cls(data["schema"], data["analysis"], data["words"], tuple(data["terms"]))

    def check(self) -> None:
        """Raises IndexMismatch unless this program can read and write such an index."""
        for name in ("schema", "analysis", "words"):
            theirs, ours = getattr(self, name), getattr(current_meta(), name)
            if theirs != ours:
                raise IndexMismatch(
                    f"索引的 {name}（{theirs}）与程序的（{ours}）不一致，"
                    "请运行 marketplace search rebuild"
                )


def current_meta(terms: Iterable[str] = ()) -> Meta:
    """What this program would build now."""
    return Meta(schema_hash(), ANALYSIS_VERSION, base_hash(), dictionary_terms(terms))
