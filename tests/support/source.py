"""The project's own files as the structure tests read them."""

import ast
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SKIPPED = (".git", ".venv", "var", "node_modules", "__pycache__")


@dataclass(frozen=True)
class Source:
    """One text file: path from the root of the project, and content."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The file as Python."""
        return _parse(self.text)

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of its tree, kept: every rule looks at them."""
        return _nodes(self.text)


@dataclass(frozen=True, repr=False)
class Rule:
    """A rule over files, with examples that prove it can fail.

    ``check`` yields ``line number, what is wrong``. ``bad`` and ``good`` are (path, text) examples;
    ``files`` are glob patterns, ``but`` the patterns of files that the rule leaves out.
    """

    name: str
    check: Callable[[Source], Iterator[tuple[int, str]]]
    files: tuple[str, ...]
    bad: tuple[tuple[str, str], ...]
    good: tuple[tuple[str, str], ...]
    but: tuple[str, ...] = ()

    def applies(self, path: str) -> bool:
        """Whether this file is under the rule."""
        return any(fnmatch(path, pattern) for pattern in self.files) and not any(
            fnmatch(path, pattern) for pattern in self.but
        )

    def broken(self, source: Source) -> list[str]:
        """``path:line: what is wrong`` for each breach in one file."""
        if not self.applies(source.path):
            return []
        return [f"{source.path}:{line}: {what}" for line, what in self.check(source)]


@cache
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def _nodes(text: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(_parse(text)))


@cache
def sources() -> tuple[Source, ...]:
    """Every text file that is, or would be, committed."""
    found = []
    for path in _paths():
        try:
            found.append(Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")))
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # an image; a file that another process just removed
    return tuple(found)


def python(*folders: str) -> list[Source]:
    """The Python files below these folders."""
    return [
        source
        for source in sources()
        if source.path.endswith(".py") and source.path.startswith(folders)
    ]


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and dotted name of all that a Python file imports."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def _paths() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listing.returncode == 0 and listing.stdout:
        return sorted(ROOT / name for name in listing.stdout.split("\0") if name)
    # A copy without its history.
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not set(SKIPPED) & set(path.relative_to(ROOT).parts)
    )
