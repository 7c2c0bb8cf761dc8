"""Words that are asked for often are read again exactly when the table changed."""

from sqlalchemy import Engine

from marketplace.db import Database
from marketplace.models import Term
from marketplace.services.searching.vocabulary import FreshVocabulary, Vocabulary
from tests import factories


def test_every_change_is_seen_and_nothing_is_read_twice(engine: Engine) -> None:
    database, fresh = Database(engine), FreshVocabulary()

    def words() -> Vocabulary:
        with database.reading() as session:
            return fresh.of(session)

    assert words().words == {}
    with database.unit_of_work() as session:
        term_id = factories.make_term(session, "scene", "one", "一").id
    first = words()
    assert first.name("scene", "one") == "一"
    assert words() is first, "nothing changed"
    with database.unit_of_work() as session:
        session.get_one(Term, term_id).name = "改过的"
    assert words().name("scene", "one") == "改过的"
    with database.unit_of_work() as session:
        factories.make_term(session, "scene", "two", "二")
        session.get_one(Term, term_id).active = False
    assert [word.code for word in words().options("scene")] == ["two"]
