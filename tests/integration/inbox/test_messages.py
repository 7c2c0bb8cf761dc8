"""One message per event and reader, in the reader's words; mailed once, at once or collected."""

import threading
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
import time_machine
from sqlalchemy import select

from marketplace import outbox
from marketplace.errors import Invalid
from marketplace.history import Why
from marketplace.mail import Mailer
from marketplace.models import CalendarDay, CalendarYear, Event, Message, OutboxItem, User
from marketplace.permissions import Actor
from marketplace.phases import OrganisationKind, Role
from marketplace.services.inbox import digest, inbox, message_kinds
from marketplace.services.inbox.inbox import NOTICE, Reader
from marketplace.services.inbox.notices import Notifier
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Decision
from tests import factories

FACTS = {"title": "关于报送材料的通知", "text": "请在月底前报送。"}


def tell(session, readers, cause="event:1", **more):
    return inbox.notify(
        session, "letter", readers, cause=cause, voice="reader", facts={**FACTS, **more}
    )


@pytest.fixture
def people(database):
    with database.unit_of_work() as session:
        return [factories.make_user(session) for _ in range(3)]


def readers(people):
    return [Reader(user.id) for user in people]


@pytest.fixture
def post(settings, database, tmp_path):
    """Drain the notices; the letters in the order of their numbers."""
    notifier = Notifier(database, Mailer(settings), settings.base_url)

    def drain():
        outbox.drain(database, NOTICE, notifier.handle)
        found = [
            message_from_bytes(path.read_bytes(), policy=default)
            for path in (tmp_path / "mail").glob("*.eml")
        ]
        return sorted(found, key=lambda letter: letter["Message-ID"])

    return drain


def test_each_reader_is_told_once_of_one_event(database, people):
    with database.unit_of_work() as session:
        assert len(tell(session, readers(people))) == 3
        assert tell(session, readers(people)) == []
        assert len(tell(session, readers(people), cause="event:2")) == 3
    with database.reading() as session:
        rows = session.execute(select(Message.user_id, Message.cause, Message.title, Message.text))
        assert {tuple(row) for row in rows} == {
            (user.id, cause, "关于报送材料的通知", "请在月底前报送。")
            for user in people
            for cause in ("event:1", "event:2")
        }
        keys = session.scalars(select(OutboxItem.key).where(OutboxItem.kind == NOTICE)).all()
        assert len(set(keys)) == len(keys) == 6


def test_parallel_tellings_of_one_event_make_one_message(database, people):
    barrier, made = threading.Barrier(6), []

    def one():
        barrier.wait()
        made.extend(database.run(lambda session: tell(session, readers(people))))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3


def test_what_is_rolled_back_was_never_said(database, people, post):
    with pytest.raises(RuntimeError), database.unit_of_work() as session:
        tell(session, readers(people))
        raise RuntimeError
    assert post() == []


def test_facts_are_words_never_templates(database, people):
    facts = {"title": "{text} {secret}\n第二行", "text": "{title}"}
    words = inbox.preview("letter", voice="reader", facts=facts)
    assert (words.title, words.text) == ("{text} {secret} 第二行", "{title}")
    with pytest.raises(KeyError, match="text"):
        inbox.preview("letter", voice="reader", facts={"title": "x"})


def test_every_kind_of_the_configuration_can_be_said():
    for kind in message_kinds.kinds().by_name.values():
        for wording in kind.voices.values():
            filled = wording.filled(dict.fromkeys(wording.facts, "甲"))
            assert filled.title
            assert "{" not in filled.title + filled.text


def test_letters_leave_at_once_and_lead_back(database, people, post):
    with database.unit_of_work() as session:
        (id_,) = tell(session, readers(people[:1]))
    (letter,) = post()
    assert (letter["To"], letter["Subject"]) == (people[0].login, "关于报送材料的通知")
    assert letter["Message-ID"] == f"<message-{id_}@localhost>"
    assert f"http://localhost/inbox/{id_}" in letter.get_content()
    assert len(post()) == 1


def test_e29_a_mail_server_that_is_down_costs_nothing(database, settings, people, post, tmp_path):
    (tmp_path / "mail").write_text("a file where the folder should be")
    with database.unit_of_work() as session:
        tell(session, readers(people))
    assert post() == []
    with database.reading() as session:
        waiting = session.scalars(select(OutboxItem).where(OutboxItem.kind == NOTICE)).all()
        assert [item.attempts for item in waiting] == [1, 1, 1]
    (tmp_path / "mail").unlink()
    with database.unit_of_work() as session:
        for item in session.scalars(select(OutboxItem)):
            item.due_at = item.created_at
    assert len(post()) == 3
    assert len(post()) == 3


def test_a_worker_cut_off_before_confirming_sends_under_the_same_number(database, people, post):
    with database.unit_of_work() as session:
        tell(session, readers(people[:1]))
        queued = session.scalars(select(OutboxItem).where(OutboxItem.kind == NOTICE)).one()
        key = queued.key
    first = post()[0]["Message-ID"]
    with database.unit_of_work() as session:  # as if the confirmation had been lost
        outbox.put(session, NOTICE, key)
    assert [letter["Message-ID"] for letter in post()] == [first, first]


def test_choices_count_and_what_must_be_mailed_is(database, people, post):
    actor = Actor(user_id=people[0].id)
    with database.unit_of_work() as session:
        for wrong in ({"letter": "none"}, {"letter": "x"}, {"unknown": "now"}):
            with pytest.raises(Invalid) as caught:
                inbox.choose(session, actor, wrong)
            assert list(caught.value.fields) == list(wrong)
        inbox.choose(session, actor, {"letter": "digest"})
        assert inbox.choices(session, actor)["letter"] == "digest"
        tell(session, readers(people[:2]))
    assert [letter["To"] for letter in post()] == [people[1].login]


def beijing(text):
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.fixture
def digested(database, people):
    """Everybody wants letters collected; 2026-10-08 is a working day after a week of holidays."""
    with database.unit_of_work() as session:
        session.add(CalendarYear(year=2026, official=True, source="测试"))
        for day in range(1, 8):
            date = datetime(2026, 10, day).date()  # noqa: DTZ001  a day
            session.add(CalendarDay(day=date, working=False, label="国庆节"))
        for user in people:
            inbox.choose(session, Actor(user_id=user.id), {"letter": "digest"})


def test_the_letter_of_the_day_comes_on_working_days_once(database, people, digested, post):
    with time_machine.travel(beijing("2026-10-05T10:00"), tick=False), database.unit_of_work() as s:
        tell(s, readers(people[:2]), cause="one")
        tell(s, readers(people[:1]), cause="two", title="第二件")
        assert digest.due(s, beijing("2026-10-05T10:00")) is None
    with time_machine.travel(beijing("2026-10-08T08:29"), tick=False):
        assert digest.collect(database) == 0
    with time_machine.travel(beijing("2026-10-08T08:31"), tick=False):
        with database.unit_of_work() as session:
            tell(session, readers(people[:1]), cause="three", title="今天的")
        with database.unit_of_work() as session:  # read by then: no letter for it
            row = session.scalars(
                select(Message).where(Message.user_id == people[1].id, Message.cause == "one")
            ).one()
            inbox.read(session, Actor(user_id=people[1].id), row.id)
        assert digest.collect(database) == 2
        assert digest.collect(database) == 0
        (letter,) = post()
        assert (letter["To"], letter["Subject"]) == (people[0].login, "您有 2 条未读消息")
        assert letter["Message-ID"] == f"<digest-{people[0].id}-2026-10-08@localhost>"
        assert "第二件" in letter.get_content()
        assert "今天的" not in letter.get_content()
    with time_machine.travel(beijing("2026-10-09T12:00"), tick=False):
        assert digest.collect(database) == 1
        assert len(post()) == 2


def test_a_year_without_calendar_does_not_keep_letters_back(database, people):
    with database.unit_of_work() as session:
        assert digest.due(session, beijing("2031-03-03T09:00")) is not None  # a Monday
        assert digest.due(session, beijing("2031-03-02T09:00")) is None


def test_teams_and_holders_are_those_of_now(database):
    with database.unit_of_work() as session:
        firm = factories.make_organisation(session, district="370202")
        office = factories.make_organisation(
            session, kind=OrganisationKind.DISTRICT_OFFICE.value, district="370203"
        )
        owner, viewer, gone, away = (factories.make_user(session) for _ in range(4))
        factories.make_grant(session, owner, Role.PROVIDER_OWNER, firm)
        factories.make_grant(session, owner, Role.PROVIDER_EDITOR, firm)
        factories.make_grant(session, viewer, Role.PROVIDER_VIEWER, firm)
        ended = datetime(2020, 1, 1, tzinfo=UTC)
        factories.make_grant(session, gone, Role.PROVIDER_OWNER, firm, valid_until=ended)
        away.active = False
        factories.make_grant(session, away, Role.PROVIDER_OWNER, firm)
        reviewer = factories.make_user(session)
        factories.make_grant(session, reviewer, Role.DISTRICT_REVIEWER, office)
        assert inbox.team(session, firm.id) == [
            Reader(owner.id, firm.id),
            Reader(viewer.id, firm.id),
        ]
        assert inbox.team(session, firm.id, Role.PROVIDER_OWNER) == [Reader(owner.id, firm.id)]
        assert inbox.holders(session, Role.DISTRICT_REVIEWER, district="370203") == [
            Reader(reviewer.id, office.id)
        ]
        assert inbox.holders(session, Role.DISTRICT_REVIEWER, district="370202") == []


def test_a_team_is_told_of_its_standing_with_the_event(database):
    with database.unit_of_work() as session:
        membership = factories.make_membership(
            session, factories.make_round(session), factories.make_provider(session)
        )
        organisation = membership.provider.organisation
        owner = factories.make_user(session)
        factories.make_grant(session, owner, Role.PROVIDER_OWNER, organisation)
        stranger = factories.make_user(session)
        factories.make_grant(session, stranger, Role.PROVIDER_OWNER)
        officer = Actor(role=Role.CITY_OFFICER, user_id=factories.make_user(session).id)
        event = memberships.act(
            session, officer, membership, "warn", Decision(why=Why(reason="逾期未报"))
        )
        (message,) = session.scalars(select(Message)).all()
        assert (message.user_id, message.cause) == (owner.id, f"event:{event.id}")
        assert message.title.endswith("：警告")
        assert organisation.name in message.text
        assert session.scalars(select(Event).where(Event.action == "warn")).one() is event


def test_nobody_gets_mail_at_a_closed_account(database, people, post):
    with database.unit_of_work() as session:
        tell(session, readers(people[:1]))
        session.get_one(User, people[0].id).active = False
    assert post() == []
