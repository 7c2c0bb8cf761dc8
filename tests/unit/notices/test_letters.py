"""Letters as Word and PDF: whole text, every line inside the page, opened by the upload checks."""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from html import unescape
from pathlib import Path

import pypdfium2
import pytest

from marketplace.services.documents import fonts
from marketplace.services.documents.parts import PAGE, SIDE
from marketplace.services.proceedings.official_letters import DOCX, Letter, docx, pdf
from marketplace.services.uploads import inspection

LETTER = Letter(
    title="异议处理决定告知书", document_no="青民发字〔2024〕4号", addressee="异议人",
    paragraphs=[
        "经核查：案例 <A&B> 没有验收，合同编号 HT-2023-018 与“系统”不一致 #let *x* $y$ @z。" * 4,
        "决定：异议成立。\n\n一、补正材料。",
    ],
    sender="青岛市民营经济发展局", day=date(2024, 2, 20),
)  # fmt: skip
TEXT = [
    LETTER.title, LETTER.document_no, "异议人：", LETTER.paragraphs[0], "决定：异议成立。",
    "一、补正材料。", LETTER.sender, "2024年2月20日",
]  # fmt: skip


@pytest.fixture(params=["embedded", "standard"])
def face(request, monkeypatch) -> Iterator[str]:
    """Both ways to make a PDF: with the fonts of this machine, and on one that has none."""
    if request.param == "standard":
        monkeypatch.setattr(fonts, "MAIN", ())
    fonts.installed.cache_clear()
    if request.param == "embedded" and fonts.installed() is None:
        pytest.skip("needs a Chinese font (fonts-noto-cjk)")
    yield request.param
    fonts.installed.cache_clear()


@contextmanager
def first_page(content: bytes) -> Iterator[pypdfium2.PdfTextPage]:
    document = pypdfium2.PdfDocument(content)
    page = document[0]
    text = page.get_textpage()
    yield text
    text.close()
    page.close()
    document.close()


def test_word_holds_every_paragraph_and_names_its_typefaces():
    with zipfile.ZipFile(io.BytesIO(docx(LETTER))) as package:
        document = package.read("word/document.xml").decode()
        table = package.read("word/fontTable.xml").decode()
        assert package.testzip() is None
    runs = re.findall(r"<w:t [^>]*>([^<]*)</w:t>", document)
    assert [unescape(text) for text in runs if text] == TEXT
    faces = re.findall(r'<w:rFonts [^>]*w:eastAsia="([^"]+)" w:hint="eastAsia"/>', document)
    assert faces == ["SimHei", *["SimSun"] * (len(runs) - 1)]
    for name, other in (("SimSun", "宋体"), ("SimHei", "黑体")):
        assert f'<w:font w:name="{name}"><w:altName w:val="{other}"/>' in table
    assert docx(LETTER) == docx(LETTER)


def test_pdf_holds_every_character_inside_its_margins(face):
    content = pdf(LETTER)
    assert content == pdf(LETTER)
    with first_page(content) as text:
        assert "".join(text.get_text_range().split()) == "".join("".join(TEXT).split())
        boxes = [text.get_charbox(number) for number in range(text.count_chars())]
    assert max(box[2] for box in boxes) <= PAGE[0] - SIDE + 17  # a closing mark may hang out
    assert min(box[0] for box in boxes if box[2] > box[0]) >= SIDE - 1


def test_numbers_are_not_torn_apart(face):
    with first_page(pdf(LETTER)) as text:
        lines = text.get_text_range().split("\r\n")
    if face == "standard":
        assert sum("HT-2023-018" in line for line in lines) == 4
    assert not any(line.endswith(("HT-2", "HT-2023-0")) for line in lines)


def test_a_long_letter_goes_on_on_a_second_page_and_passes_the_checks(face, tmp_path: Path):
    long = Letter(title="告知书", paragraphs=["逐条说明。" * 30] * 12, sender="局", day=LETTER.day)
    kept = {"a.pdf": (pdf(long), inspection.PDF), "a.docx": (docx(long), DOCX)}
    pages = []
    for name, (content, media) in kept.items():
        path = tmp_path / name
        path.write_bytes(content)
        pages.append(inspection.check(path, media).pages)
    assert pages == [4, 0]
