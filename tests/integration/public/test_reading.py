"""Results pages say what was done with the words, and every card why it is there."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.pages import Page, find, text

TERM = "制造执行系统"


def ask(visitor, words: str, path: str = "/providers", **more: str) -> Page:
    return Page(visitor.get(path, query_string={"q": words, **more}))


def notes(page: Page) -> list[str]:
    return [text(item) for box in page.all("ul", "result-notes") for item in find(box, "li")]


def reasons(page: Page) -> list[str]:
    return [
        " ".join(text(part) for part in find(card, "span", "card-why-part"))
        for card in page.all("article", "card-result")
    ]


def link(page: Page, label: str) -> str:
    (found,) = [a for box in page.all("ul", "result-notes") for a in find(box, "a")
                if text(a) == label]  # fmt: skip
    return found.get("href", "")


def ids(page: Page) -> list[str]:
    return [box.get("value", "") for box in page.all("input", data_compare="provider")]


def test_words_found_as_they_stand_need_no_note(visitor):
    page = ask(visitor, "操作视频")
    assert page.total > 5
    assert notes(page) == []


@pytest.mark.parametrize(("typed", "read"), [("yantu", "砚途"), ("zzzx", "制造执行")])
def test_pinyin_is_told_and_finds_what_the_characters_find(visitor, typed, read):
    page = ask(visitor, typed)
    assert f"“{typed}”按拼音理解为：{read}" in notes(page)
    assert page.total > 0
    assert ids(page) == ids(ask(visitor, read))
    assert all(f"（拼音“{typed}”）" in reason for reason in reasons(page))


@pytest.mark.parametrize("typed", ["制造直行系统", "制造制行系统", "砚涂"])
def test_a_slip_is_corrected_told_and_can_be_taken_back(visitor, typed):
    meant = "砚途" if typed.startswith("砚") else TERM
    page = ask(visitor, typed)
    first = notes(page)[0]
    assert first == f"没有找到“{typed}”，下面按“{meant}”查找。仍然搜索“{typed}”"
    assert text(page.one("p", id="result-sentence")).endswith(f"含“{meant}”")
    assert ids(page) == ids(ask(visitor, meant))
    assert all(f"（由“{typed}”更正）" in reason for reason in reasons(page))
    back = Page(visitor.get(link(page, f"仍然搜索“{typed}”")))
    assert text(back.one("p", id="result-sentence")).endswith(f"含“{typed}”")
    assert notes(back)[0] == "只查找原样输入的词。恢复自动更正"
    again = Page(visitor.get(link(back, "恢复自动更正")))
    assert (again.total, notes(again)) == (page.total, notes(page))


def test_a_search_to_the_letter_stays_one_while_filtering_and_ends_with_other_words(visitor):
    page = ask(visitor, "看板", "/products", literal="1", sort="price", segment="auto_parts")
    filters = page.one("form", id="filters")
    hidden = {box.get("name"): box.get("value") for box in find(filters, "input", type="hidden")}
    assert hidden == {"q": "看板", "literal": "1", "sort": "price"}
    box = page.one("form", "search-box")
    assert {each.get("name") for each in find(box, "input")} == {"segment", "sort", "q"}
    pills = {text(pill): parse_qs(urlsplit(pill.get("href", "")).query)
             for pill in page.all("a", "pill")}  # fmt: skip
    assert pills == {
        "关键词“看板”": {"segment": ["auto_parts"], "sort": ["price"]},
        "细分行业汽车零部件": {"q": ["看板"], "literal": ["1"], "sort": ["price"]},
    }
    tabs = [a.get("href", "") for a in find(page.one("nav", "tabs"), "a")]
    assert all(parse_qs(urlsplit(tab).query)["literal"] == ["1"] for tab in tabs)


def test_literal_without_words_means_nothing(visitor):
    page = Page(visitor.get("/providers?literal=1"))
    assert notes(page) == []
    assert page.total == Page(visitor.get("/providers")).total
    assert all("literal" not in a.get("href", "") for a in page.all("a"))


def test_synonyms_are_told_on_the_page_and_on_the_card(visitor):
    page = ask(visitor, "MES", "/products")
    assert "同义词一并查找：MES＝制造执行系统" in notes(page)
    assert reasons(page) == ["类别 MES 制造执行系统"] * page.total
    other = ask(visitor, "机床联网", "/products")
    assert other.total > 3
    assert all("（“机床联网”的同义词）" in reason for reason in reasons(other)[:3])


def test_taiwanese_wording_is_read(visitor):
    page = ask(visitor, "追溯軟體", "/products")
    assert page.total > 3
    assert "也按大陆常用说法查找" in notes(page)


def test_part_of_the_words_is_told(visitor):
    page = ask(visitor, "排产 看板 焊接 机器人 视觉", "/products")
    assert page.total > 5
    assert "没有同时含全部词的结果，下面只含其中一部分" in notes(page)


def test_long_queries_are_told_to_be_shortened(visitor):
    page = ask(visitor, "自动排产 " * 60, "/products")
    assert "关键词太长，只用了前面一段" in notes(page)


def test_every_card_says_why(visitor):
    for path in ("/providers", "/products", "/cases"):
        for words in ("砚途", "操作视频", "条码", "工单", "zzzx", "注塑"):
            page = ask(visitor, words, path)
            cards = page.all("article", "card-result")
            assert len([reason for reason in reasons(page) if reason]) == len(cards)


def test_a_card_names_the_part_and_marks_the_word_in_it(visitor):
    page = ask(visitor, "自动排产")
    for card in page.all("article", "card-result"):
        (why,) = find(card, "p", "card-why")
        assert text(why).startswith("匹配")
        assert {text(mark) for mark in find(why, "mark")} == {"自动排产"}


def test_what_a_card_shows_anyway_is_not_told_twice(visitor):
    """The name and the introduction are there with their hits: the word alone is told."""
    assert reasons(ask(visitor, "砚途"))[0] == "名称"
    assert reasons(ask(visitor, "yantu"))[0] == "名称 砚途（拼音“yantu”）"


def test_without_words_no_card_gives_a_reason(visitor):
    assert [reason for reason in reasons(Page(visitor.get("/providers"))) if reason] == []


def test_facets_count_what_the_click_gives_on_every_rung(visitor):
    for words in ("zzzx", "制造直行系统", "排产 看板 焊接 机器人 视觉"):
        page = ask(visitor, words, "/products")
        assert page.total
        for label in page.all("label", "facet-option")[:6]:
            (box,) = find(label, "input")
            (count,) = find(label, "span", "facet-count")
            name, value = box.get("name", ""), box.get("value", "")
            clicked = ask(visitor, words, "/products", **{name: value})
            assert clicked.total == int(text(count).split()[0]), (words, name, value)
            assert notes(clicked)[:1] == notes(page)[:1]


ATTACKS = ("<b>制造直行系统</b>", '"><img src=x>yantu', "<mark>排产</mark>")


@pytest.mark.parametrize("words", ATTACKS)
def test_s54_words_in_notes_are_text(visitor, words):
    page = ask(visitor, words)
    assert (page.all("img"), page.all("b")) == ([], [])
    assert [mark for mark in page.all("mark") if "<" in text(mark)] == []
