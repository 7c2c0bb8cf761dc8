"""Saved searches: a new match is told once, to its enterprise, and what was there before never."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound, Unavailable
from marketplace.indexing import matching
from marketplace.indexing.upkeep import rebuild_index
from marketplace.models import Message, OutboxItem, SavedSearch, SearchMatch
from marketplace.permissions import NOBODY, SYSTEM
from marketplace.phases import Role
from marketplace.services.choosing import saved_searches
from marketplace.services.choosing.saved_searches import EVERY, MOST_MATCHES, Wanted
from marketplace.services.inbox import inbox
from tests import factories
from tests.integration.choosing.conftest import make_firm, save
from tests.support import market as markets

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def told(session):
    query = select(Message.user_id, Message.title, Message.text, Message.url)
    return [tuple(row) for row in session.execute(query.order_by(Message.id))]


def test_what_is_new_is_told_once(session, firm):
    row = save(session, firm, found={1: "一公司", 2: "二公司"})
    assert saved_searches.note(session, SYSTEM, row.id, {1: "一公司", 2: "二公司"}) == []
    assert told(session) == []
    assert saved_searches.note(
        session, SYSTEM, row.id, {1: "一公司", 3: "三公司", 4: "四公司"}
    ) == [3, 4]
    message = (
        firm.actor.user_id, "搜索“注塑 MES”有2条新结果",
        "您保存的搜索“注塑 MES”新增：三公司、四公司。", f"/me/searches/{row.id}",
    )  # fmt: skip
    assert told(session) == [message]
    # It leaves and comes back, and is told no second time.
    for found in ({1: "一公司"}, {1: "一公司", 3: "三公司"}, {2: "二公司", 3: "三公司"}):
        assert saved_searches.note(session, SYSTEM, row.id, found) == []
    assert told(session) == [message]
    assert [match.item_id for match in session.scalars(saved_searches.told(row))] == [4, 3]
    queued = session.scalars(select(OutboxItem.key).where(OutboxItem.kind == inbox.NOTICE)).all()
    assert len(queued) == 1


def test_many_new_ones_make_one_message(session, firm):
    row = save(session, firm)
    assert (
        len(
            saved_searches.note(session, SYSTEM, row.id, {id_: f"第{id_}家" for id_ in range(1, 9)})
        )
        == 8
    )
    ((_, title, text, _),) = told(session)
    assert title == "搜索“注塑 MES”有8条新结果"
    assert text == "您保存的搜索“注塑 MES”新增：第1家、第2家、第3家、第4家、第5家 等8条。"


def test_only_its_own_people_are_told(session, firm):
    colleague = factories.make_user(session)
    factories.make_grant(session, colleague, Role.ENTERPRISE, firm.organisation)
    gone = factories.make_user(session)
    grant = factories.make_grant(session, gone, Role.ENTERPRISE, firm.organisation)
    grant.revoked_at = clock.now()
    other = make_firm(session, uscc=factories.uscc())
    save(session, other, name="别家的")
    row = save(session, firm)
    saved_searches.note(session, SYSTEM, row.id, {5: "五公司"})
    assert {user for user, *_ in told(session)} == {firm.actor.user_id, colleague.id}
    for actor in (other.actor, NOBODY):
        with pytest.raises(NotFound):
            saved_searches.get(session, actor, row.id)
        with pytest.raises(NotFound):
            saved_searches.edit(session, actor, row, {}, name="x", alert=False, version=1)
        with pytest.raises(NotFound):
            saved_searches.delete_(session, actor, row)


def test_alerts_off_tell_nothing_and_on_again_begin_anew(session, firm):
    row = save(session, firm, found={1: "一公司"})
    saved_searches.edit(session, firm.actor, row, {}, name="改名", alert=False, version=row.version)
    assert saved_searches.note(session, SYSTEM, row.id, {1: "一公司", 2: "二公司"}) == []
    found = {1: "一公司", 2: "二公司"}
    saved_searches.edit(
        session, firm.actor, row, found, name="改名", alert=True, version=row.version
    )
    assert saved_searches.note(session, SYSTEM, row.id, found) == []
    assert saved_searches.note(session, SYSTEM, row.id, {**found, 3: "三公司"}) == [3]
    with pytest.raises(Conflict):
        saved_searches.edit(session, firm.actor, row, {}, name="x", alert=True, version=1)


def test_what_is_too_wide_is_not_watched(session, firm):
    wide = {id_: str(id_) for id_ in range(1, MOST_MATCHES + 2)}
    with pytest.raises(Invalid) as refused:
        save(session, firm, found=wide)
    assert list(refused.value.fields) == ["alert"]
    row = save(session, firm, name="会变宽")
    assert saved_searches.note(session, SYSTEM, row.id, wide) == []
    assert row.trouble == saved_searches.TOO_WIDE
    assert saved_searches.note(session, SYSTEM, row.id, {7: "七公司"}) == [7]
    assert row.trouble == ""


def test_a_deleted_search_leaves_nothing_and_nobody_is_told(session, firm):
    row = save(session, firm, found={1: "一公司"})
    number = row.id
    saved_searches.delete_(session, firm.actor, row)
    assert saved_searches.note(session, SYSTEM, number, {2: "二公司"}) == []
    left = session.scalar(select(func.count()).select_from(SearchMatch))
    assert (left, told(session)) == (0, [])


@pytest.fixture
def watched(app, database):
    """A market, and an enterprise that watches MES for home appliances in it."""
    market = markets.open_market(app, 12)
    index = {"q": "", "literal": False, "filters": {"segment": ["home_appliance"]}}
    catalogue = app.extensions["search"]
    found = matching.found(catalogue, "provider", index)
    with database.unit_of_work() as session:
        firm = make_firm(session)
        wanted = Wanted("provider", [("segment", "home_appliance")], index, "家用电器")
        row = saved_searches.save(session, firm.actor, wanted, found, name="家电", alert=True)
    return market, row.id, found


def later(database):
    """The searches were checked ten minutes ago."""
    with database.unit_of_work() as session:
        session.execute(update(SavedSearch).values(checked_at=clock.now() - EVERY))


def test_f_v9_the_worker_finds_what_was_listed_since(app, database, watched):
    _, _, before = watched
    catalogue = app.extensions["search"]
    assert len(before) > 2
    assert matching.check(catalogue, database) == 0  # not due yet
    later(database)
    assert matching.check(catalogue, database) == 1
    with database.reading() as session:
        assert told(session) == []
    markets.more(app, 12, 20)
    later(database)
    assert matching.check(catalogue, database) == 1
    later(database)
    assert matching.check(catalogue, database) == 1
    with database.reading() as session:
        ((_, title, text, _),) = told(session)
    index = {"q": "", "literal": False, "filters": {"segment": ["home_appliance"]}}
    now = matching.found(catalogue, "provider", index)
    new = {id_: name for id_, name in now.items() if id_ not in before}
    assert len(new) == 2
    assert title == "搜索“家电”有2条新结果"
    assert text == f"您保存的搜索“家电”新增：{'、'.join(new[id_] for id_ in sorted(new))}。"


@on_sqlite
def test_a_condition_that_is_gone_says_so_and_spares_the_others(app, database, watched):
    _, search_id, _ = watched
    with database.unit_of_work() as session:
        session.get_one(SavedSearch, search_id).wanted = {
            "q": "", "literal": False, "filters": {"ghost": ["x"]},
        }  # fmt: skip
        firm = make_firm(session, uscc=factories.uscc())
        wanted = Wanted("case", [], {"q": "", "literal": False, "filters": {}}, "全部案例")
        other = saved_searches.save(session, firm.actor, wanted, {}, name="案例", alert=True)
    later(database)
    assert matching.check(app.extensions["search"], database) == 2
    with database.reading() as session:
        rows = {row.id: row.trouble for row in session.scalars(select(SavedSearch))}
        assert rows == {search_id: "条件已经失效，请重新搜索并保存", other.id: ""}
        assert len(told(session)) == 1


@on_sqlite
def test_without_the_engine_nothing_counts_as_checked(app, database, watched):
    later(database)
    app.extensions["search"].close()
    with database.reading() as session:
        due = saved_searches.due(session, 5)
    catalogue = type(app.extensions["search"])("tantivy:///nowhere/at/all", database)
    with pytest.raises(Unavailable):
        matching.check(catalogue, database)
    with database.reading() as session:
        assert saved_searches.due(session, 5) == due
        assert timedelta(0) < clock.now() - session.scalars(select(SavedSearch.checked_at)).one()
    rebuild_index(app.extensions["search"], database)
    assert matching.check(app.extensions["search"], database) == 1
