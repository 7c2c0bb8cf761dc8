"""Letters as Word and PDF: whole text, every line inside the page, opened by the upload checks."""

import io
import re
import zipfile
from datetime import date
from html import unescape
from pathlib import Path

import pypdfium2

from marketplace.services.proceedings.official_letters import DOCX, PAGE, SIDE, Letter, docx, pdf
from marketplace.services.uploads import inspection

LETTER = Letter(
    title="异议处理决定告知书", document_no="青民发字〔2024〕4号", addressee="异议人",
    paragraphs=[
        "经核查：案例 <A&B> 没有验收，合同编号 HT-2023-018 与系统不一致。" * 4,
        "决定：异议成立。",
    ],
    sender="青岛市民营经济发展局", day=date(2024, 2, 20),
)  # fmt: skip
TEXT = [
    LETTER.title, LETTER.document_no, "异议人：", *LETTER.paragraphs, LETTER.sender,
    "2024年2月20日",
]  # fmt: skip


def test_word_holds_every_paragraph():
    with zipfile.ZipFile(io.BytesIO(docx(LETTER))) as package:
        document = package.read("word/document.xml").decode()
        assert package.testzip() is None
    runs = re.findall(r"<w:t [^>]*>([^<]*)</w:t>", document)
    assert [unescape(text) for text in runs if text] == TEXT
    assert docx(LETTER) == docx(LETTER)


def test_pdf_holds_every_character_inside_its_margins():
    document = pypdfium2.PdfDocument(pdf(LETTER))
    page = document[0]
    text = page.get_textpage()
    assert "".join(text.get_text_range().split()) == "".join("".join(TEXT).split())
    boxes = [text.get_charbox(number) for number in range(text.count_chars())]
    assert max(box[2] for box in boxes) <= PAGE[0] - SIDE + 17  # a closing mark may hang out
    assert min(box[0] for box in boxes if box[2] > box[0]) >= SIDE - 1
    text.close()
    page.close()
    document.close()


def test_numbers_are_not_torn_apart():
    document = pypdfium2.PdfDocument(pdf(LETTER))
    page = document[0]
    text = page.get_textpage()
    lines = text.get_text_range().split("\r\n")
    assert sum("HT-2023-018" in line for line in lines) >= 3
    assert not any(line.endswith(("HT-", "HT-2", "HT-2023-0")) for line in lines)
    text.close()
    page.close()
    document.close()


def test_a_long_letter_goes_on_on_a_second_page_and_passes_the_checks(tmp_path: Path):
    long = Letter(title="告知书", paragraphs=["逐条说明。" * 30] * 12, sender="局", day=LETTER.day)
    kept = {"a.pdf": (pdf(long), inspection.PDF), "a.docx": (docx(long), DOCX)}
    pages = []
    for name, (content, media) in kept.items():
        path = tmp_path / name
        path.write_bytes(content)
        pages.append(inspection.check(path, media).pages)
    assert pages == [4, 0]
