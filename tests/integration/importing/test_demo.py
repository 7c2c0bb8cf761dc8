"""The demo's rows go through the template and the import, and arrive whole."""

from collections import Counter

import pytest
from sqlalchemy import select

from marketplace.db import Database
from marketplace.demo import dataset
from marketplace.models import (
    Candidacy,
    CaseStudy,
    Membership,
    Organisation,
    Person,
    Product,
    Provider,
    Quota,
    Round,
    Term,
    Waiver,
)
from marketplace.phases import LIVE_PHASES
from marketplace.services.calendar import calendar
from marketplace.services.upkeep import seeding
from tests.integration.importing import books
from tests.integration.importing.test_round_trip import stored


@pytest.fixture
def empty(engine):
    return Database(engine)


def seed(database, tmp_path):
    database.run(seeding.seed_vocabulary)
    database.run(seeding.seed_rounds)
    return books.load(database, books.write(database, tmp_path / "演示.xlsx", dataset.build()))


def by_key(rows, *names):
    """Rows by key; the district of a project elsewhere is nothing, not an empty text."""
    return {
        tuple(row[name] for name in names): {
            name: None if (name, value) == ("district", "") else value
            for name, value in row.items()
        }
        for row in rows
    }


def test_the_demo_arrives_whole_and_its_quotas_hold(empty, tmp_path):
    given = dataset.build()
    job = seed(empty, tmp_path)

    check_rows(empty, given, job)
    check_places(empty, given)


def check_rows(empty, given, job):
    assert job.summary == {sheet: {"applied": len(rows)} for sheet, rows in given.items()}
    with empty.reading() as session:
        for sheet, model, key in (
            ("products", Product, ("uscc", "name", "release")),
            ("cases", CaseStudy, ("uscc", "title", "year")),
            ("people", Person, ("uscc", "name")),
        ):
            assert by_key(stored(session, model, sheet), *key) == by_key(given[sheet], *key)
        organisations = {row.uscc: row for row in session.scalars(select(Organisation))}
        assert len(organisations) == len(given["organisations"])
        for row in given["organisations"]:
            found = organisations[row["uscc"]]
            assert (found.name, found.kind, found.district or "", found.headcount) == (
                row["name"], row["kind"], row["district"], row["headcount"],
            )  # fmt: skip
        profiles = session.execute(select(Organisation.uscc, Provider.intro).join(Provider)).all()
        assert {tuple(row) for row in profiles} == {
            (row["uscc"], row["intro"])
            for row in given["organisations"]
            if row["kind"] == "provider"
        }


def check_places(empty, given):
    with empty.reading() as session:
        places = session.execute(
            select(
                Organisation.uscc, Membership.type, Membership.segment, Round.key, Membership.phase
            )
            .select_from(Membership)
            .join(Round)
            .join(Provider, Provider.id == Membership.provider_id)
            .join(Organisation)
        ).all()
        columns = ("uscc", "type", "segment", "round", "standing")
        wanted = Counter(tuple(row[name] for name in columns) for row in given["memberships"])
        assert Counter(map(tuple, places)) == wanted
        days = session.execute(
            select(Organisation.uscc, Membership.exited_on, Membership.rectify_by)
            .select_from(Membership)
            .join(Provider, Provider.id == Membership.provider_id)
            .join(Organisation)
            .where(Membership.phase.in_(("exited", "rectifying")))
        ).all()
        assert {tuple(row) for row in days} == {
            (row["uscc"], row["exited_on"], row["rectify_by"])
            for row in given["memberships"]
            if row["standing"] in ("exited", "rectifying")
        }
        candidates = Counter(session.scalars(select(Candidacy.phase)))
        assert candidates == Counter(row["phase"] for row in given["candidacies"])
        live = Counter(
            session.scalars(select(Membership.quota_id).where(Membership.phase.in_(LIVE_PHASES)))
        )
        used = {quota.id: quota.used for quota in session.scalars(select(Quota)) if quota.used}
        assert used == live
        waived = [row["uscc"] for row in given["memberships"] if row["waiver"]]
        found = session.scalars(
            select(Organisation.uscc)
            .select_from(Waiver)
            .join(Provider, Provider.id == Waiver.provider_id)
            .join(Organisation)
        ).all()
        assert sorted(found) == sorted(waived)


def test_seeds_leave_alone_what_staff_edited(empty):
    empty.run(seeding.seed_vocabulary)
    empty.run(seeding.seed_calendar)
    with empty.unit_of_work() as session:
        term = session.scalars(select(Term).where(Term.kind == "scene", Term.code == "planning"))
        term = term.one()
        term.name, term.edited = "计划与排程", True
        year = calendar.years(session)[0]
        year.official, year.source, year.edited = True, "国办发明电〔2026〕9号", True

    words = empty.run(seeding.seed_vocabulary)
    days = empty.run(seeding.seed_calendar)

    assert (words.made, words.updated, words.kept) == (0, 0, 1)
    assert (days.made, days.updated, days.kept) == (0, 0, 1)
    with empty.reading() as session:
        assert calendar.years(session)[0].source == "国办发明电〔2026〕9号"
        query = select(Term.name).where(Term.kind == "scene", Term.code == "planning")
        assert session.scalars(query).one() == "计划与排程"


def test_a_seed_whose_file_changed_brings_the_table_up_to_date(empty):
    empty.run(seeding.seed_vocabulary)
    empty.run(seeding.seed_calendar)
    with empty.unit_of_work() as session:
        word = select(Term).where(Term.kind == "scene", Term.code == "planning")
        session.scalars(word).one().name = "旧名"
        calendar.years(session)[0].source = "旧"

    assert str(empty.run(seeding.seed_vocabulary)) == "新增0、更新1"
    assert str(empty.run(seeding.seed_calendar)) == "新增0、更新1"


def test_the_calendar_in_the_database_counts_like_the_files(empty):
    empty.run(seeding.seed_calendar)
    with empty.reading() as session:
        loaded = calendar.load(session)
    files = [seeding.read_calendar(path) for path in seeding.calendar_files()]
    assert loaded.years == {content.year: content.official for content in files}
    assert loaded.exceptions == {
        day: rule for content in files for day, rule in content.days.items()
    }
