"""Files that are refused whole (S66–S70): before any parser runs, and saying what to do."""

import errno
import io
import random
import resource
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from marketplace.errors import Invalid
from marketplace.services.importing import reader, workbook_process
from marketplace.services.importing.refusals import REASONS
from tests.integration.importing import books

TYPES = "[Content_Types].xml"
SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A workbook with one good sheet."""
    headers = {"机构": ["统一社会信用代码", "单位名称", "单位类别"]}
    rows = {"机构": [[books.ALPHA, "青岛甲衡软件有限公司", "服务商"]]}
    return books.raw(tmp_path / "好.xlsx", headers, rows)


def read(path: Path) -> list[object]:
    with reader.opened(path) as contents:
        return list(contents)


def refusal(path: Path) -> tuple[str, str]:
    """Message and remedy of the refusal."""
    with pytest.raises(Invalid) as caught:
        read(path)
    return caught.value.message, caught.value.remedy


def rebuilt(path: Path, *, add=(), change=None, drop=()) -> Path:
    """The workbook with members added, changed or left out."""
    target = path.with_name("改.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            if item.filename not in drop:
                data = old.read(item)
                if change and item.filename in change:
                    data = change[item.filename](data)
                new.writestr(item.filename, data)
        for name, data in add:
            new.writestr(name, data)
    return target


def inserted(before: bytes, text: bytes):
    """A change that puts ``text`` in front of ``before``."""

    def change(data: bytes) -> bytes:
        assert before in data
        return data.replace(before, text + before, 1)

    return change


def test_a_good_file_is_read(plain):
    start, row = read(plain)
    assert (start.sheet.code, start.fields, start.rows) == (
        "organisations", ("uscc", "name", "kind"), 1,
    )  # fmt: skip
    assert (row.number, row.cells) == (2, [books.ALPHA, "青岛甲衡软件有限公司", "服务商"])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"hello", "not_xlsx"),
        (b"<script>PK\x03\x04", "not_xlsx"),
        (b"%PDF-1.7", "not_xlsx"),
        (OLE, "old_or_encrypted"),
        (b"PK\x03\x04" + b"\0" * 200, "broken"),
    ],
)
def test_what_is_no_workbook(tmp_path, content, code):
    path = tmp_path / "假.xlsx"
    path.write_bytes(content)
    assert refusal(path) == REASONS[code]


def test_a_zip_that_is_no_workbook(tmp_path):
    path = tmp_path / "包.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    assert refusal(path) == REASONS["not_xlsx"]


def test_a_cut_off_file(plain):
    whole = plain.read_bytes()
    plain.write_bytes(whole[: len(whole) // 2])
    assert refusal(plain) == REASONS["broken"]


def test_a_damaged_file(plain):
    whole = bytearray(plain.read_bytes())
    with zipfile.ZipFile(plain) as archive:
        offset = archive.getinfo(SHEET).header_offset
    middle = offset + 30 + len(SHEET) + 40
    whole[middle] ^= 0xFF
    plain.write_bytes(bytes(whole))
    assert refusal(plain) == REASONS["broken"]


def test_a_file_above_the_limit(plain):
    with pytest.raises(Invalid) as caught, reader.opened(plain, max_bytes=1000):
        pass
    assert caught.value.message.startswith("文件太大（0.0 MB，上限 0 MB")


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ("xl/vbaProject.bin", "macros"),
        ("xl/macrosheets/sheet1.xml", "macros"),
        ("xl/activeX/activeX1.bin", "macros"),
        ("xl/embeddings/oleObject1.bin", "embedded"),
        ("xl/externalLinks/externalLink1.xml", "external"),
        ("xl/connections.xml", "external"),
        ("../evil.xml", "broken"),
        ("/etc/evil.xml", "broken"),
        ("xl\\..\\evil.xml", "broken"),
        ("xl/a\x07.xml", "broken"),
        ("XL/WORKBOOK.XML", "broken"),
    ],
)
def test_members_that_must_not_be_there(plain, member, code):
    assert refusal(rebuilt(plain, add=[(member, b"<x/>")])) == REASONS[code]


@pytest.mark.parametrize("content", [b"PK\x03\x04rest", OLE, b"\x1f\x8b\x08rest"])
def test_archives_inside(plain, content):
    assert refusal(rebuilt(plain, add=[("xl/media/image1.png", content)])) == REASONS["embedded"]


def test_a_workbook_with_macros_by_its_type(plain):
    mark = inserted(b"</Types>", b'<Override ContentType="application/x.macroEnabled.main+xml"/>')
    assert refusal(rebuilt(plain, change={TYPES: mark})) == REASONS["macros"]


@pytest.mark.parametrize(
    "text",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b"<!doctype lolz>",
        b"<! ENTITY a>",
    ],
)
def test_definitions_in_xml(plain, text):
    change = {SHEET: inserted(b"<worksheet", text)}
    assert refusal(rebuilt(plain, change=change)) == REASONS["doctype"]


def test_a_formula_is_refused_with_its_cell(tmp_path):
    path = tmp_path / "式.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("机构")
        page.write_row(0, 0, ["统一社会信用代码", "单位名称", "单位类别"])
        page.write_row(1, 0, [books.ALPHA, "甲"])
        page.write_formula("C2", '=CONCATENATE("服务","商")', None, "服务商")
    message, remedy = refusal(path)
    assert (message, remedy) == ("单元格中有公式（C2）", REASONS["formula"][1])


def test_a_formula_across_the_border_of_two_reads(plain, monkeypatch):
    monkeypatch.setattr(workbook_process, "CHUNK", 64)
    change = {SHEET: inserted(b"</row>", b'<c r="F1"><f>1+1</f><v>2</v></c>')}
    path = rebuilt(plain, change=change)
    with path.open("rb") as file, pytest.raises(workbook_process.Refused) as caught:
        workbook_process.check_archive(file)
    assert (caught.value.code, caught.value.detail) == ("formula", "F1")


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    headers = {"机构": ["统一社会信用代码", "单位名称", "单位类别"]}
    path = books.raw(tmp_path / "文.xlsx", headers, {"机构": [[books.ALPHA, "=1+1", "服务商"]]})
    _, row = read(path)
    assert row.cells[1] == "=1+1"


def test_web_addresses_in_cells_are_harmless(tmp_path):
    path = tmp_path / "链.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("机构")
        page.write_row(0, 0, ["统一社会信用代码", "单位名称", "单位类别", "网址"])
        page.write_row(1, 0, [books.ALPHA, "甲", "服务商"])
        page.write_url("D2", "https://alpha.example")
    assert read(path)[1].cells[3] == "https://alpha.example"


def test_other_external_relations_are_refused(plain):
    relation = (
        b'<Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        b'relationships/attachedTemplate" Target="http://a.example/t" TargetMode="External"/>'
    )
    change = {"xl/_rels/workbook.xml.rels": inserted(b"</Relationships>", relation)}
    assert refusal(rebuilt(plain, change=change)) == REASONS["external"]


def test_repeated_names(plain):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = rebuilt(plain, add=[(SHEET, b"<x/>")])
    assert refusal(path) == REASONS["broken"]


def test_headers_that_contradict_each_other(plain):
    whole = bytearray(plain.read_bytes())
    with zipfile.ZipFile(plain) as archive:
        offset = archive.getinfo(SHEET).header_offset
    whole[offset + 30 : offset + 31] = b"y"
    plain.write_bytes(bytes(whole))
    assert refusal(plain) == REASONS["broken"]


def test_an_encrypted_member(plain):
    whole = bytearray(plain.read_bytes())
    at = whole.find(b"PK\x01\x02")
    flags = struct.unpack_from("<H", whole, at + 8)[0]
    struct.pack_into("<H", whole, at + 8, flags | 1)
    plain.write_bytes(bytes(whole))
    assert refusal(plain) == REASONS["encrypted"]


def test_a_directory_of_very_many_members_is_not_even_read(tmp_path):
    path = tmp_path / "多.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2001):
            archive.writestr(f"{number}", b"")
    assert refusal(path) == REASONS["members"]


def bomb(path: Path, *, megabytes: int, noise: bytes = b"") -> Path:
    """A worksheet of very many equal bytes; ``noise`` per megabyte packs badly."""
    filler = b"<!--" + b" " * (1024 * 1024 - 7 - len(noise)) + noise + b"-->"
    target = path.with_name("炸.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            if item.filename != SHEET:
                new.writestr(item.filename, old.read(item))
        with new.open(SHEET, "w") as stream:
            for _ in range(megabytes):
                stream.write(filler)
    return target


def test_a_bomb_by_ratio_and_one_by_size(plain):
    assert refusal(bomb(plain, megabytes=20)) == REASONS["bomb"]
    noise = random.Random(1).randbytes(20_000).replace(b"-", b"+")
    path = bomb(plain, megabytes=205, noise=noise)
    assert path.stat().st_size < reader.MAX_BYTES
    assert refusal(path) == REASONS["bomb"]


def test_a_declared_size_that_lies(plain):
    """The directory says 100 bytes, the member unpacks to a megabyte."""
    path = rebuilt(plain, add=[("xl/media/image1.png", b"\0" * 1024 * 1024)])
    whole = bytearray(path.read_bytes())
    for signature, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = (
            whole.rfind(b"xl/media/image1.png")
            if signature == b"PK\x01\x02"
            else whole.find(b"xl/media/image1.png")
        )
        start = whole.rfind(signature, 0, at)
        struct.pack_into("<I", whole, start + place, 100)
    path.write_bytes(bytes(whole))
    assert refusal(path) == REASONS["broken"]


def test_a_cell_far_away_ends_the_reading_process_and_not_us(plain):
    """A dense table of 17,000 million cells would be asked for; memory is limited to 512 MiB."""
    far = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    change = {SHEET: inserted(b"</sheetData>", far)}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal(rebuilt(plain, change=change)) == REASONS["memory"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30 * 1024


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Sheet1": ["a"]}, "有不认识的工作表：Sheet1"),
        ({"填写说明": ["a"]}, "没有可以导入的工作表"),
        ({"机构": ["统一社会信用代码", "单位名称"]}, "工作表“机构”缺少的列：单位类别"),
        (
            {"机构": ["统一社会信用代码", "单位名称", "单位类别", "备注", "电话"]},
            "工作表“机构”不认识的列：备注、电话",
        ),
        (
            {"机构": ["统一社会信用代码", "单位名称", "单位类别", "简称", "简称"]},
            "工作表“机构”重复的列：简称",
        ),
    ],
)
def test_wrong_sheets_and_columns(tmp_path, headers, message):
    found, remedy = refusal(books.raw(tmp_path / "列.xlsx", headers, {}))
    assert found == message
    assert remedy.endswith("请下载最新模板，把数据粘贴到模板中再上传。")


def test_too_many_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "MAX_ROWS", 2)
    headers = {"机构": ["统一社会信用代码", "单位名称", "单位类别"]}
    path = books.raw(tmp_path / "长.xlsx", headers, {"机构": [["x", "y", "z"]] * 3})
    assert refusal(path)[0] == "数据行过多（上限 2 行）"


def test_a_refused_file_ends_the_job_and_leaves_no_rows(store, tmp_path):
    headers = {"机构": ["统一社会信用代码", "单位名称", "单位类别"], "产品": ["没有的列"]}
    rows = {"机构": [[books.ALPHA, "青岛甲衡软件有限公司", "服务商"]]}
    job = books.check(store, books.raw(tmp_path / "错.xlsx", headers, rows))
    assert (job.phase, job.total_rows) == ("refused", 0)
    assert job.summary["refusal"].startswith("工作表“产品”不认识的列：没有的列")
    assert books.errors(store, job) == {}


def test_the_reading_process_is_confined():
    """It may not open many files, write one, take much memory, or reach the network."""
    probe = (
        "import sys; sys.path.insert(0, sys.argv[1]); import workbook_process as w; w.confine()\n"
        "import resource as r\n"
        "print([r.getrlimit(k)[1] for k in (r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_NOFILE,"
        " r.RLIMIT_FSIZE)])\n"
        "try:\n b = bytearray(600 * 2**20)\nexcept MemoryError:\n print('no memory')\n"
        "import socket\n"
        "try:\n socket.create_connection(('127.0.0.1', 9), 1)\n"
        "except OSError as e:\n print(e.errno)\n"
    )
    folder = str(reader.PROCESS.parent)
    found = subprocess.run(
        [sys.executable, "-I", "-c", probe, folder], capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines() == [
        f"[{512 * 1024 * 1024}, 10, 16, 0]", "no memory", str(errno.ENETUNREACH),
    ]  # fmt: skip


def test_every_reason_says_what_to_do():
    assert all(message and remedy.endswith("。") for message, remedy in REASONS.values())


def test_streams_are_checked_before_they_are_kept():
    with pytest.raises(Invalid):
        reader.check_outside(io.BytesIO(b""))
