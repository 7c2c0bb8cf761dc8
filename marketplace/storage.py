"""Files people hand in, kept by content: ``<folder>/ab/cdef…`` is the SHA-256 of the bytes.

A file counts only when name, first bytes and structure agree (S67); whoever wants to know more
opens it in a confined process through ``inspect``. Temp file → fsync → rename → fsync of the
folder, and only then the row: a row without its file cannot exist, a file without a row is swept.
"""

import errno
import hashlib
import os
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO
from urllib.parse import unquote, urlsplit

from marketplace.errors import Invalid, NotFound, Unavailable

CHUNK = 64 * 1024
TAIL = 4096
MODE = 0o640
LONGEST_NAME = 120
MAX_MEMBERS = 2000
MAX_UNPACKED = 200 * 2**20
HASH = re.compile(r"[0-9a-f]{64}")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
QUARANTINE = "quarantine"

Inspect = Callable[[Path, str], bytes | None]
"""Looks at a file of a media type before it is kept; may raise, or answer what to keep instead."""

UNSAFE = re.compile(
    '[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff<>:"|?*]'
)
OFFICE = "application/vnd.openxmlformats-officedocument"
ACTIVE = re.compile(r"vbaproject\.bin|/activex/|/embeddings/|oleobject|/externallinks/", re.I)


@dataclass(frozen=True)
class Kept:
    """What was kept: the name to show, and the hash under which the bytes lie."""

    sha256: str
    size: int
    name: str
    media_type: str


class Storage:
    """A folder outside the web root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(
        self, stream: IO[bytes], name: str, *, limit: int, inspect: Inspect | None = None
    ) -> Kept:
        """Keep what ``stream`` holds. ``limit`` in bytes. Raises Invalid (field ``file``).

        A full disk raises Unavailable, and nothing is left behind (S76).
        """
        shown = safe_name(name)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        try:
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".in-")
            try:
                with os.fdopen(handle, "w+b") as file:
                    digest, size = _copy(stream, file, limit)
                    media_type = recognise(file, size, shown)
                    file.flush()
                    content = inspect(Path(temporary), media_type) if inspect else None
                    if content is not None:
                        digest, size = _replace(file, content)
                    file.flush()
                    os.fsync(file.fileno())
                self._place(Path(temporary), digest)
            finally:
                Path(temporary).unlink(missing_ok=True)
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise Unavailable("存储空间不足，文件没有保存", remedy="请联系运维。") from error
        return Kept(digest, size, shown, media_type)

    def open(self, sha256: str) -> BinaryIO:
        """The bytes. Raises NotFound."""
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError:
            raise NotFound("文件不在存储中，请联系运维") from None

    def path(self, sha256: str) -> Path:
        """Where the bytes lie, for another process to open. Raises NotFound."""
        with self.open(sha256):
            return self._path(sha256)

    def put_back(self, stream: IO[bytes], sha256: str) -> None:
        """Keep bytes that were checked when they first came in. Raises Unavailable."""
        self._path(sha256)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".in-")
        try:
            digest = hashlib.sha256()
            with os.fdopen(handle, "wb") as file:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            if digest.hexdigest() != sha256:
                raise Unavailable(f"文件 {sha256[:12]}… 与其哈希不一致")
            self._place(Path(temporary), sha256)
        finally:
            Path(temporary).unlink(missing_ok=True)

    def set_aside(self, path: Path) -> None:
        """Take a file out of reach: into a folder from which nothing is ever served (S75)."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        aside = self.folder / QUARANTINE
        aside.mkdir(exist_ok=True, mode=0o700)
        path.chmod(0o600)
        path.replace(aside / digest)

    def orphans(self, referenced: Collection[str], *, before: float) -> list[Path]:
        """Files nobody refers to, last changed before ``before`` (POSIX seconds)."""
        found = [*self.folder.glob("[0-9a-f][0-9a-f]/*"), *self.folder.glob(".in-*")]
        return [
            path
            for path in found
            if path.parent.name + path.name not in referenced and _changed(path) < before
        ]

    def sweep(self, referenced: Collection[str], *, before: float) -> int:
        """Remove the orphans; answers how many there were."""
        return sum(
            self._remove_old(path, before) for path in self.orphans(referenced, before=before)
        )

    def _remove_old(self, path: Path, before: float) -> bool:
        """The same bytes may be put in again right now: look once more where nobody else can."""
        last_look = self.folder / f".in-swept-{path.parent.name}{path.name}"
        try:
            path.rename(last_look)
        except FileNotFoundError:
            return False  # an upload was just finished, or another sweep runs
        if last_look.stat().st_mtime >= before:
            last_look.rename(path)
            return False
        last_look.unlink()
        return True

    def _path(self, sha256: str) -> Path:
        if not HASH.fullmatch(sha256):
            raise NotFound
        return self.folder / sha256[:2] / sha256[2:]

    def _place(self, temporary: Path, digest: str) -> None:
        target = self._path(digest)
        target.parent.mkdir(exist_ok=True, mode=0o750)
        temporary.chmod(MODE)
        temporary.replace(target)
        for folder in (target.parent, self.folder):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _changed(path: Path) -> float:
    """When a file was last written; a file that is gone by now counts as new."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def open_storage(url: str) -> Storage:
    """The storage behind ``file:///folder``. Raises ValueError for other addresses."""
    parts = urlsplit(url)
    if parts.scheme != "file" or not parts.path:
        raise ValueError(f"STORAGE_URL {url!r}: only file:///folder is available")
    return Storage(Path(unquote(parts.path)))


def safe_name(name: str) -> str:
    """The last part of a file name without control, direction and path characters (S59)."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = UNSAFE.sub("", last).strip().rstrip(".")
    stem, dot, suffix = clean.rpartition(".")
    if not dot:
        return clean[:LONGEST_NAME] or "文件"
    suffix = suffix[:10]
    return f"{stem.strip(' .')[: LONGEST_NAME - len(suffix) - 1] or '文件'}.{suffix}"


def recognise(file: BinaryIO, size: int, name: str) -> str:
    """The media type on which name, first bytes and structure agree. Raises Invalid."""
    _, dot, suffix = name.lower().rpartition(".")
    if size == 0:
        raise _refused("文件是空的，请重新选择")
    if not dot or suffix not in KINDS:
        raise _refused("只接受 PDF、JPG、PNG、Word（docx）和 Excel（xlsx）文件")
    media_type, fits = KINDS[suffix]
    if not fits(file):
        raise _refused(f"文件内容不是 {suffix.upper()}，请确认文件没有损坏、扩展名没有改动")
    return media_type


def _refused(text: str) -> Invalid:
    return Invalid(text, fields={"file": [text]})


def _copy(stream: IO[bytes], file: IO[bytes], limit: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise _refused(f"文件超过{limit // 2**20}MB，请压缩或拆分后再上传")
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest(), size


def _replace(file: BinaryIO, content: bytes) -> tuple[str, int]:
    file.seek(0)
    file.truncate()
    file.write(content)
    return hashlib.sha256(content).hexdigest(), len(content)


def _head_and_tail(file: BinaryIO) -> tuple[bytes, bytes]:
    file.seek(0)
    head = file.read(16)
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - TAIL))
    return head, file.read()


def _pdf(file: BinaryIO) -> bool:
    head, tail = _head_and_tail(file)
    return head.startswith(b"%PDF-") and b"%%EOF" in tail


def _jpeg(file: BinaryIO) -> bool:
    head, tail = _head_and_tail(file)
    return head.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in tail


def _png(file: BinaryIO) -> bool:
    head, tail = _head_and_tail(file)
    return head.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND\xaeB`\x82" in tail


def _office(part: str) -> Callable[[BinaryIO], bool]:
    def fits(file: BinaryIO) -> bool:
        file.seek(0)
        if file.read(4) != b"PK\x03\x04":
            return False
        try:
            members = zipfile.ZipFile(file).infolist()
        except (zipfile.BadZipFile, ValueError, RuntimeError):
            return False
        names = [member.filename for member in members]
        small = sum(member.file_size for member in members) <= MAX_UNPACKED
        sane = len(names) == len(set(names)) <= MAX_MEMBERS and small
        return sane and {"[Content_Types].xml", part} <= set(names) and not _active(names)

    return fits


def _active(names: list[str]) -> bool:
    return any(
        ACTIVE.search(name) or name.startswith("/") or ".." in name.split("/") for name in names
    )


KINDS: dict[str, tuple[str, Callable[[BinaryIO], bool]]] = {
    "pdf": ("application/pdf", _pdf),
    "jpg": ("image/jpeg", _jpeg),
    "jpeg": ("image/jpeg", _jpeg),
    "png": ("image/png", _png),
    "docx": (f"{OFFICE}.wordprocessingml.document", _office("word/document.xml")),
    "xlsx": (f"{OFFICE}.spreadsheetml.sheet", _office("xl/workbook.xml")),
}
