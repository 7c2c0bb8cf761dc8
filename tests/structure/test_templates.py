"""Every template compiles in the application's own environment, which refuses unknown names."""

import pytest
from jinja2 import StrictUndefined, UndefinedError

from marketplace import create_app
from marketplace.settings import Settings
from tests.support.source import ROOT

TEMPLATES = sorted(
    path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.html")
)


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    data = str(tmp_path_factory.mktemp("data"))
    app = create_app(Settings.from_env({"MARKETPLACE_MODE": "test", "MARKETPLACE_DATA": data}))
    return app.jinja_env


@pytest.mark.parametrize("name", TEMPLATES)
def test_compiles(environment, name):
    assert environment.get_template(name).name == name


def test_unknown_names_are_errors(environment):
    assert issubclass(environment.undefined, StrictUndefined)
    with pytest.raises(UndefinedError):
        environment.compile_expression("ghost.name", undefined_to_none=False)().upper()
