"""The folder of an embedded index: generations, which one is in use, what is being built.

CURRENT        name of the generation in use, replaced in one step
BUILDING       name of the generation that a rebuild fills
g000001/       one generation: the engine's files and about.json
g000001/touched  ids written to the generation in use while this one was built
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from search.engines.meta import Meta
from search.errors import IndexMismatch, IndexMissing


class Folder:
    """Paths and small files; no engine in here."""

    def __init__(self, path: str) -> None:
        self.root = Path(path)
        self.write_lock = self.root / "write.lock"
        self.build_lock = self.root / "build.lock"

    def make(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)

    def current(self) -> str:
        """The generation in use. Raises IndexMissing."""
        try:
            return (self.root / "CURRENT").read_text("ascii").strip()
        except OSError as error:
            raise IndexMissing("还没有搜索索引，请运行 marketplace search rebuild") from error

    def building(self) -> str | None:
        try:
            return (self.root / "BUILDING").read_text("ascii").strip()
        except FileNotFoundError:
            return None

    def generations(self) -> list[str]:
        """All generations on disk, oldest first."""
        if not self.root.is_dir():
            return []
        return sorted(entry.name for entry in self.root.glob("g[0-9]*") if entry.is_dir())

    def begin(self, meta: Meta) -> str:
        """Make the folder of a new generation and say that it is being built."""
        last = max((int(name[1:]) for name in self.generations()), default=0)
        generation = f"g{last + 1:06d}"
        self.path(generation).mkdir()
        _write(self.path(generation) / "about.json", json.dumps(meta.to_json()))
        _write(self.root / "BUILDING", generation)
        return generation

    def path(self, generation: str) -> Path:
        return self.root / generation

    def meta(self, generation: str) -> Meta:
        """Raises IndexMissing, IndexMismatch when it cannot be read."""
        try:
            text = (self.path(generation) / "about.json").read_text("utf-8")
        except OSError as error:
            raise IndexMissing(f"索引 {generation} 不完整") from error
        try:
            return Meta.from_json(json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            raise IndexMismatch(f"索引 {generation} 的说明文件无法读取") from error

    def stamp(self, generation: str) -> str:
        """Changes with each commit to the generation. Raises OSError when it is gone."""
        state = (self.path(generation) / "meta.json").read_bytes()
        return hashlib.blake2b(state, digest_size=8).hexdigest()

    def use(self, generation: str) -> None:
        """Switch to a generation that has been built."""
        _write(self.root / "CURRENT", generation)
        self.stop_building()

    def stop_building(self) -> None:
        (self.root / "BUILDING").unlink(missing_ok=True)

    def drop_others(self) -> None:
        """Remove what is neither in use nor being built."""
        keep = {self.building()}
        if (self.root / "CURRENT").exists():
            keep.add(self.current())
        for generation in self.generations():
            if generation not in keep:
                shutil.rmtree(self.path(generation), ignore_errors=True)

    def note_touched(self, document_ids: Iterable[str]) -> None:
        """Tell a running rebuild which documents it has to read again."""
        building = self.building()
        if building is None or not self.path(building).is_dir():
            return
        with (self.path(building) / "touched").open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(document_id)}\n" for document_id in document_ids)

    def touched(self, generation: str, position: int) -> tuple[list[str], int]:
        """Ids noted from a byte position on, each once, and the position to go on from.

        A line that is still being written is left for the next call.
        """
        try:
            data = (self.path(generation) / "touched").read_bytes()[position:]
        except FileNotFoundError:
            return [], position
        whole = data[: data.rfind(b"\n") + 1]
        ids = dict.fromkeys(json.loads(line) for line in whole.splitlines())
        return list(ids), position + len(whole)


def _write(path: Path, text: str) -> None:
    """Replace a small file in one step that survives a power cut."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
