"""S51, S52: whatever is typed is an ordinary answer within 300 ms, and finds nothing more."""

import pytest

from tests.support.pages import Page
from tests.support.timing import within

SECONDS = 0.3

NOT_WORDS = (
    "*:*", "_exists_:secret", "/(a+)+/", "a*b*c*", "((((", "a~9", "[* TO *]", "{a TO z}",
    "title:*", "AND OR NOT", "+-!^~*?", "\\", "\"", "'", "``", "<>", "%%%", "____",
    "'; DROP TABLE providers; --", "1 OR 1=1", "${7*7}", "{{7*7}}", "<script>alert(1)</script>",
    "\x00", "\x00\x00\x1f", "\u202e", "\u200b\u200d", "😀", "👩‍👩‍👧‍👦" * 20, "．＊？",
    "a", "é", "ß", "Ω", "q" * 10_000, "9" * 10_000, "(" * 10_000, "*" * 10_000, "“" * 500,
)  # fmt: skip
"""What stands nowhere in the market."""
LONG = ("智" * 10_000, "排产 " * 3000, "yantu" * 2000, "“排产” " * 2000)

PAGES = ("/providers", "/products", "/cases")
OTHERS = ("/suggest", "/providers.rss", "/products.rss", "/cases.rss")


def quick(client, path: str, text: str | bytes):
    """The answer, which must come within the limit."""
    answer = within(SECONDS, lambda: client.get(path, query_string={"q": text}))
    assert answer.status_code == 200
    return answer


@pytest.mark.parametrize("text", NOT_WORDS, ids=lambda text: text[:12].encode("ascii", "replace"))
def test_what_is_no_word_finds_nothing(visitor, text):
    assert {path: Page(quick(visitor, path, text)).total for path in PAGES} == dict.fromkeys(
        PAGES, 0
    )
    assert [path for path in OTHERS[1:] if b"<item>" in quick(visitor, path, text).data] == []
    assert quick(visitor, "/suggest", text).status_code == 200


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:8])
def test_ten_kilobytes_are_read_to_their_beginning(visitor, text):
    for path in PAGES:
        assert Page(quick(visitor, path, text)).total <= Page(visitor.get(path)).total
    for path in OTHERS:
        quick(visitor, path, text)


@pytest.mark.parametrize("path", [*PAGES, *OTHERS])
def test_half_a_character_is_no_error(visitor, path):
    answer = visitor.get(f"{path}?q=%ED%A0%80&q=%FF%FE")
    assert answer.status_code == 200
    mixed = visitor.get(f"{path}?q=%E6%8E%92%E4%BA%A7%ED%A0%80")
    assert mixed.status_code == 200


@pytest.mark.parametrize("text", ["智", "排", "A", "１"])
def test_one_character_is_an_ordinary_search(visitor, text):
    for path in (*PAGES, *OTHERS):
        quick(visitor, path, text)
