"""Public pages: kept by anybody for a minute, compressed, and never mixed up with personal ones."""

import gzip

import pytest

from marketplace.phases import Role
from tests.support.market import open_market

PAGES = ("/", "/providers", "/providers/1", "/products/1", "/cases/1", "/compare?id=1&id=2")


@pytest.mark.parametrize("path", PAGES)
def test_s05_public_pages_may_be_kept(visitor, path):
    answer = visitor.get(path)
    assert answer.headers["Cache-Control"].startswith("public, max-age=60")
    assert set(answer.vary) == {"Cookie", "Accept-Encoding"}
    assert "Set-Cookie" not in answer.headers
    again = visitor.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("path", PAGES)
def test_public_pages_travel_compressed(visitor, path):
    plain = visitor.get(path, headers={"Accept-Encoding": "identity"})
    packed = visitor.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert int(packed.headers["Content-Length"]) == len(packed.data)


@pytest.mark.parametrize("path", ["/providers", "/cases"])
def test_pages_weigh_little(visitor, path):
    packed = visitor.get(path, headers={"Accept-Encoding": "gzip"})
    assert len(packed.data) < 20_000


def test_head_says_what_get_says(visitor):
    names = ("Content-Length", "ETag", "Cache-Control", "Content-Encoding", "Vary")
    headers = {"Accept-Encoding": "gzip"}
    get, head = visitor.get("/", headers=headers), visitor.head("/", headers=headers)
    assert [head.headers.get(name) for name in names] == [get.headers.get(name) for name in names]
    assert head.data == b""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_pages_of_signed_in_people_are_neither_kept_nor_compressed(app, login_as):
    open_market(app, 2)
    officer = login_as(Role.CITY_OFFICER)
    answer = officer.get("/providers", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("path", ["/login", "/providers/99999", "/providers?sort=x"])
def test_pages_with_a_form_and_errors_are_not_kept(visitor, path):
    answer = visitor.get(path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert "public" not in answer.headers["Cache-Control"]
