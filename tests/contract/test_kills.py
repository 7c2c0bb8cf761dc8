"""A writer killed at any moment: what was acknowledged is there, and the next one goes on."""

import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from search import Document, open_engine
from tests.contract.corpus import Source
from tests.support.counts import count

KILLS = count(test=6, soak=100)

# Writes version after version of a few documents and says each batch that has returned.
WRITER = textwrap.dedent(
    """
    import sys
    from search import Document, open_engine

    engine = open_engine(sys.argv[1])
    version = int(sys.argv[2])
    print("ready", flush=True)
    while True:
        version += 1
        batch = [Document(f"case:{n}", version, "注塑案例 " * 50) for n in range(40)]
        engine.apply(batch, [(f"case:{40 + version % 5}", version)])
        engine.apply([Document(f"case:{40 + version % 5}", version, "注塑")])
        print(version, flush=True)
    """
)


def killed_after(engine_url: str, version: int, seconds: float) -> int:
    """Run a writer, kill it, and give the last version that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, engine_url, str(version)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        acknowledged = [int(line) for line in process.stdout if line.endswith("\n")]
    return max(acknowledged, default=version)


def test_acknowledged_writes_survive_kills(tmp_path: Path) -> None:
    """E12: nothing acknowledged is lost, nothing is there twice, the lock is free again.

    In a folder, where a writer's death could spoil files; a server's is in tests/faults.
    """
    engine_url = f"tantivy://{tmp_path}"
    engine = open_engine(engine_url)
    Source().rebuild(engine)
    dice = random.Random(9)
    acknowledged = 0
    for _ in range(KILLS):
        acknowledged = killed_after(engine_url, acknowledged, dice.uniform(0.1, 0.9))
        reader = open_engine(engine_url)
        found = list(reader.view().ids())
        assert len({key for key, _ in found}) == len(found)
        # A batch is in whole or not at all: perhaps one more than was acknowledged.
        rows = {version for key, version in found if int(key.partition(":")[2]) < 40}
        assert rows <= {acknowledged, acknowledged + 1} and len(rows) <= 1
        if acknowledged:
            assert len(found) >= 40
        acknowledged = max(rows, default=acknowledged)
    assert acknowledged >= KILLS / 2  # it did write
    engine.apply([Document("case:after", 1, "注塑")])
    assert ("case:after", 1) in set(engine.view().ids())
