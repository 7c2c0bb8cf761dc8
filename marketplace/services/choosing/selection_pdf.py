"""A selection file (选型档案) as a PDF to be kept: grounds, candidates, steps, locked pages."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

from marketplace import clock
from marketplace.services.documents import typeset
from marketplace.services.documents.parts import HEAD, Part

DETAILS = "锁定时的资料"
ITEM = "项目"
NOTE = (
    "候选服务商的资料按锁定时保存的内容列出，此后的修改不影响本档案。"
    "计算校验值的原文在同一份档案导出的 Excel 文件中，可以自行核对。"
)
UNLOCKED = "搜索结果尚未锁定，没有候选服务商。"


@dataclass(frozen=True)
class Table:
    """A titled table: its column heads, and rows of as many texts."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Detail:
    """What stood on the page of a candidate: ``groups`` of ``(label, [(name, text)])``."""

    name: str
    groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]


@dataclass(frozen=True)
class SelectionFile:
    """Everything that a selection file tells, in the words that its readers see.

    ``original`` is the canonical text of the snapshot that the hash is computed from; empty
    before the results are locked, as are ``candidates`` and ``details``.
    """

    title: str
    enterprise: str
    facts: Table
    candidates: Table
    steps: Table
    details: Sequence[Detail] = field(default=())
    original: str = ""


def pdf(file: SelectionFile) -> bytes:
    """On A4, heads repeated and pages numbered; in lines without a Chinese font here."""
    note = NOTE if file.original else UNLOCKED
    facts = {
        "title": f"选型档案：{file.title}",
        "enterprise": file.enterprise,
        "facts": asdict(file.facts),
        "candidates": asdict(file.candidates),
        "steps": asdict(file.steps),
        "details": {
            "title": DETAILS, "head": ITEM, "items": [asdict(item) for item in file.details],
        },
        "note": note,
    }  # fmt: skip
    return typeset.pdf("selection", facts, day=clock.today(), plain=_plain(file, note))


def _plain(file: SelectionFile, note: str) -> Iterator[Part]:
    """The same in lines."""
    yield Part(f"选型档案：{file.title}", "center", HEAD, heading=True)
    for label, text in file.facts.rows:
        yield Part(f"{label}：{' '.join(text.splitlines())}", "left")
    yield Part(note, "left")
    for table in (file.candidates, file.steps):
        if table.rows:
            yield Part(table.title, "left", HEAD, heading=True)
        for row in table.rows:
            said = (f"{head}：{text}" for head, text in zip(table.heads, row, strict=True) if text)
            yield Part("；".join(said), "left")
    if file.details:
        yield Part(DETAILS, "left", HEAD, heading=True)
    for item in file.details:
        yield Part(item.name, "left", heading=True)
        for _, rows in item.groups:
            yield from (Part(f"{name}：{text}", "left") for name, text in rows)
