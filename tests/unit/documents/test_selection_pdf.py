"""A selection file on paper: every page says whose table goes on, and nothing is cut off."""

import io
import re
from collections import Counter

import pikepdf
import pypdfium2
import pytest

from marketplace.services.choosing import selection_pdf
from marketplace.services.choosing.selection_pdf import Detail, SelectionFile, Table
from marketplace.services.documents import fonts
from tests.support.pdfs import embedded

HEADS = ("序号", "服务商", "统一社会信用代码", "结果", "理由")
HASH = "ab12" * 16
UNBROKEN = "W" * 400 + "x" * 3000 + "尾"
RARE = "𪚥\u202e漢"


def made(number: int, need: str = "两台注塑机联网") -> SelectionFile:
    names = [f"青岛第{at}智能科技有限公司" for at in range(1, number + 1)]
    groups = [
        ("基本", [("服务商类型", "产品服务商"), ("员工人数", "未填报")]),
        ("案例", [(f"事实{at}", f"内容{at}") for at in range(18)]),
    ]
    return SelectionFile(
        title="注塑车间选型",
        enterprise="青岛采购测试有限公司",
        facts=Table("选型档案", ("项目", "内容"), [("需求", need), ("校验值（SHA-256）", HASH)]),
        candidates=Table(
            "候选服务商", HEADS,
            [
                (str(at), name, "91370200MA3C2A001X", "未选" if at > 1 else "选定", f"理由{at}。")
                for at, name in enumerate(names, 1)
            ],
        ),
        steps=Table("办理经过", ("时间", "事项", "经办", "说明"),
                    [("2026-11-20 09:00", "锁定结果", "王某（企业用户）", "")]),
        details=[Detail(f"{at}. {name}", groups) for at, name in enumerate(names, 1)],
        original="{}",
    )  # fmt: skip


def pages(content: bytes) -> list[str]:
    """The words of each page, without blanks and ends of lines."""
    found = []
    with pypdfium2.PdfDocument(content) as document:
        for page in document:
            text = page.get_textpage()
            found.append("".join(text.get_text_range().split()))
            text.close()
            page.close()
    return found


def tags(content: bytes) -> Counter[str]:
    """How often each kind of part is tagged."""
    found: Counter[str] = Counter()

    def walk(node: pikepdf.Object) -> None:
        if isinstance(node, pikepdf.Array):
            for item in node:
                walk(item)
        elif isinstance(node, pikepdf.Dictionary):
            found.update([str(node["/S"])] if "/S" in node else [])
            walk(node.get("/K", pikepdf.Array()))

    with pikepdf.open(io.BytesIO(content)) as document:
        walk(document.Root.StructTreeRoot.K)
        found[str(document.Root.Lang)] += 1
    return found


@pytest.mark.skipif(fonts.installed() is None, reason="no Chinese font here")
@pytest.mark.parametrize("number", [3, 60])
def test_heads_are_repeated_pages_numbered_and_every_reason_stands(number):
    file = made(number)
    content = selection_pdf.pdf(file)
    found = pages(content)
    assert len(found) > 1
    for at, page in enumerate(found, 1):
        assert f"第{at}页，共{len(found)}页" in page
        # A page begins a table or goes on with one: no rows without their heads.
        if re.search(r"理由\d+。", page):
            assert "".join(HEADS) in page
        if "内容17" in page or "内容0" in page:
            assert "案例事实" in page
            assert re.search(r"项目\d+\.青岛第\d+智能科技有限公司", page)
    whole = "".join(found)
    for row in file.candidates.rows:
        assert "".join(row) in whole
    assert HASH in whole and "王某（企业用户）" in whole
    listed = sum("".join(HEADS) in page for page in found)
    assert (listed > 1) is (number == 60)
    kinds = tags(content)
    assert (kinds["/H1"], kinds["/H2"], kinds["/H3"]) == (1, 3, number)
    assert kinds["/TH"] == 2 + len(HEADS) + 4 + (2 + 2) * number
    assert kinds["zh-CN"] == 1
    assert set(embedded(content).values()) == {True}


@pytest.mark.skipif(fonts.installed() is None, reason="no Chinese font here")
def test_words_without_a_break_stay_on_the_paper_and_rare_characters_are_told():
    content = selection_pdf.pdf(made(3, need=RARE + UNBROKEN))
    with pypdfium2.PdfDocument(content) as document:
        for page in document:
            text = page.get_textpage()
            right = max(text.get_charbox(at)[2] for at in range(text.count_chars()))
            assert right <= page.get_width() - 40
            text.close()
            page.close()
    whole = re.sub(r"选型档案：注塑车间选型项目内容|第\d+页，共\d+页", "", "".join(pages(content)))
    assert UNBROKEN in whole
    assert ("𪚥" in whole) is not ("〔U+2A6A5〕" in whole)


def test_without_a_font_the_same_is_told_in_lines(monkeypatch):
    monkeypatch.setattr(fonts, "MAIN", ())
    fonts.installed.cache_clear()
    try:
        content = selection_pdf.pdf(made(3, need=UNBROKEN))
    finally:
        fonts.installed.cache_clear()
    whole = "".join(pages(content))
    assert UNBROKEN in whole and HASH in whole
    assert (
        "序号：1；服务商：青岛第1智能科技有限公司；" in whole
        and "；结果：选定；理由：理由1。" in whole
    )
    assert "锁定时的资料" in whole and "事实17：内容17" in whole
    assert set(embedded(content).values()) == {False}
