"""All files of a row in one ZIP, with a list of what is in it."""

import csv
import io
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from typing import IO, Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import NotFound
from marketplace.models import StoredFile
from marketplace.models.files import INFECTED, PENDING
from marketplace.permissions import Actor
from marketplace.services.files import file_subjects, files
from marketplace.services.uploads import slots
from marketplace.storage import Storage

MANIFEST = "清单.csv"
HEAD = ("序号", "类别", "文件名", "大小（字节）", "版本", "上传时间", "SHA-256", "说明")
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def bundle(session: Session, actor: Actor, storage: Storage, table: str, id_: int) -> IO[bytes]:
    """A ZIP of the files of one row that the actor may read, from its beginning.

    Whoever may read none of them gets NotFound, as if the row did not exist.
    """
    subject: Any = file_subjects.load(session, table, id_)
    rows = [row for row in files.of(session, subject) if files.may_read(session, actor, row)]
    if not rows:
        raise NotFound
    out = tempfile.TemporaryFile()  # noqa: SIM115  handed on, closed by the answer
    try:
        _write(out, storage, rows)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


def _write(out: IO[bytes], storage: Storage, rows: Sequence[StoredFile]) -> None:
    lines = []
    # Pictures, PDFs and office files are packed already.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for number, row in enumerate(reversed(rows), 1):
            held_back = row.scan in (PENDING, INFECTED)
            if not held_back:
                member = zipfile.ZipInfo(f"{number:02}-{row.name}", _stamp(row))
                with storage.open(row.sha256) as source, archive.open(member, "w") as target:
                    shutil.copyfileobj(source, target)
            lines.append(_line(number, row, "没有通过查毒，不在包内" if held_back else ""))
        archive.writestr(MANIFEST, _manifest(lines))


def _stamp(row: StoredFile) -> tuple[int, int, int, int, int, int]:
    at = clock.beijing(row.uploaded_at)
    return (at.year, at.month, at.day, at.hour, at.minute, at.second)


def _line(number: int, row: StoredFile, note: str) -> list[str]:
    slot = slots.rules().slots.get(row.purpose)
    at = f"{clock.beijing(row.uploaded_at):%Y-%m-%d %H:%M}"
    label = slot.label if slot else row.purpose
    cells = [number, label, row.name, row.size, row.version, at, row.sha256, note]
    return [_harmless(str(cell)) for cell in cells]


def _harmless(text: str) -> str:
    """A cell that a spreadsheet program does not calculate (S60)."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _manifest(lines: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([HEAD, *lines])
    return text.getvalue().encode("utf-8-sig")  # Excel takes a file without the mark for GBK
