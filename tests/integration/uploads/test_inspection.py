"""Uploaded files are opened in a confined process: S57, S67–S72."""

import io
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from marketplace.errors import Invalid
from marketplace.services.uploads import inspection, keeping
from marketplace.services.uploads.scanner import Scanner
from marketplace.services.uploads.slots import Slot
from marketplace.storage import open_storage
from tests.support import sample_files as sample

ANY = Slot("evidence", "证据", ("pdf", "picture", "word", "excel"), 5, 3)


def receive(folder: Path, name: str, content: bytes, slot: Slot = ANY):
    storage = open_storage(f"file://{folder}/files")
    return storage, keeping.receive(storage, Scanner(""), io.BytesIO(content), name, slot)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.pdf", sample.pdf(change=sample.with_script), "含有脚本"),
        ("a.pdf", sample.pdf(change=sample.with_named_script), "含有脚本"),
        ("a.pdf", sample.pdf(change=sample.with_launch), "自动打开程序"),
        ("a.pdf", sample.pdf(change=sample.with_attachment), "嵌有其他文件"),
        ("a.pdf", sample.pdf(change=sample.with_xfa), "动态表单"),
        ("a.pdf", sample.locked_pdf(), "设有密码"),
        ("a.pdf", b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n", "打不开"),
        ("a.png", sample.png_bomb(), "超过4000万像素"),
        ("a.png", sample.png()[:60] + sample.png()[-12:], "打不开"),
        ("a.docx", sample.docx({"word/vbaProject.bin": b"x"}), "不是 DOCX"),
        ("a.docx", sample.docx(sample.TEMPLATE_FROM_OUTSIDE), "引用了外部内容"),
        ("a.docx", sample.docx({"word/x.xml": b"<!DOCTYPE x><x/>"}), "不允许的定义"),
        ("a.xlsx", sample.xlsx({"xl/x.bin": bytes(30 * 2**20)}), "解压后过大"),
        ("letter.pdf", b"MZ\x90\x00 this program cannot be run", "不是 PDF"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "这里只收"),
    ],
)
def test_what_acts_or_bursts_is_refused_and_leaves_nothing(tmp_path, name, content, says):
    with pytest.raises(Invalid) as caught:
        receive(tmp_path, name, content)
    assert says in caught.value.fields["file"][0]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_s71_a_photograph_keeps_its_pixels_only(tmp_path):
    original = sample.jpeg(300, 200, orientation=6)
    assert b"Camera" in original
    assert b"at home" in original
    storage, received = receive(tmp_path, "现场.jpg", original)
    with storage.open(received.kept.sha256) as file:
        kept = file.read()
    with Image.open(io.BytesIO(kept)) as image:
        facts = (image.format, image.size, dict(image.getexif()))
    assert facts == ("JPEG", (200, 300), {})  # turned upright, since nothing says so any more
    assert b"Camera" not in kept
    assert b"at home" not in kept
    assert (received.kept.name, received.kept.size, received.scan) == ("现场.jpg", len(kept), "off")


def test_a_slot_for_pictures_makes_them_smaller(tmp_path):
    slot = Slot("picture", "图片", ("picture",), 5, 3, side=100)
    storage, received = receive(tmp_path, "a.png", sample.png(400, 200, "RGBA"), slot)
    with storage.open(received.kept.sha256) as file, Image.open(file) as image:
        assert (image.format, image.size, image.mode) == ("PNG", (100, 50), "RGBA")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", sample.pdf(3)),
        ("a.docx", sample.docx()),
        ("a.xlsx", sample.xlsx({"xl/worksheets/sheet1.xml": b'<c r="A1"><f>1+1</f></c>'})),
    ],
)
def test_documents_are_kept_as_they_are(tmp_path, name, content):
    storage, received = receive(tmp_path, name, content)
    with storage.open(received.kept.sha256) as file:
        assert file.read() == content


def test_pages_are_counted_and_drawn(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(sample.pdf(2))
    assert inspection.check(path, inspection.PDF) == inspection.Opened(2)
    drawn = inspection.page(path, 2, side=200)
    with Image.open(io.BytesIO(drawn.content)) as image:
        assert (drawn.pages, image.format, max(image.size)) == (2, "PNG", 200)
    with pytest.raises(Invalid, match="没有这一页"):
        inspection.page(path, 3)


def test_s70_the_largest_picture_fits_and_a_bomb_costs_us_nothing(tmp_path):
    path = tmp_path / "big.jpg"
    out = io.BytesIO()
    Image.new("RGB", (8000, 5000)).save(out, "JPEG")
    path.write_bytes(out.getvalue())
    (tmp_path / "bomb.png").write_bytes(sample.png_bomb())
    del out
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert inspection.check(path, "image/jpeg").pages == 1
    with pytest.raises(Invalid):
        inspection.check(tmp_path / "bomb.png", "image/png")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown <= 30 * 1024  # kilobytes


def test_the_process_loads_nothing_of_the_application(tmp_path):
    """It would cost a second of each upload, and what the file could reach would be more."""
    (tmp_path / "a.pdf").write_bytes(sample.pdf())
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-I", inspection.PROCESS, "check",
         "pdf", tmp_path / "a.pdf", "0"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "pikepdf" in loaded
    assert loaded & {"marketplace", "sqlalchemy", "flask", "psycopg"} == set()
