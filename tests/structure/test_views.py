"""Views show and ask; services change (quality.md S43, S47)."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

from marketplace import services
from tests.support.source import Rule, Source, sources

CHANGING = ("add", "add_all", "merge", "bulk_save_objects", "bulk_insert_mappings")
CORE = ("insert", "update", "delete")

pytestmark = pytest.mark.xdist_group("source")  # one process reads the tree


def changes_rows(source: Source) -> Iterator[tuple[int, str]]:
    """Rows put into a session, or a bulk statement of SQLAlchemy."""
    core = {
        alias.asname or alias.name
        for node in source.nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for alias in node.names
        if alias.name in CORE
    }
    for node in source.nodes:
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name) and function.id in core:
            yield node.lineno, f"{function.id}(): services change rows, views do not"
        if isinstance(function, ast.Attribute) and function.attr in CHANGING:
            target = ast.unparse(function.value)
            if target in ("session", "db", "current_session()"):
                yield node.lineno, f"{target}.{function.attr}(): services change rows"


RULE = Rule(
    "views leave rows alone (S47)", changes_rows, ("marketplace/web/*.py",),
    # Their own counters and records, in transactions of their own.
    but=("marketplace/web/limits.py", "marketplace/web/security_log.py"),
    bad=(
        ("marketplace/web/a.py", "session.add(User())"),
        ("marketplace/web/a.py", "current_session().add_all(rows)"),
        ("marketplace/web/a.py", "from sqlalchemy import update\nsession.execute(update(User))"),
    ),
    good=(
        ("marketplace/web/a.py", "response.vary.add('Cookie'); names.add(1); query.update(x=1)"),
        ("marketplace/services/a.py", "session.add(User())"),
    ),
)  # fmt: skip


def test_s47_views_leave_rows_alone():
    breaches = [breach for source in sources() for breach in RULE.broken(source)]
    assert not breaches, "\n".join(breaches)


def test_the_rule_can_fail():
    for path, text in RULE.bad:
        assert len(RULE.broken(Source(path, text))) == 1, text
    for path, text in RULE.good:
        assert RULE.broken(Source(path, text)) == [], text


def commands() -> Iterator[tuple[str, inspect.Signature]]:
    """Public functions of services that act for somebody."""
    for found in pkgutil.walk_packages(services.__path__, "marketplace.services."):
        module = importlib.import_module(found.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                signature = inspect.signature(function)
                if "actor" in signature.parameters:
                    yield f"{module.__name__}.{name}", signature


def test_s47_every_command_names_its_actor():
    found = dict(commands())
    assert len(found) > 30
    anybody = {
        name
        for name, signature in found.items()
        if signature.parameters["actor"].default is not inspect.Parameter.empty
    }
    assert anybody == set()


def recording() -> Iterator[str]:
    """Functions of services that write the history, by source."""
    for source in sources():
        if not source.path.startswith("marketplace/services/"):
            continue
        for node in source.nodes:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                calls = {
                    ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)
                }
                arguments = {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}
                if "record" in calls and "actor" not in arguments:
                    yield f"{source.path}:{node.lineno} {node.name}"


def test_s47_what_writes_history_knows_who_acts():
    assert list(recording()) == []


@pytest.mark.parametrize("module", ["flask", "marketplace.web"])
def test_s47_services_know_nothing_of_requests(module):
    users = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        if source.path.startswith("marketplace/services/")
        for node in source.nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(module)
    ]
    assert users == []
