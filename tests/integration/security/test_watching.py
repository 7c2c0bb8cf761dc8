"""Every check of the sweep finds what it looks for, and nothing in an ordinary page."""

from types import SimpleNamespace

import pytest
from flask import Response

from marketplace.web.headers import BASE
from tests.integration.security.watching import MARK, MOBILE, SEED, Watch
from tests.support.world import ANONYMOUS

RULE = SimpleNamespace(rule="/somewhere", endpoint="public.somewhere")
GOOD = {**BASE, "Cache-Control": "no-store"}


def seen(actor: str, text: str = "<p>青岛</p>", status: int = 200, **without: None) -> set[str]:
    """Names of the checks that find something in this page."""
    headers = {name: value for name, value in GOOD.items() if name.replace("-", "_") not in without}
    watch = Watch({SEED.encode()})
    answer = Response(text, status, headers, mimetype="text/html")
    watch.see(actor, "GET", RULE, answer)
    return {name for name, found in watch.found.items() if found}


@pytest.mark.parametrize("actor", [ANONYMOUS, "expert", "city_officer"])
def test_an_ordinary_page_passes(actor):
    assert seen(actor) == set()


@pytest.mark.parametrize(
    ("check", "actor", "text"),
    [
        ("s03 inline", "city_officer", '<p style="color:red">青岛</p>'),
        ("s03 inline", "expert", "<script>alert(1)</script>"),
        ("s03 inline", ANONYMOUS, '<a onclick="go()">青岛</a>'),
        ("s44 secrets", "admin_users", f"<p>{SEED}</p>"),
        ("s44 secrets", "auditor", "<p>$argon2id$v=19</p>"),
        ("s45 contract", "enterprise_other", f"<p>{MARK}</p>"),
        ("s45 contract", "expert", "<p>31415926.00 元</p>"),
        ("s81 numbers", ANONYMOUS, "<p>电话 13800001111。</p>"),
        ("s81 numbers", ANONYMOUS, "<p>证件 37020219900101001X。</p>"),
    ],
)
def test_what_stands_in_a_page_is_found(check, actor, text):
    assert seen(actor, text) == {check}


def test_what_an_answer_lacks_is_found():
    assert seen("expert", X_Content_Type_Options=None) == {"s01 headers"}
    assert seen("expert", Cache_Control=None) == {"s05 kept"}
    assert seen(ANONYMOUS, Cache_Control=None) == set()  # public pages may be kept a minute
    assert seen("expert", status=500) == {"s15 broken"}


def test_who_may_see_may():
    assert seen("city_officer", f"<p>{MARK}</p>") == set()
    assert seen("expert", "<p>电话 13800001111。</p>") == set()
    assert not MOBILE.search("编号 2013800001111")
