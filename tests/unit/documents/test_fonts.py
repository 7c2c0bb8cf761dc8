"""Which characters the fonts have, what happens to the others, and what a PDF carries."""

import struct
from datetime import date

import pypdfium2
import pytest

from marketplace.services.documents import fonts, plain_pdf
from marketplace.services.documents.parts import Part
from marketplace.services.proceedings.official_letters import Letter, pdf
from tests.support.pdfs import embedded

GB2312 = "".join(
    bytes((row, cell)).decode("gb2312", "ignore")
    for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF)
)  # fmt: skip
RARE = "𠮷䶮㛃堃喆龘镕"
NAME = f"青岛{RARE}𪚥科技有限公司"


@pytest.fixture(scope="module")
def found() -> fonts.Fonts:
    installed = fonts.installed()
    if installed is None:
        pytest.skip("needs a Chinese font (fonts-noto-cjk)")
    return installed


def letter(text: str) -> bytes:
    return pdf(Letter(title="告知书", paragraphs=[text], sender="局", day=date(2024, 2, 20)))


def test_the_font_has_all_of_gb2312_and_what_it_lacks_is_written_out(found):
    assert len(GB2312) == 7445
    assert found.showable(GB2312) == GB2312
    assert found.showable(NAME) == NAME.replace("𪚥", "〔U+2A6A5〕")
    # Private use, joiners, variants, controls.
    assert found.showable("甲\ue000\u200d乙\ufe0f\t丙\x00丁") == "甲〔U+E000〕乙 丙 丁"


def test_every_pdf_carries_its_fonts_and_gives_its_text_back(found):
    content = letter(NAME)
    carried = embedded(content)
    assert len(carried) == 2 and set(carried.values()) == {True}
    assert all(name[7] == "+" for name in carried)  # subsets: ABCDEF+Name
    assert len(content) < 60_000
    document = pypdfium2.PdfDocument(content)
    page = document[0]
    text = page.get_textpage()
    assert NAME.replace("𪚥", "〔U+2A6A5〕") in text.get_text_range()
    for part in (text, page, document):
        part.close()
    # The negative: what is made without fonts carries none.
    bare = plain_pdf.pdf("告知书", [Part("青岛")])
    assert set(embedded(bare).values()) == {False}


def test_a_table_of_the_older_kind_is_read_too(tmp_path):
    """Format 4: two runs and the closing 0xFFFF."""
    starts, ends = (0x4E00, 0x9FA0, 0xFFFF), (0x4E10, 0x9FA5, 0xFFFF)
    body = struct.pack(">3H", *ends) + b"\0\0" + struct.pack(">3H", *starts) + bytes(12)
    table = struct.pack(">7H", 4, 14 + len(body), 0, 6, 4, 1, 2) + body
    cmap = struct.pack(">HHHHI", 0, 1, 3, 1, 12) + table
    head = struct.pack(">IHHHH", 0x10000, 1, 16, 0, 0)
    font = head + struct.pack(">4sIII", b"cmap", 0, 28, len(cmap)) + cmap
    path = tmp_path / "old.ttf"
    path.write_bytes(font)
    assert list(fonts._spans(str(path), 0)) == [(0x4E00, 0x4E10), (0x9FA0, 0x9FA5)]
