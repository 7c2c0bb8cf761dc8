"""The forms of a page, for tests that fill in whatever they find."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class FoundForm:
    """One form: where it goes, how, and its fields with their values."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[FoundForm] = []
        self._open: FoundForm | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = FoundForm(given.get("action") or self.page, given.get("method", "get"))
            self.forms.append(self._open)
        elif self._open is not None and given.get("name"):
            if tag in ("input", "textarea", "button"):
                self._open.fields.setdefault(given["name"], given.get("value", ""))
            elif tag == "select":
                self._select = given["name"]
                self._open.fields.setdefault(self._select, "")
        elif (
            tag == "option"
            and self._open is not None
            and self._select
            and ("selected" in given or not self._open.fields[self._select])
        ):
            self._open.fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""


def forms(html: str, page: str) -> list[FoundForm]:
    """Every form of ``html``, which was found at the address ``page``."""
    reader = _Reader(page)
    reader.feed(html)
    return reader.forms
