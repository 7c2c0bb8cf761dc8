"""Where files may be put in, as data: ``config/uploads/slots.yml``."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from marketplace.errors import NotFound
from marketplace.programmes.loader import read_yaml
from marketplace.settings import ROOT

FILE = ROOT / "config" / "uploads" / "slots.yml"
MEGABYTE = 2**20

TYPES: dict[str, tuple[str, ...]] = {
    "pdf": ("pdf",),
    "picture": ("jpg", "jpeg", "png"),
    "word": ("docx",),
    "excel": ("xlsx",),
}
"""Which endings a word in the file stands for."""
NAMES = {"pdf": "PDF", "picture": "JPG、PNG 图片", "word": "Word（docx）", "excel": "Excel（xlsx）"}


@dataclass(frozen=True)
class Slot:
    """One place of a form for files. ``side``: longest side of a picture in pixels, 0 = any.

    ``visitors``: people without an account may put files in here.
    """

    name: str
    label: str
    types: tuple[str, ...]
    max_mb: int
    max_count: int
    side: int = 0
    visitors: bool = False

    @property
    def limit(self) -> int:
        """Bytes of one file."""
        return self.max_mb * MEGABYTE

    @property
    def endings(self) -> tuple[str, ...]:
        """File name endings that are taken, without the dot."""
        return tuple(ending for type_ in self.types for ending in TYPES[type_])

    @property
    def accept(self) -> str:
        """The ``accept`` of a file input."""
        return ",".join(f".{ending}" for ending in self.endings)

    @property
    def pictures_only(self) -> bool:
        """Whether each file needs a text for those who do not see it."""
        return self.types == ("picture",)

    @property
    def hint(self) -> str:
        """What may be put in, for the line below the label."""
        names = "、".join(NAMES[type_] for type_ in self.types)
        count = f"，最多{self.max_count}个" if self.max_count > 1 else ""
        return f"{names}，每个不超过{self.max_mb}MB{count}"


@dataclass(frozen=True)
class Rules:
    """The whole file: slots by name, and megabytes of one subject, of one
    user's drafts, and of all visitors' drafts together."""

    slots: Mapping[str, Slot]
    total_mb: int
    draft_mb: int
    keep_draft_days: int
    visitor_mb: int


@cache
def rules() -> Rules:
    """What the configuration says. Raises ValueError for a slot that cannot be."""
    data = read_yaml(FILE)
    slots = {name: _slot(name, given) for name, given in data["slots"].items()}
    return Rules(
        slots, data["total_mb"], data["draft_mb"], data["keep_draft_days"], data["visitor_mb"]
    )


def _slot(name: str, given: Mapping[str, Any]) -> Slot:
    slot = Slot(name, **{**given, "types": tuple(given["types"])})
    unknown = set(slot.types) - set(TYPES)
    if unknown or not slot.types or slot.max_mb < 1 or slot.max_count < 1 or slot.side < 0:
        raise ValueError(f"{FILE.name}: {name}: {sorted(unknown) or given}")
    return slot


def get(name: str) -> Slot:
    """One slot. Raises NotFound."""
    try:
        return rules().slots[name]
    except KeyError:
        raise NotFound("没有这个上传位置") from None
