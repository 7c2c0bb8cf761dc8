"""``marketplace`` commands that start at once: forked from a process that has read the code.

For tests that run many commands, or kill one process after the other. Such a process is as
separate as a new one - its own memory, connections and files, and SIGKILL ends it anywhere - but
reading all modules first takes two seconds of processor time, which is most of what such a test
would do.
"""

import multiprocessing
import os
import warnings
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.source import ROOT


def start(
    environment: dict[str, str], errors: Path, *arguments: str, output: str | Path = os.devnull
) -> BaseProcess:
    """Run ``marketplace ARGUMENTS``; what it says on standard error goes to the file ``errors``.

    Gives a ``multiprocessing`` process: ``kill``, ``join``, ``exitcode``.
    """
    process = context().Process(
        target=_run, args=(environment, str(errors), str(output), arguments), daemon=True
    )
    process.start()
    return process


def run(environment: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    """Run ``marketplace ARGUMENTS`` to its end; its exit code, and what it said on both ways."""
    with TemporaryDirectory() as folder:
        said, errors = Path(folder, "out"), Path(folder, "err")
        process = start(environment, errors, *arguments, output=said)
        process.join()
        assert process.exitcode is not None
        return process.exitcode, said.read_text(), errors.read_text()


def context(*modules: str) -> ForkServerContext:
    """What processes are started from; the first caller decides which ``modules`` are read."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["pytest", "marketplace.cli.imports", __name__, *modules])
    return found


def _run(environment: dict[str, str], errors: str, output: str, arguments: tuple[str, ...]) -> None:
    from marketplace.cli import main

    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    with open(os.devnull, "rb") as nothing, open(output, "ab") as said, open(errors, "ab") as wrong:
        for at, stream in enumerate((nothing, said, wrong)):
            os.dup2(stream.fileno(), at)
    warnings.simplefilter("error")
    main(arguments)
