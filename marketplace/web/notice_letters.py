"""Letters as files to save."""

from flask import Response

from marketplace.errors import NotFound
from marketplace.models import Objection
from marketplace.services.notices import objections_letters
from marketplace.services.proceedings import official_letters
from marketplace.services.proceedings.official_letters import Letter
from marketplace.web.downloads import attachment


def as_file(letter: Letter, kind: str) -> Response:
    """A letter as Word or PDF (``kind`` docx or pdf). Raises NotFound for another kind."""
    if kind not in official_letters.MEDIA:
        raise NotFound
    make = official_letters.docx if kind == "docx" else official_letters.pdf
    return attachment(make(letter), f"{letter.title}.{kind}", official_letters.MEDIA[kind])


def letter_file(row: Objection, name: str, kind: str) -> Response:
    """A letter about an objection. Raises NotFound for one that is not due."""
    sender = row.notice.round.programme.instrument.issued_by[0]
    return as_file(objections_letters.letter(row, name, sender), kind)
