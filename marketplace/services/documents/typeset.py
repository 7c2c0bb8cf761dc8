"""PDF from the layouts in ``templates/documents``: fonts embedded, tagged, to be kept (PDF/A-2a).

A layout reads what it is given as data (``sys.inputs.facts``, JSON): words that people typed are
never its code. Layouts are Typst's; they may read nothing but their own folder.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

from marketplace.services.documents import fonts, plain_pdf
from marketplace.services.documents.parts import Part
from marketplace.settings import ROOT

PDF = "application/pdf"
FOLDER = ROOT / "templates" / "documents"
STANDARD: Final = "a-2a"


def pdf(layout: str, facts: Mapping[str, Any], *, day: date, plain: Iterable[Part]) -> bytes:
    """The document ``layout`` with ``facts`` (JSON values; ``title`` names it), dated ``day``.

    The same facts give the same bytes. Without a Chinese font here: ``plain``, in a standard one.
    """
    found = fonts.installed()
    if found is None:
        return plain_pdf.pdf(facts["title"], plain)
    import typst

    given = json.dumps(_showable(found, facts) | {"fonts": found.families}, ensure_ascii=False)
    made = typst.compile(
        FOLDER / f"{layout}.typ", root=FOLDER, font_paths=found.library, format="pdf",
        sys_inputs={"facts": given}, pdf_standards=[STANDARD],
        timestamp=int(datetime.combine(day, time(), UTC).timestamp()),
    )  # fmt: skip
    if not isinstance(made, bytes):
        raise TypeError(f"{layout}: {type(made)}")
    return made


def _showable(found: fonts.Fonts, value: Any) -> Any:
    if isinstance(value, str):
        return found.showable(value)
    if isinstance(value, Mapping):
        return {key: _showable(found, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_showable(found, item) for item in value]
    return value
