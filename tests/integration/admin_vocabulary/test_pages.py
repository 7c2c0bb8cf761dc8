"""The vocabulary on pages: words are found, corrected, added, tried out; the table decides."""

import time

import pytest
from sqlalchemy import select

from marketplace.db import Database
from marketplace.errors import Invalid
from marketplace.indexing.upkeep import rebuild_index
from marketplace.indexing.wiring import Catalogue
from marketplace.models import Event, Term
from marketplace.phases import Role
from marketplace.schemas.vocabulary import EditTermForm
from marketplace.services.searching import vocabulary
from marketplace.services.searching import vocabulary_edits as edits
from marketplace.services.upkeep import seeding
from marketplace.web.forms import load
from search import SearchRequest
from tests import factories
from tests.integration.admin_vocabulary.words import DAY, form, key, term_of
from tests.support.pages import Page

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def words(database: Database) -> Database:
    """The database with the vocabulary that the project ships."""
    database.run(seeding.seed_vocabulary)
    return database


@pytest.fixture
def officer(login_as, words):
    return login_as(Role.CITY_OFFICER)


def events(database: Database) -> list[tuple]:
    with database.reading() as session:
        rows = session.scalars(
            select(Event).where(Event.subject_type == "terms").order_by(Event.id)
        )
        return [(row.action, row.subject_id, row.actor_id, row.reason, row.diff) for row in rows]


def test_every_kind_has_a_name_and_its_numbers(officer, words):
    page = Page(officer.get("/admin/vocabulary"))
    with words.reading() as session:
        kinds = set(session.scalars(select(Term.kind)))
    labels = {link.get("href").rpartition("/")[2]: link.text for link in page.all("a")
              if (link.get("href") or "").startswith("/admin/vocabulary/")}  # fmt: skip
    assert set(labels) == kinds
    assert [kind for kind, label in labels.items() if label == kind] == []


def test_a_kind_is_listed_paged_and_searched(officer, words):
    with words.unit_of_work() as session:
        for number in range(60):
            factories.make_term(session, "synonym", f"n{number}", f"编号{number:02}", sort=900)

    def found(**query: str) -> list[str]:
        page = Page(officer.get("/admin/vocabulary/synonym", query_string=query))
        return [cell.find("a").text for cell in page.all("th", scope="row")]

    assert len(found()) == 50
    assert found(q="编号5") == [f"编号5{number}" for number in range(10)]
    assert found(q="注射成型") == ["注塑"], "part of an alias"
    assert found(q="%") == found(q="_%") == []
    assert found(state="edited") == []
    assert officer.get("/admin/vocabulary/nothing").status_code == 404


def test_a_synonym_is_corrected_and_told(officer, words):
    term = term_of(words, "synonym", "injection")
    data = form(term, aliases="注射成型\n注塑成型，打塑料件", reason="车间叫法")
    answer = officer.post(f"/admin/vocabulary/terms/{term.id}", data=data)
    assert answer.status_code == 303
    after = term_of(words, "synonym", "injection")
    assert (after.aliases, after.edited, after.version) == (
        ["注射成型", "注塑成型", "打塑料件"], True, term.version + 1,
    )  # fmt: skip
    assert after.data == {"direction": "two_way"}
    assert events(words) == [
        ("term_edit", term.id, officer.user.id, "车间叫法",
         {"aliases": [["注射成型", "注塑成型"], ["注射成型", "注塑成型", "打塑料件"]]}),
    ]  # fmt: skip
    again = officer.post(f"/admin/vocabulary/terms/{term.id}", data=data)
    assert again.location == answer.location, "the same form does nothing twice"
    assert len(events(words)) == 1


def test_seeding_again_never_overwrites_what_was_edited(officer, words):
    term, other = (
        term_of(words, "segment", "auto_parts"),
        term_of(words, "segment", "rail_equipment"),
    )
    data = form(term, short_name="汽车件", aliases="汽配")
    officer.post(f"/admin/vocabulary/terms/{term.id}", data=data)
    with words.unit_of_work() as session:
        session.get_one(Term, other.id).name = "没有人改过的"  # the control: not by an editor
    words.run(seeding.seed_vocabulary)
    kept, renewed = (
        term_of(words, "segment", "auto_parts"),
        term_of(words, "segment", "rail_equipment"),
    )
    assert (kept.short_name, kept.aliases) == ("汽车件", ["汽配"])
    assert renewed.name == other.name


def test_nothing_changed_is_said_and_not_recorded(officer, words):
    term = term_of(words, "synonym", "injection")
    answer = officer.post(f"/admin/vocabulary/terms/{term.id}", data=form(term))
    assert "没有改动" in officer.get(answer.location).text
    assert (events(words), term_of(words, "synonym", "injection").edited) == ([], False)


def test_the_slower_of_two_editors_sees_both_versions(officer, words):
    term = term_of(words, "synonym", "injection")
    path = f"/admin/vocabulary/terms/{term.id}"
    officer.post(path, data=form(term, aliases="注射成型、打塑料件"))
    late = officer.post(path, data=form(term, aliases="注塑成型", direction="one_way"))
    assert late.status_code == 409
    texts = Page(late).texts("dd")
    assert texts[:4] == [
        "注射成型、打塑料件", "注塑成型",
        "互通：组内任何一个词都找得到其他词", "单向：搜名称时也找后面的词，反过来不找",
    ]  # fmt: skip
    assert term_of(words, "synonym", "injection").aliases == ["注射成型", "打塑料件"]
    mine = form(term, aliases="注塑成型", direction="one_way", version=str(term.version + 1))
    assert officer.post(path, data=mine).status_code == 303
    assert term_of(words, "synonym", "injection").data == {"direction": "one_way"}


MISTAKES = (
    ({"name": ""}, "name", "请填写"),
    ({"name": "长" * 121}, "name", "最多120个字"),
    ({"name": "——"}, "name", "没有可以搜索的文字"),
    ({"name": "质检"}, "name", "已在“质检”这一组里"),
    ({"name": "仓　储", "aliases": "货位"}, "name", "已在“仓库”这一组里"),
    ({"name": "面"}, "name", "太短"),
    ({"aliases": ""}, "aliases", "至少填写一个"),
    ({"aliases": "面 料、面料"}, "aliases", "重复"),
    ({"aliases": "新词一"}, "aliases", "“新词一”重复了"),
    ({"aliases": "ＭＥＳ\n扫码"}, "aliases", "“扫码”已在“条码”这一组里"),
    ({"aliases": "零\u200b宽"}, "aliases", "看不见的字符"),
    ({"aliases": "长" * 61}, "aliases", "太长"),
    ({"aliases": "、".join(f"词{n:02}" for n in range(13))}, "aliases", "最多12个"),
    ({"direction": "sideways"}, "direction", "请选择"),
    ({"direction": ""}, "direction", "请选择"),
    ({"reason": ""}, "reason", "请填写"),
    ({"edited": "1"}, "edited", "多余"),
)  # fmt: skip
"""Changes of a good form, the field that is wrong, and what is said."""


@on_sqlite
def test_mistakes_in_a_new_group_are_named(officer, words):
    good = {
        "name": "新词一", "aliases": "新词二", "direction": "two_way", "active": "1",
        "reason": "测试",
    }  # fmt: skip
    for changes, field, text in MISTAKES:
        data = {**good, **changes, "form_key": key()}
        answer = officer.post("/admin/vocabulary/synonym/new", data=data)
        assert answer.status_code == 422, changes
        assert f'href="#f-{field}"' in answer.text, changes
        assert text in Page(answer).main, changes
    assert events(words) == []
    made = officer.post("/admin/vocabulary/synonym/new", data={**good, "form_key": key()})
    assert made.status_code == 303, "the control: without a change it is taken"
    assert [event[0] for event in events(words)] == ["term_create"]


@on_sqlite
def test_groups_that_point_at_each_other_are_harmless(officer, words):
    for name, aliases in (("甲工序", "乙工序"), ("乙工序", "甲工序"), ("丙工序", "MES、甲工序")):
        data = {
            "form_key": key(), "name": name, "aliases": aliases, "direction": "one_way",
            "active": "1", "reason": "测试",
        }  # fmt: skip
        assert officer.post("/admin/vocabulary/synonym/new", data=data).status_code == 303
    tried = Page(officer.get("/admin/vocabulary", query_string={"try": "丙工序"}))
    assert tried.status == 200


@on_sqlite
def test_what_ships_would_pass_the_checks_of_an_editor(words):
    """Else nobody could correct a word without rewriting it."""
    wrong = {}
    with words.reading() as session:
        rows = list(session.scalars(select(Term)))
        for term in rows:
            sent = {name: value for name, value in form(term).items() if value}
            sent.pop("form_key")
            try:
                data = load(EditTermForm(), sent)
                assert data["aliases"] == term.aliases
                edits.check(session, term.kind, edits.wanted_of(term), but=term.id)
            except Invalid as error:
                wrong[term.kind, term.code] = error.fields
    assert len(rows) > 150
    assert wrong == {}


@on_sqlite
def test_a_retired_word_is_offered_no_more_and_can_come_back(officer, words):
    term = term_of(words, "deployment", "hybrid")
    path = f"/admin/vocabulary/terms/{term.id}"
    officer.post(path, data=form(term, active="", reason="停用"))
    with words.reading() as session:
        codes = [word.code for word in vocabulary.Vocabulary.load(session).options("deployment")]
    assert "hybrid" not in codes
    back = term_of(words, "deployment", "hybrid")
    assert officer.post(path, data=form(back, active="1")).status_code == 303
    assert term_of(words, "deployment", "hybrid").active


@on_sqlite
def test_words_are_added_where_files_do_not_decide(officer, words):
    data = {
        "form_key": key(), "code": "edge_box", "name": "边缘一体机", "active": "1",
        "reason": "新形态",
    }  # fmt: skip
    made = officer.post("/admin/vocabulary/deployment/new", data=data)
    assert made.status_code == 303
    assert term_of(words, "deployment", "edge_box").sort > term_of(words, "deployment", "saas").sort
    taken = officer.post(
        "/admin/vocabulary/deployment/new", data={**data, "form_key": key(), "name": "另一种"}
    )
    assert (taken.status_code, "已经用过" in taken.text) == (422, True)
    for code in ("Edge", "1a", "a", "a b", "a'--"):
        wrong = {**data, "form_key": key(), "code": code, "name": "第三种"}
        assert officer.post("/admin/vocabulary/deployment/new", data=wrong).status_code == 422
    assert officer.get("/admin/vocabulary/segment/new").status_code == 404
    closed = officer.post("/admin/vocabulary/segment/new", data={**data, "form_key": key()})
    assert closed.status_code == 404


@on_sqlite
@pytest.mark.parametrize("role", [Role.ADMIN_SECURITY, Role.AUDITOR, Role.PROVIDER_OWNER])
def test_others_do_not_edit_words(login_as, words, role):
    client, term = login_as(role), term_of(words, "synonym", "injection")
    assert client.get("/admin/vocabulary").status_code == 403
    answer = client.post(f"/admin/vocabulary/terms/{term.id}", data=form(term, name="别的"))
    assert answer.status_code == 403
    assert term_of(words, "synonym", "injection").name == "注塑"


@pytest.fixture
def market(app, words) -> Catalogue:
    """One listed provider with one product, in the index."""
    with words.unit_of_work() as session:
        provider = factories.make_provider(session)
        factories.make_product(
            session, provider, name="沐野注塑排程", segments=["auto_parts"], category="aps"
        )
        factories.make_membership(
            session, factories.make_round(session), provider, type="product", segment="auto_parts"
        )
    catalogue: Catalogue = app.extensions["search"]
    rebuild_index(catalogue, words)
    return catalogue


@on_sqlite
def test_a_query_is_tried_before_and_after(officer, market, words):
    term = term_of(words, "synonym", "injection")
    data = form(term, aliases="注射成型、烫塑壳子", q="烫塑壳子")
    answer = Page(officer.post(f"/admin/vocabulary/terms/{term.id}/try", data=data))
    now, then = (" ".join(box.itertext()) for box in answer.all("div", "cell-pair")[0])
    assert ("沐野注塑排程" in now, "沐野注塑排程" in then) == (False, True)
    assert ("的同义词" in now, "的同义词" in then) == (False, True)
    assert events(words) == [], "trying saves nothing"
    assert term_of(words, "synonym", "injection").version == term.version


@on_sqlite
def test_trying_says_when_the_engine_is_down(officer, words):
    page = Page(officer.get("/admin/vocabulary", query_string={"try": "注塑"}))
    assert "搜索引擎没有应答" in page.main


@on_sqlite
def test_a_synonym_counts_everywhere_within_five_seconds(officer, market, settings, words):
    """Another process holds its own words: here another Catalogue, warmed before the edit."""
    elsewhere = Catalogue(settings.search_url, words)
    request = SearchRequest(DAY, "烫塑壳子", kind="product")
    assert (elsewhere.search(request).total, market.search(request).total) == (0, 0)
    term = term_of(words, "synonym", "injection")
    saved = officer.post(
        f"/admin/vocabulary/terms/{term.id}", data=form(term, aliases="注射成型、烫塑壳子")
    )
    start = time.monotonic()
    page = officer.get(saved.location).text
    assert "五秒内在全站生效，无需重建索引" in page
    assert "要不要现在重建索引" not in page
    while not elsewhere.search(request).total:
        assert time.monotonic() - start < 5
        time.sleep(0.05)
    elsewhere.close()


@on_sqlite
def test_a_new_word_of_the_trade_offers_a_rebuild(officer, market, words):
    term = term_of(words, "category", "aps")
    aliases = "\n".join([*term.aliases, "插单重排软件"])
    saved = officer.post(f"/admin/vocabulary/terms/{term.id}", data=form(term, aliases=aliases))
    page = officer.get(saved.location).text
    assert "新词“插单重排软件”已可搜索；重建索引后搜得更快、更准" in page
    assert "要不要现在重建索引" in page
    assert "插单重排软件" in officer.get("/admin/vocabulary").text
    assert "插单重排软件" in officer.get("/admin/search").text
    rebuild_index(market, words)
    assert "插单重排软件" not in officer.get("/admin/search").text


@on_sqlite
def test_a_new_name_says_that_documents_keep_the_old_one(officer, market, words):
    term = term_of(words, "category", "aps")
    data = form(term, name="计划排产软件")
    saved = officer.post(f"/admin/vocabulary/terms/{term.id}", data=data)
    assert "资料里还写着旧名称" in officer.get(saved.location).text
    way = term_of(words, "pricing_model", "one_off")
    other = officer.post(f"/admin/vocabulary/terms/{way.id}", data=form(way, name="一次买断"))
    assert "旧名称" not in officer.get(other.location).text, "no document carries that name"
