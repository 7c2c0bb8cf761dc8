"""Letters about objections as files to save."""

from flask import Response

from marketplace.errors import NotFound
from marketplace.models import Objection
from marketplace.services.notices import objections_letters
from marketplace.services.proceedings import official_letters
from marketplace.web.downloads import attachment


def letter_file(row: Objection, name: str, kind: str) -> Response:
    """A letter as Word or PDF (``kind`` docx or pdf). Raises NotFound for one that is not due."""
    if kind not in official_letters.MEDIA:
        raise NotFound
    sender = row.notice.round.programme.instrument.issued_by[0]
    letter = objections_letters.letter(row, name, sender)
    make = official_letters.docx if kind == "docx" else official_letters.pdf
    return attachment(make(letter), f"{letter.title}.{kind}", official_letters.MEDIA[kind])
