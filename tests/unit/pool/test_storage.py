"""Files are kept by content, only if they are what they say, and under harmless names."""

import hashlib
import io
import os
import stat
import zipfile
from pathlib import Path

import pytest

from marketplace.errors import Invalid, NotFound
from marketplace.storage import Storage, open_storage, safe_name

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 30 + b"IEND\xaeB`\x82"
JPG = b"\xff\xd8\xff\xe0" + b"\x00" * 30 + b"\xff\xd9"
LIMIT = 2**20


def office(*members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in members:
            archive.writestr(name, "x")
    return file.getvalue()


DOCX = office("[Content_Types].xml", "word/document.xml")
XLSX = office("[Content_Types].xml", "xl/workbook.xml")


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return open_storage(f"file://{tmp_path}/files")


def put(storage: Storage, name: str, content: bytes, limit: int = LIMIT):
    return storage.put(io.BytesIO(content), name, limit=limit)


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("批复.pdf", PDF, "application/pdf"),
        ("照片.JPG", JPG, "image/jpeg"),
        ("照片.jpeg", JPG, "image/jpeg"),
        ("图.png", PNG, "image/png"),
        ("报告.docx", DOCX,
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("名单.xlsx", XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)  # fmt: skip
def test_keeps_known_files_under_their_hash(storage, name, content, media_type):
    kept = put(storage, name, content)
    digest = hashlib.sha256(content).hexdigest()
    assert (kept.sha256, kept.size, kept.name, kept.media_type) == (
        digest, len(content), name, media_type,
    )  # fmt: skip
    with storage.open(digest) as file:
        assert file.read() == content
    path = storage.folder / digest[:2] / digest[2:]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_equal_contents_are_kept_once_under_both_names(storage):
    one, two = put(storage, "甲.pdf", PDF), put(storage, "乙.pdf", PDF)
    assert one.sha256 == two.sha256
    assert (one.name, two.name) == ("甲.pdf", "乙.pdf")
    assert len([path for path in storage.folder.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"<script>alert(1)</script>%PDF-1.4\n%%EOF"),
        ("a.pdf", b"%PDF-1.4 cut"),
        ("a.pdf", PNG),
        ("a.png", PDF),
        ("a.png", PNG[:-4]),
        ("a.jpg", b"\xff\xd8"),
        ("a.docx", XLSX),
        ("a.xlsx", DOCX),
        ("a.xlsx", XLSX[:-10]),
        ("a.xlsx", b"PK\x03\x04" + b"\x00" * 50),
        ("a.xlsx", office("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin")),
        ("a.xlsx", office("[Content_Types].xml", "xl/workbook.xml", "xl/embeddings/o.bin")),
        ("a.docx", office("[Content_Types].xml", "word/document.xml", "../../etc/x")),
        ("a.docx", office("[Content_Types].xml", "word/document.xml", "/etc/x")),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.html", b"<html></html>"),
        ("a.pdf.exe", PDF),
        ("pdf", PDF),
        ("a.pdf", b""),
    ],
)
def test_refuses_what_is_not_what_it_says(storage, name, content):
    with pytest.raises(Invalid) as caught:
        put(storage, name, content)
    assert list(caught.value.fields) == ["file"]
    assert not [path for path in storage.folder.rglob("*") if path.is_file()]


def test_refuses_what_unpacks_to_too_much(storage):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(name, "x")
        archive.writestr("xl/big.xml", b"\x00" * (201 * 2**20))
    with pytest.raises(Invalid):
        put(storage, "a.xlsx", file.getvalue())


def test_refuses_too_large_a_file_and_leaves_nothing(storage):
    with pytest.raises(Invalid, match="超过1MB"):
        put(storage, "a.pdf", PDF + b" " * LIMIT)
    assert not [path for path in storage.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("营业执照.pdf", "营业执照.pdf"),
        ("C:\\temp\\批复.pdf", "批复.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"),
        ("a\x00b.pdf", "ab.pdf"),
        ("invoice\u202efdp.exe.pdf", "invoicefdp.exe.pdf"),
        ("\u200b零宽\ufeff.pdf", "零宽.pdf"),
        ("cafe\u0301.pdf", "café.pdf"),
        ('a"b<c>|?*.pdf', "abc.pdf"),
        (".pdf", "文件.pdf"),
        ("...", "文件"),
        ("", "文件"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_names_lose_what_could_harm(given, kept):
    assert safe_name(given) == kept


@pytest.mark.parametrize("address", ["", "..", "../../etc/passwd", "a" * 63, "A" * 64, "g" * 64])
def test_nothing_but_a_hash_leads_to_a_file(storage, address):
    with pytest.raises(NotFound):
        storage.open(address)


def test_a_missing_file_is_not_found(storage):
    with pytest.raises(NotFound, match="不在存储中"):
        storage.open("0" * 64)


def test_sweeping_removes_old_files_that_nobody_refers_to(storage):
    kept, orphan = put(storage, "a.pdf", PDF), put(storage, "b.png", PNG)
    (storage.folder / ".in-left").write_bytes(b"x")
    old = 1_000_000_000
    for path in storage.folder.rglob("*"):
        if path.is_file():
            os.utime(path, (old, old))
    put(storage, "new.jpg", JPG)
    assert storage.sweep({kept.sha256}, before=old + 1) == 2
    with storage.open(kept.sha256):
        pass
    with pytest.raises(NotFound):
        storage.open(orphan.sha256)


def test_only_folders_are_available():
    for url in ("s3://bucket", "file://", "http://x/y", ""):
        with pytest.raises(ValueError, match="only file"):
            open_storage(url)
