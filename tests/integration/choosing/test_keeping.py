"""Favourites and shortlists: public things only, once, one's own alone; rules agree with lists."""

from itertools import product

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.models import (
    Event,
    Favourite,
    SavedSearch,
    Selection,
    Shortlist,
    ShortlistItem,
)
from marketplace.permissions import NOBODY, RULES, SYSTEM, Actor, Permission, visible
from marketplace.phases import Role
from marketplace.services.choosing import favourites, kept, selections, shortlists
from tests import factories
from tests.integration.choosing.conftest import make_firm, make_listed, save


def actions(session):
    query = select(Event.action).where(Event.subject_type.in_(["favourites", "shortlists"]))
    return list(session.scalars(query.order_by(Event.id)))


def number(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_marking_twice_is_marking_once(session, firm):
    (one,) = make_listed(session, 1)
    key = ("provider", one.id)
    first, again = (favourites.add(session, firm.actor, key) for _ in range(2))
    assert first.id == again.id
    assert favourites.among(session, firm.actor, "provider", [one.id, 99]) == {one.id}
    assert favourites.among(session, firm.actor, "case", [one.id]) == set()
    favourites.drop(session, firm.actor, key)
    favourites.drop(session, firm.actor, key)
    assert number(session, Favourite) == 0
    assert actions(session) == ["favourite_add", "favourite_drop"]


def test_what_is_not_public_cannot_be_kept(session, firm):
    one, two = make_listed(session, 2)
    case = factories.make_case(session, one, client_consent=False)
    two.hidden_at = clock.now()
    session.flush()
    for key in (("case", case.id), ("provider", two.id), ("product", 999), ("provider", 999)):
        with pytest.raises(NotFound):
            favourites.add(session, firm.actor, key)
        with pytest.raises(NotFound):
            shortlists.create(session, firm.actor, name=f"清单{key}", keys=[key])


def test_what_left_is_still_listed_and_says_so(session, firm):
    (one,) = make_listed(session, 1)
    key = ("provider", one.id)
    assert kept.things(session, [key])[key].public
    one.hidden_at = clock.now()
    session.flush()
    thing = kept.things(session, [key])[key]
    assert (thing.title, thing.public, thing.url) == ("（已不再公开）", False, "")


def test_who_is_no_enterprise_keeps_nothing(session):
    (one,) = make_listed(session, 1)
    for actor in (NOBODY, SYSTEM, Actor(role=Role.CITY_OFFICER, user_id=1, organisation_id=1)):
        with pytest.raises(Forbidden):
            favourites.add(session, actor, ("provider", one.id))
        with pytest.raises(Forbidden):
            shortlists.create(session, actor, name="x")


def test_a_list_keeps_its_items_and_notes(session, firm):
    one, two = make_listed(session, 2)
    keys = [("provider", one.id), ("provider", two.id)]
    row = shortlists.create(session, firm.actor, name="一号车间", keys=keys)
    assert shortlists.put(session, firm.actor, row, [*keys, keys[0]]) == 0
    shortlists.note(session, firm.actor, row, row.items[1].id, "先看样板")
    row = shortlists.get(session, firm.actor, row.id)
    assert [(item.item_id, item.note) for item in row.items] == [(one.id, ""), (two.id, "先看样板")]
    shortlists.take(session, firm.actor, row, row.items[0].id)
    session.expire_all()
    row = shortlists.get(session, firm.actor, row.id)
    assert [item.item_id for item in row.items] == [two.id]
    shortlists.delete(session, firm.actor, row)
    assert (number(session, Shortlist), number(session, ShortlistItem)) == (0, 0)
    assert actions(session) == [
        "shortlist_create", "shortlist_put", "shortlist_note", "shortlist_take", "shortlist_delete"
    ]  # fmt: skip


def test_names_are_used_once_and_bounds_hold(session, firm, monkeypatch):
    one, two = make_listed(session, 2)
    row = shortlists.create(session, firm.actor, name="一号", keys=[("provider", one.id)])
    with pytest.raises(Invalid) as refused:
        shortlists.create(session, firm.actor, name="一号")
    assert list(refused.value.fields) == ["name"]
    other = make_firm(session, uscc=factories.uscc())
    shortlists.create(session, other.actor, name="一号")
    monkeypatch.setattr(shortlists, "MOST_ITEMS", 1)
    with pytest.raises(Conflict, match="最多1项"):
        shortlists.put(session, firm.actor, row, [("provider", two.id)])
    monkeypatch.setattr(shortlists, "MOST_LISTS", 1)
    with pytest.raises(Conflict, match="最多1个清单"):
        shortlists.create(session, firm.actor, name="二号")
    monkeypatch.setattr(favourites, "MOST", 0)
    with pytest.raises(Conflict, match="最多收藏0项"):
        favourites.add(session, firm.actor, ("provider", one.id))


@pytest.mark.parametrize("kind", ["firm", ""])
def test_the_database_knows_the_kinds(session, firm, kind):
    row = Favourite(
        organisation_id=firm.organisation.id, kind=kind, item_id=1, created_by=firm.actor.user_id
    )
    session.add(row)
    with pytest.raises(IntegrityError):
        session.flush()


KEPT = {
    Favourite: Permission.FAVOURITE_KEEP,
    SavedSearch: Permission.SEARCH_SAVE,
    Selection: Permission.SELECTION_RUN,
    Shortlist: Permission.SHORTLIST_KEEP,
}


def test_one_object_and_the_list_agree(session, firm):
    """Every role at the firm, at another one and nowhere × everything kept."""
    (one,) = make_listed(session, 1)
    firms = [firm, make_firm(session, uscc=factories.uscc())]
    for each in firms:
        favourites.add(session, each.actor, ("provider", one.id))
        shortlists.create(session, each.actor, name="清单")
        search = save(session, each)
        selections.start(session, each.actor, search, title="选型")
    places = [*(each.organisation.id for each in firms), one.organisation_id, None]
    who = [Actor(role=r, user_id=1, organisation_id=p) for r, p in product(Role, places)]
    seen = 0
    for (model, permission), actor in product(KEPT.items(), [*who, SYSTEM, NOBODY]):
        rows = session.scalars(select(model)).all()
        assert len(rows) == 2
        listed = {row.id for row in session.scalars(visible(actor, permission, model))}
        assert {row.id for row in rows if RULES[permission].allows(actor, row)} == listed
        own = actor.role is Role.ENTERPRISE and actor.organisation_id in places[:2]
        assert len(listed) == (1 if own else 0)
        seen += len(listed)
    assert seen == 8
