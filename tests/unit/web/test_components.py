"""The components as templates: the gallery shows each of them; every error has its own words."""

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes

from tests.support.source import ROOT

TEMPLATES = Environment(
    loader=FileSystemLoader(ROOT / "templates"), autoescape=True, undefined=StrictUndefined
)
COMPONENTS = [name for name in TEMPLATES.list_templates() if name.startswith("components/")]
ERRORS = (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503)


def parsed(name: str) -> nodes.Template:
    loader = TEMPLATES.loader
    assert loader is not None
    return TEMPLATES.parse(loader.get_source(TEMPLATES, name)[0])


@pytest.mark.parametrize("name", COMPONENTS)
def test_the_gallery_shows_every_macro(name: str):
    macros = {
        macro.name for macro in parsed(name).find_all(nodes.Macro) if not macro.name.startswith("_")
    }
    called = {
        call.node.name
        for call in parsed("work/components.html").find_all(nodes.Call)
        if isinstance(call.node, nodes.Name)
    }
    assert macros
    assert macros - called == set()


def test_every_error_has_words_of_its_own():
    """Title, what happened and what to do, the latter two as sentences."""
    pages = {
        pair.key.as_const(): pair.value.as_const()
        for assignment in parsed("errors/error.html").find_all(nodes.Assign)
        if isinstance(assignment.node, nodes.Dict)
        for pair in assignment.node.items
    }
    assert tuple(pages) == ERRORS
    assert len({words for page in pages.values() for words in page}) == 3 * len(ERRORS)
    assert [what + how for _, what, how in pages.values() if what[-1] + how[-1] != "。。"] == []
