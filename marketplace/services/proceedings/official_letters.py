"""Letters of the bureau as files: Word to be edited and stamped, PDF to be read and printed."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from marketplace.services.documents import typeset, word
from marketplace.services.documents.parts import HEAD, Part
from marketplace.services.documents.typeset import PDF
from marketplace.services.documents.word import DOCX

MEDIA = {"docx": DOCX, "pdf": PDF}


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One letter. ``addressee`` is who it is for; each line of ``paragraphs`` is a paragraph."""

    title: str
    document_no: str = ""
    addressee: str = ""
    paragraphs: Sequence[str]
    sender: str
    day: date

    @property
    def dated(self) -> str:
        """The day as letters write it."""
        return f"{self.day.year}年{self.day.month}月{self.day.day}日"

    @property
    def lines(self) -> list[str]:
        """Its paragraphs: people write several into one field."""
        texts = (line.strip() for text in self.paragraphs for line in text.splitlines())
        return [line for line in texts if line]


def _parts(letter: Letter) -> Iterator[Part]:
    yield Part(letter.title, "center", HEAD, heading=True)
    if letter.document_no:
        yield Part(letter.document_no, "center")
    yield Part("")
    if letter.addressee:
        yield Part(f"{letter.addressee}：", "left")
    for text in letter.lines:
        yield Part(text, "both", indent=True)
    yield Part("")
    yield Part(letter.sender, "right")
    yield Part(letter.dated, "right")


def docx(letter: Letter) -> bytes:
    """The letter for Word."""
    return word.docx(letter.title, _parts(letter))


def pdf(letter: Letter) -> bytes:
    """The letter for reading and printing; as many A4 pages as it takes."""
    facts = asdict(letter) | {"paragraphs": letter.lines, "dated": letter.dated, "day": ""}
    return typeset.pdf("letter", facts, day=letter.day, plain=_parts(letter))
