"""From a stream to a checked file in storage; before any transaction begins (house.md §5)."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO

from marketplace.errors import Invalid
from marketplace.models.files import INFECTED
from marketplace.services.uploads import inspection
from marketplace.services.uploads.scanner import Scanner
from marketplace.services.uploads.slots import Slot
from marketplace.storage import Kept, Storage, safe_name

VIRUS = "文件中发现病毒，没有保存。请清除病毒后再上传"


@dataclass(frozen=True)
class Received:
    """A checked file in storage and what the scanner said of it; a row comes next."""

    kept: Kept
    scan: str


def receive(
    storage: Storage, scanner: Scanner, stream: IO[bytes], name: str, slot: Slot
) -> Received:
    """Check and keep one file for ``slot``. Raises Invalid (field ``file``), Unavailable.

    Content, not name, decides what it is; what a scanner finds is set aside, never kept.
    """
    ending = safe_name(name).lower().rpartition(".")[2]
    if ending not in slot.endings:
        text = f"这里只收：{slot.hint}"
        raise Invalid(text, fields={"file": [text]})
    said: list[str] = []

    def inspect(path: Path, media_type: str) -> bytes | None:
        said.append(scanner.scan(path))
        if said[0] == INFECTED:
            storage.set_aside(path)
            raise Invalid(VIRUS, fields={"file": [VIRUS]})
        return inspection.check(path, media_type, side=slot.side).content or None

    kept = storage.put(stream, name, limit=slot.limit, inspect=inspect)
    return Received(kept, said[0])
