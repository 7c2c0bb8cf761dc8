"""Rules over Python source that no ready-made linter knows."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.support.source import Rule, Source, imports, python

Breaches = Iterator[tuple[int, str]]

OURS = ("marketplace/*.py", "search/*.py")  # a star also crosses folders
MAX_MODULE = 300
MAX_FUNCTION = 40

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _name(node: ast.AST) -> str:
    """Dotted name of a Name or Attribute, or empty."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = _name(node.value)
        return f"{left}.{node.attr}" if left else node.attr
    return ""


def _calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    for node in source.nodes:
        if isinstance(node, ast.Call):
            yield node, _name(node.func)


def module_size(source: Source) -> Breaches:
    lines = len(source.text.splitlines())
    if lines > MAX_MODULE:
        yield 1, f"{lines} lines, at most {MAX_MODULE}"


def function_size(source: Source) -> Breaches:
    for node in source.nodes:
        if isinstance(node, FUNCTIONS):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION:
                yield node.lineno, f"{node.name} has {lines} lines, at most {MAX_FUNCTION}"


def no_template_strings(source: Source) -> Breaches:
    for node, name in _calls(source):
        if name.rpartition(".")[2] in ("render_template_string", "from_string"):
            yield node.lineno, f"{name}: templates are files"


def no_markup(source: Source) -> Breaches:
    for line, name in imports(source):
        if name.endswith(".Markup"):
            yield line, "Markup switches escaping off; it belongs to marketplace/web/markup.py"


def _built(node: ast.expr) -> bool:
    """Whether a string is put together here rather than written out."""
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod)
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in ("format", "join")


SQL_FUNCTIONS = ("text", "literal_column", "exec_driver_sql", "DDL")


def no_built_sql(source: Source) -> Breaches:
    for node, name in _calls(source):
        if name.rpartition(".")[2] in SQL_FUNCTIONS and any(map(_built, node.args[:1])):
            yield node.lineno, f"{name}() of a string put together: use bound parameters"


def no_unknown_fields(source: Source) -> Breaches:
    for node in source.nodes:
        targets: list[str] = []
        if isinstance(node, ast.Assign):
            targets, value = [_name(target) for target in node.targets], node.value
        elif isinstance(node, ast.keyword):
            targets, value = [node.arg or ""], node.value
        if "unknown" in targets and _name(value).rpartition(".")[2] in ("INCLUDE", "EXCLUDE"):
            yield value.lineno, "unknown fields are refused, never let in or dropped"


CLOCKS = re.compile(
    r"(.*\.)?(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime|ctime))"
)


def one_clock(source: Source) -> Breaches:
    for node, name in _calls(source):
        if CLOCKS.fullmatch(name):
            yield node.lineno, f"{name}(): ask marketplace.clock, or take the day as an argument"


DEFAULTS = ("default", "insert_default", "onupdate", "default_factory")


def clock_of_the_row(source: Source) -> Breaches:
    for node, _ in _calls(source):
        for given in node.keywords:
            if given.arg in DEFAULTS and _name(given.value).startswith("clock."):
                yield node.lineno, "bound at import, passes a set clock by: take mixins.made_now"


PLACES = {
    "yaml": "marketplace/programmes/loader.py",
    "tantivy": "search/engines/",
    "elasticsearch": "search/engines/",
}


def libraries_in_place(source: Source) -> Breaches:
    for line, name in imports(source):
        place = PLACES.get(name.partition(".")[0])
        if place and not source.path.startswith(place):
            yield line, f"{name} is imported only in {place}"


def no_commit(source: Source) -> Breaches:
    for node, name in _calls(source):
        if name.rpartition(".")[2] in ("commit", "rollback", "abort"):
            yield node.lineno, f"{name}(): the request or unit_of_work() ends the transaction"


@cache
def indexed_models() -> frozenset[str]:
    """Classes whose changes the outbox listener watches."""
    return frozenset(
        node.name
        for source in python("marketplace/models/")
        for node in source.nodes
        if isinstance(node, ast.ClassDef)
        and any(isinstance(part, FUNCTIONS) and part.name == "index_keys" for part in node.body)
    )


def no_bulk_change(source: Source, indexed: frozenset[str] | None = None) -> Breaches:
    indexed = indexed_models() if indexed is None else indexed
    for node, name in _calls(source):
        if name.rpartition(".")[2] in ("update", "delete") and node.args:
            model = _name(node.args[0]).removesuffix(".__table__").rpartition(".")[2]
            if model in indexed:
                yield node.lineno, f"bulk {name}({model}) by-passes the index listener"


MARKS = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b|\braise NotImplementedError\b")


def nothing_unfinished(source: Source) -> Breaches:
    for number, line in enumerate(source.text.splitlines(), 1):
        if mark := MARKS.search(line):
            yield number, f"unfinished: {mark.group().strip()}"


def no_mocks(source: Source) -> Breaches:
    for line, name in imports(source):
        if "mock" in name.split("."):
            yield line, "no mocks: use the real thing, fakes only at the edges"


RULES = (
    Rule(
        "modules are short", module_size, OURS,
        bad=(("marketplace/a.py", "x = 1\n" * 301),),
        good=(("marketplace/a.py", "x = 1\n" * 300),),
    ),
    Rule(
        "functions are short", function_size, OURS,
        bad=(("search/a.py", "def f():\n" + "    x = 1\n" * 40),),
        good=(("search/a.py", "def f():\n" + "    x = 1\n" * 39),),
    ),
    Rule(
        "templates are files (S54)", no_template_strings, OURS,
        bad=(
            ("marketplace/a.py", "flask.render_template_string(text)"),
            ("marketplace/a.py", "app.jinja_env.from_string(text)"),
        ),
        good=(("marketplace/a.py", "render_template('a.html')"),),
    ),
    Rule(
        "escaping is switched off in one module (S55)", no_markup, OURS,
        but=("marketplace/web/markup.py",),
        bad=(
            ("marketplace/web/a.py", "from markupsafe import Markup"),
            ("search/a.py", "from markupsafe import Markup as M"),
        ),
        good=(
            ("marketplace/web/markup.py", "from markupsafe import Markup"),
            ("marketplace/web/a.py", "from markupsafe import escape"),
        ),
    ),
    Rule(
        "SQL is never put together from strings (S49)", no_built_sql,
        (*OURS, "migrations/*.py"),
        but=("marketplace/db.py",),  # PRAGMA takes no bound parameters
        bad=(
            ("marketplace/a.py", "text(f'SELECT {x}')"),
            ("marketplace/a.py", "sa.text('SELECT ' + x)"),
            ("marketplace/a.py", "text('SELECT %s' % x)"),
            ("marketplace/a.py", "text('SELECT {}'.format(x))"),
            ("marketplace/a.py", "connection.exec_driver_sql(f'DROP TABLE {x}')"),
        ),
        good=(("marketplace/a.py", "text('SELECT :x')"),),
    ),
    Rule(
        "unknown fields are refused (S43)", no_unknown_fields, OURS,
        bad=(
            ("marketplace/a.py", "class Meta:\n    unknown = EXCLUDE"),
            ("marketplace/a.py", "schema.load(data, unknown=marshmallow.INCLUDE)"),
        ),
        good=(("marketplace/a.py", "class Meta:\n    unknown = RAISE"),),
    ),
    Rule(
        "the clock is read in one module", one_clock, OURS,
        but=("marketplace/clock.py",),
        bad=(
            ("marketplace/a.py", "datetime.now(UTC)"),
            ("marketplace/a.py", "dt.date.today()"),
            ("search/a.py", "time.time()"),
        ),
        good=(("marketplace/a.py", "clock.now(); time.monotonic()"),),
    ),
    Rule(
        "defaults read the clock when the row is made", clock_of_the_row, ("marketplace/*.py",),
        bad=(
            ("marketplace/models/a.py", "mapped_column(UtcDateTime, default=clock.now)"),
            ("marketplace/models/a.py", "mapped_column(UtcDateTime, onupdate=clock.now)"),
        ),
        good=(("marketplace/models/a.py", "mapped_column(UtcDateTime, default=made_now)"),),
    ),
    Rule(
        "libraries stay in their place", libraries_in_place, OURS,
        bad=(
            ("marketplace/a.py", "import yaml"),
            ("marketplace/indexing.py", "from tantivy import Index"),
            ("search/query.py", "import elasticsearch.helpers"),
        ),
        good=(
            ("marketplace/programmes/loader.py", "import yaml"),
            ("search/engines/embedded.py", "import tantivy"),
        ),
    ),
    Rule(
        "services never end a transaction", no_commit,
        ("marketplace/services/*", "marketplace/workflow.py", "marketplace/permissions/*",
         "marketplace/models/*"),
        bad=(
            ("marketplace/services/a.py", "session.commit()"),
            ("marketplace/workflow.py", "self.session.rollback()"),
        ),
        good=(("marketplace/services/a.py", "session.flush()"),),
    ),
    Rule(
        "indexed tables are not changed in bulk", no_bulk_change, ("marketplace/*.py",),
        bad=(
            ("marketplace/a.py", "session.execute(update(Product).values(name=''))"),
            ("marketplace/a.py", "sa.delete(models.Product.__table__)"),
        ),
        good=(("marketplace/a.py", "update(Quota).values(used=1); cache.update(other)"),),
    ),
    Rule(
        "nothing is left unfinished", nothing_unfinished, OURS,
        bad=(
            ("marketplace/a.py", "x = 1  # " + "TO" + "DO: later"),
            ("search/a.py", "raise NotImplementedError"),
        ),
        good=(("marketplace/a.py", "x = 1  # the list to do next"),),
    ),
    Rule(
        "tests use no mocks", no_mocks, ("tests/*.py",),
        bad=(("tests/a.py", "from unittest import mock"), ("tests/a.py", "import mock")),
        good=(("tests/a.py", "import unittest"),),
    ),
)  # fmt: skip
