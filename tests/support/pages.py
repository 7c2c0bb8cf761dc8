"""HTML pages as trees, for tests that read what a visitor reads."""

import re
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, SubElement

from werkzeug.test import TestResponse

VOID = ("area", "br", "hr", "img", "input", "link", "meta", "source", "wbr", "path", "rect")


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("document")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        element = SubElement(self._open[-1], tag, values)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        SubElement(self._open[-1], tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        places = [place for place, element in enumerate(self._open) if element.tag == tag]
        if places:
            del self._open[places[-1] :]

    def handle_data(self, data: str) -> None:
        parent = self._open[-1]
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + data
        else:
            parent.text = (parent.text or "") + data


class Page:
    """An answer as a page. ``Page(client.get("/providers"))``."""

    def __init__(self, answer: TestResponse) -> None:
        tree = _Tree()
        tree.feed(answer.get_data(as_text=True))
        self.status = answer.status_code
        self.root = tree.root

    def all(self, tag: str, classes: str = "", **attributes: str) -> list[Element]:
        """Elements in order. ``classes``: those it must have; ``aria_label`` for aria-label."""
        return find(self.root, tag, classes, **attributes)

    def one(self, tag: str, classes: str = "", **attributes: str) -> Element:
        """The only such element."""
        (element,) = self.all(tag, classes, **attributes)
        return element

    def texts(self, tag: str, classes: str = "", **attributes: str) -> list[str]:
        """What is written in such elements."""
        return [text(element) for element in self.all(tag, classes, **attributes)]

    @property
    def main(self) -> str:
        """Everything written in the main part."""
        return text(self.one("main"))

    @property
    def total(self) -> int:
        """The number in "找到 n 家"."""
        found = re.match(r"找到 (\d+)", text(self.one("p", id="result-sentence")))
        assert found is not None
        return int(found.group(1))


def find(root: Element, tag: str, classes: str = "", **attributes: str) -> list[Element]:
    """Elements below ``root``, by tag, classes and attributes."""
    wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    return [
        element
        for element in root.iter(tag)
        if set(classes.split()) <= set(element.get("class", "").split())
        and all(element.get(name) == value for name, value in wanted.items())
    ]


def text(element: Element) -> str:
    """All text of an element, with blanks folded."""
    return " ".join("".join(element.itertext()).split())
