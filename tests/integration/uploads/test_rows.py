"""Drafts, versions and rights of stored files; S38, S40, S73 for files, the sweep, E17's end."""

import io
import os
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import Event, Provider, StoredFile
from marketplace.permissions import NOBODY, Actor
from marketplace.phases import Role
from marketplace.services.files import files, files_upkeep
from marketplace.services.files.files import Change
from marketplace.services.uploads import slots
from tests import factories
from tests.integration.uploads.conftest import LETTERS, PHOTOS
from tests.support import sample_files


@pytest.fixture
def firm(database, make_firm):
    with database.unit_of_work() as session:
        return make_firm(session)


def test_a_draft_is_known_to_its_user_in_this_organisation_alone(database, make_firm, hold):
    with database.unit_of_work() as session:
        firm, other = make_firm(session), make_firm(session)
        row = hold(session, firm.owner)
        assert files.get(session, firm.owner, row.id) is row
        moved = Actor(role=Role.PROVIDER_OWNER, user_id=firm.owner.user_id, organisation_id=None)
        officer = Actor(role=Role.CITY_OFFICER, user_id=factories.make_user(session).id)
        for stranger in (firm.colleague, other.owner, moved, officer, NOBODY):
            with pytest.raises(NotFound):
                files.get(session, stranger, row.id)
            assert files.drafts(session, stranger, [row.id]) == []


def test_an_attached_file_follows_the_rule_of_its_purpose(database, make_firm, hold):
    with database.unit_of_work() as session:
        firm, other = make_firm(session), make_firm(session)
        row = hold(session, firm.owner)
        files.attach(session, firm.owner, firm.provider, LETTERS, Change([row.id]))
        officer = Actor(role=Role.CITY_OFFICER, user_id=factories.make_user(session).id)
        id_, owner, colleague, stranger = row.id, firm.owner, firm.colleague, other.owner
    with database.reading() as session:
        for reader in (owner, colleague, officer):
            assert files.get(session, reader, id_).name == "授权书.pdf"
        for reader in (stranger, NOBODY):
            with pytest.raises(NotFound):
                files.get(session, reader, id_)


def test_a_purpose_without_a_rule_is_closed_to_everybody(database, firm, hold, monkeypatch):
    monkeypatch.delitem(files.READERS, "letters")
    with database.unit_of_work() as session:
        row = hold(session, firm.owner)
        files.attach(session, firm.owner, firm.provider, LETTERS, Change([row.id]))
        with pytest.raises(NotFound):
            files.get(session, firm.owner, row.id)


def test_nothing_is_overwritten(database, firm, hold, storage):
    with database.unit_of_work() as session:
        first, second = hold(session, firm.owner), hold(session, firm.owner, "二.pdf")
        files.attach(session, firm.owner, firm.provider, LETTERS, Change([first.id, second.id]))
        third = hold(session, firm.owner, "三.pdf", sample_files.pdf(2))
        standing = files.attach(
            session, firm.owner, firm.provider, LETTERS,
            Change(removed=[second.id], replaced={first.id: third.id}),
        )  # fmt: skip
        assert [row.id for row in standing] == [third.id]
        assert [(row.id, row.version) for row in files.versions(session, third)] == [
            (third.id, 2), (first.id, 1),
        ]  # fmt: skip
        assert files.get(session, firm.owner, first.id).superseded_at is not None
        with storage.open(first.sha256), storage.open(third.sha256):
            pass
        events = session.scalars(select(Event).order_by(Event.id)).all()
        assert [event.diff for event in events] == [
            {"slot": "授权书", "files_added": [first.id, second.id]},
            {
                "slot": "授权书", "files_removed": [second.id],
                "files_replaced": [f"{first.id} → {third.id}"],
            },
        ]  # fmt: skip


def test_what_a_slot_asks_for_is_kept_to(database, firm, hold):
    with database.unit_of_work() as session:
        ids = [hold(session, firm.owner, f"{number}.pdf").id for number in range(3)]
        photo = hold(session, firm.owner, "a.png", sample_files.png(), PHOTOS).id
        subject = firm.provider

        def errors(slot, change, **more):
            with pytest.raises(Invalid) as caught:
                files.attach(session, firm.owner, subject, slot, change, **more)
            return caught.value.fields

        assert errors(LETTERS, Change(ids)) == {"letters": ["授权书最多2个文件，请移除多余的"]}
        assert errors(LETTERS, Change(), required=True) == {"letters": ["请上传授权书"]}
        assert list(errors(PHOTOS, Change([photo]))) == ["photos"]
        standing = files.attach(
            session, firm.owner, subject, PHOTOS, Change([photo], alts={photo: "车间看板"})
        )
        assert [(row.name, row.alt) for row in standing] == [("a.png", "车间看板")]
        # A draft of one slot does not get into another.
        with pytest.raises(Conflict):
            files.attach(session, firm.owner, subject, PHOTOS, Change([ids[0]]))


def test_somebody_elses_draft_and_file_cannot_be_taken(database, make_firm, hold):
    with database.unit_of_work() as session:
        firm, other = make_firm(session), make_firm(session)
        mine, theirs = hold(session, firm.owner), hold(session, other.owner)
        files.attach(session, other.owner, other.provider, LETTERS, Change([theirs.id]))
        foreign = hold(session, other.owner)
        for change in (
            Change([foreign.id]),
            Change(removed=[theirs.id]),
            Change(replaced={theirs.id: mine.id}),
        ):
            with pytest.raises(Conflict):
                files.attach(session, firm.owner, firm.provider, LETTERS, change)
        assert [row.id for row in files.of(session, other.provider)] == [theirs.id]


def _at_once(database, work, times):
    """``work(session)`` in that many threads that start together; what each came to."""
    barrier, results = threading.Barrier(times), []

    def one():
        barrier.wait()
        try:
            database.run(work)
            results.append("ok")
        except Conflict:
            results.append("conflict")

    threads = [threading.Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def test_two_windows_replace_one_file_and_one_wins(database, firm, hold):
    with database.unit_of_work() as session:
        first = hold(session, firm.owner)
        files.attach(session, firm.owner, firm.provider, LETTERS, Change([first.id]))
        new = [hold(session, firm.owner, f"{n}.pdf").id for n in range(4)]
        first_id, provider_id = first.id, firm.provider.id

    def work(session):
        provider = session.get_one(Provider, provider_id)
        change = Change(replaced={first_id: new.pop()})
        files.attach(session, firm.owner, provider, LETTERS, change)

    assert _at_once(database, work, 4) == ["conflict", "conflict", "conflict", "ok"]
    with database.reading() as session:
        rows = session.scalars(select(StoredFile).where(StoredFile.subject_id.is_not(None))).all()
        assert sorted((row.version, row.superseded_at is None) for row in rows) == [
            (1, False), (2, True),
        ]  # fmt: skip


def test_a_draft_is_taken_once_however_often_its_form_is_sent(database, firm, hold):
    with database.unit_of_work() as session:
        row_id, provider_id = hold(session, firm.owner).id, firm.provider.id

    def work(session):
        provider = session.get_one(Provider, provider_id)
        files.attach(session, firm.owner, provider, LETTERS, Change([row_id]))

    assert _at_once(database, work, 4) == ["conflict", "conflict", "conflict", "ok"]


def test_drafts_have_a_size_together(database, firm, hold, monkeypatch):
    rules = slots.rules()
    monkeypatch.setattr(slots, "rules", lambda: replace(rules, draft_mb=0))
    with database.unit_of_work() as session, pytest.raises(Invalid) as caught:
        hold(session, firm.owner)
    assert caught.value.fields == {"file": ["没有提交的文件太多，请先提交或移除一些再上传"]}


def test_the_sweep_knows_drafts_and_young_files(database, firm, hold, storage):
    with database.unit_of_work() as session:
        attached = hold(session, firm.owner, "a.pdf", sample_files.pdf(1))
        files.attach(session, firm.owner, firm.provider, LETTERS, Change([attached.id]))
        draft = hold(session, firm.owner, "b.pdf", sample_files.pdf(2))
        hashes = attached.sha256, draft.sha256
        owner, draft_id = firm.owner, draft.id
    (storage.folder / ".in-cut").write_bytes(b"half")
    day = timedelta(days=1)
    with time_machine.travel(clock.now() + 2 * day, tick=False):
        assert files_upkeep.sweep(database, storage) == 1  # what a killed upload left
        for sha256 in hashes:
            with storage.open(sha256):
                pass
    with time_machine.travel(clock.now() + 31 * day, tick=False):
        assert files_upkeep.sweep(database, storage) == 2  # the row of the draft and its bytes
    with database.reading() as session:
        assert files.drafts(session, owner, [draft_id]) == []
    with storage.open(hashes[0]), pytest.raises(NotFound):
        storage.open(hashes[1])


def test_the_sweep_spares_bytes_that_come_again_while_it_runs(storage, monkeypatch):
    kept = storage.put(io.BytesIO(sample_files.pdf()), "a.pdf", limit=2**20)
    path = storage.path(kept.sha256)
    os.utime(path, (1, 1))
    rename = type(path).rename

    def rename_later(self, target):
        if self == path:
            os.utime(path)  # somebody put the same bytes in after the sweep had looked
        return rename(self, target)

    monkeypatch.setattr(type(path), "rename", rename_later)
    assert storage.sweep(set(), before=clock.now().timestamp() - 60) == 0
    with storage.open(kept.sha256):
        pass
