"""Suggestions: what is typed in any script, for programs; never an error, never a secret."""

import pytest

from tests.integration.public.test_degraded import remove_index
from tests.support.market import SECRET, open_market

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MOST = 8


def ask(client, text: str, **more: str) -> list[dict]:
    answer = client.get("/suggest", query_string={"q": text, **more})
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json["notice"] == ""
    found = answer.json["items"]
    assert len(found) <= MOST
    for item in found:
        assert item.keys() == {"kind", "label", "text", "detail", "parts", "url"}
        assert "".join(text for text, _ in item["parts"]) == item["text"]
    return found


def of(found: list[dict], kind: str) -> list[str]:
    return [item["text"] for item in found if item["kind"] == kind]


@pytest.mark.parametrize("typed", ["砚途", "硯途", "yantu", "YanTu", "yt", "青岛砚途"])
def test_a_firm_in_any_script(visitor, market, typed):
    found = ask(visitor, typed)
    firm = next(item for item in found if item["kind"] == "provider")
    number = next(id_ for id_, name in market.names.items() if "砚途" in name)
    assert (firm["text"], firm["label"]) == ("青岛砚途智造科技有限公司", "服务商")
    assert firm["url"] == f"/providers/{number}"
    assert visitor.get(firm["url"]).status_code == 200


@pytest.mark.parametrize("typed", ["zzzx", "zhizaozhixing", "制造执", "製造執", "MES", "mes"])
def test_a_term_in_any_script(visitor, typed):
    terms = [item for item in ask(visitor, typed) if item["kind"] == "term"]
    assert "制造执行系统" in [item["text"] for item in terms] or "MES" in [
        item["text"].upper() for item in terms
    ]
    assert {item["url"] for item in terms} == {""}
    assert {item["label"] for item in terms} == {"词语"}


def test_what_was_typed_is_marked(visitor):
    firm = next(item for item in ask(visitor, "砚途") if item["kind"] == "provider")
    assert [text for text, hit in firm["parts"] if hit] == ["砚途"]


@pytest.mark.parametrize("kind", ["provider", "product", "case"])
def test_one_kind_can_be_asked_for(visitor, kind):
    found = ask(visitor, "砚途", kind=kind)
    assert found
    assert {item["kind"] for item in found} == {kind}
    for item in found:
        assert visitor.get(item["url"]).status_code == 200


@pytest.mark.parametrize("query", ["kind=term", "kind=x", "kind=provider'--"])
def test_s53_another_kind_is_refused(visitor, query):
    answer = visitor.get(f"/suggest?q=a&{query}", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.json["errors"] == {"kind": ["没有这个选项"]}


@pytest.mark.parametrize("typed", ["", " ", "　", "\x00", "?", "。", "\ufffd"])
def test_nothing_typed_suggests_nothing(visitor, typed):
    assert ask(visitor, typed) == []


def test_s45_what_is_not_public_is_not_suggested(visitor):
    assert ask(visitor, SECRET) == []
    assert ask(visitor, SECRET[:2]) == []


def test_answers_are_kept_for_a_minute(visitor):
    answer = visitor.get("/suggest?q=砚途")
    assert answer.headers["Cache-Control"].startswith("public, max-age=60")
    assert set(answer.vary) >= {"Cookie"}
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert visitor.get("/suggest?q=砚途", headers=tag).status_code == 304


@on_sqlite
def test_without_the_engine_the_list_is_empty_and_says_so(app, client):
    open_market(app, 2)
    remove_index(app)
    answer = client.get("/suggest?q=砚途")
    assert (answer.status_code, answer.json) == (200, {"items": [], "notice": "搜索暂时不可用"})
    assert answer.headers["Cache-Control"] == "no-store"
