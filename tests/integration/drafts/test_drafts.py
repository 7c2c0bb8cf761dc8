"""Nothing typed is lost: windows that clash, sessions that end, answers that never arrive."""

import io
import threading
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from sqlalchemy import select, update

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.models import FormDraft, HeldForm, Provider, StoredFile, UserSession
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.services.accounts import sessions
from marketplace.services.accounts.sessions import Device
from marketplace.services.audit import resealing
from marketplace.services.forms import drafts, held_forms
from marketplace.services.forms.drafts import Typed
from tests import factories
from tests.support import sample_files
from tests.support.forms import forms


@pytest.fixture
def firm(database):
    with database.unit_of_work() as session:
        return factories.make_provider(session)


@pytest.fixture
def owner(firm, login_as):
    return login_as(Role.PROVIDER_OWNER, organisation=firm.organisation)


def actor_of(client, firm):
    return Actor(
        role=Role.PROVIDER_OWNER, user_id=client.user.id, organisation_id=firm.organisation_id
    )


def typed(client, page, **fields):
    """What the page's script sends: the form as it stands, with its hidden fields."""
    form = next(form for form in forms(client.get(page).text, page) if "story" in form.fields)
    own = {name: text for name, text in form.fields.items() if name.startswith("draft_")}
    return {**own, "title": "", "story": "", **fields}


def save(client, sent):
    return client.post("/drafts", data=sent)


@pytest.fixture
def page(firm):
    return f"/a-draft/{firm.id}"


def test_what_was_typed_is_there_again_and_goes_when_it_was_sent(database, firm, owner, page):
    sent = typed(owner, page, story="上线半年，电话 138", tags=["a"])
    answer = save(owner, sent)
    assert (answer.status_code, answer.json["version"], answer.json["compare"]) == (200, 1, "")
    html = owner.get(page).text
    assert ">上线半年，电话 138</textarea>" in html
    assert 'value="a" checked' in html
    assert 'value="b" checked' not in html
    assert "自动保存的内容" in html
    assert owner.post(page, data={"story": "完成"}).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(FormDraft)).all() == []
        assert session.get_one(Provider, firm.id).intro == "完成"


def test_what_a_sent_window_still_saves_counts_no_more(database, firm, owner, page, login_as):
    sent = typed(owner, page, story="马上提交")
    window = sent["draft_window"]
    assert owner.get("/drafts/sent", query_string={"window": window}).json == {"sent": False}
    assert owner.post(page, data=sent).status_code == 303
    late = save(owner, sent)
    assert (late.status_code, late.json) == (410, {"error": "这张表已经提交过，没有自动保存"})
    with database.reading() as session:
        assert session.scalars(select(FormDraft)).all() == []
    assert owner.get("/drafts/sent", query_string={"window": window}).json == {"sent": True}
    colleague = login_as(Role.PROVIDER_OWNER, organisation=firm.organisation)
    assert colleague.get("/drafts/sent", query_string={"window": window}).json == {"sent": False}
    # The page opened anew is another window.
    assert save(owner, typed(owner, page, story="再写")).status_code == 200


def test_a_draft_is_sealed_and_its_owners_alone(database, firm, owner, page, login_as):
    save(owner, typed(owner, page, story="秘密底价"))
    with database.reading() as session:
        row = session.scalars(select(FormDraft)).one()
        draft_id = row.id
        assert "秘密底价".encode() not in row.data_encrypted
    colleague = login_as(Role.PROVIDER_OWNER, organisation=firm.organisation)
    assert "秘密底价" not in colleague.get(page).text
    for answer in (
        colleague.get(f"/drafts/{draft_id}"),
        colleague.post(f"/drafts/{draft_id}/choose", data={"number": "0"}),
        colleague.post(f"/drafts/{draft_id}/discard"),
    ):
        assert answer.status_code == 404


def test_two_windows_lose_nothing_and_their_owner_chooses(owner, page):
    one, two = typed(owner, page, story="甲窗"), typed(owner, page, story="乙窗")
    assert save(owner, one).status_code == 200
    late = save(owner, two)
    assert late.status_code == 409
    # The late window goes on: its newer text replaces its older one, the first stays.
    assert save(owner, {**two, "story": "乙窗又写"}).status_code == 409
    assert save(owner, {**one, "draft_version": "1", "story": "甲窗又写"}).status_code == 200
    shown = owner.get(late.json["compare"]).text
    assert "甲窗又写" in shown
    assert "乙窗又写" in shown
    assert "比较后选用一份" in owner.get(page).text
    chosen = owner.post(f"{late.json['compare']}/choose", data={"number": "1"})
    assert (chosen.status_code, chosen.location) == (303, page)
    html = owner.get(page).text
    assert ">乙窗又写</textarea>" in html
    assert "比较后选用一份" not in html


def test_a_lost_answer_is_no_clash_with_oneself(owner, page):
    sent = typed(owner, page, story="第一次")
    assert save(owner, sent).status_code == 200
    # The answer never arrived: the window still knows version 0.
    again = save(owner, {**sent, "story": "第二次"})
    assert (again.status_code, again.json["version"]) == (200, 2)


def test_first_saves_at_once_both_stay(database, firm, owner):
    actor, cipher = actor_of(owner, firm), Cipher(["k" * 32])
    barrier, late = threading.Barrier(4), []

    def one(number):
        text = Typed(key="x:1", version=0, fields={"a": [f"{number}"]}, window=f"w{number}")

        def work(session):
            return drafts.save(session, actor, cipher, text)

        barrier.wait()
        for _ in range(5):
            try:
                late.append(database.run(work).late)
                return
            except drafts.RETRIED:
                continue

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(late) == [False, True, True, True]
    with database.reading() as session:
        draft = drafts.find(session, actor, cipher, "x:1")
        texts = {text.fields["a"][0] for text in (draft.text, *draft.rivals)}
    assert texts == {"0", "1", "2", "3"}


def test_a_changed_row_is_said(database, firm, owner, page):
    save(owner, typed(owner, page, story="我的"))
    assert "已被他人更新" not in owner.get(page).text
    with database.unit_of_work() as session:
        session.get_one(Provider, firm.id).website = "https://changed.example"
    assert "已被他人更新" in owner.get(page).text


def test_too_much_and_nobody_are_refused(owner, page, login_as, client):
    sent = typed(owner, page)
    assert save(owner, {**sent, "story": "长" * 400_000}).status_code == 422
    for key in ("", "nokey", "A:1", "a:" + "1" * 200):
        assert save(owner, {**sent, "draft_key": key}).status_code == 422
    # Who has no role yet keeps drafts of his own: the owner's stays what it was.
    assert save(login_as(None), {**sent, "story": "别人的"}).status_code == 200
    assert save(owner, sent).json["compare"] == ""
    assert client.post("/drafts", data=sent).status_code == 401


def end_session(database, user_id):
    with database.unit_of_work() as session:
        old = clock.now() - timedelta(hours=2)
        session.execute(
            update(UserSession).where(UserSession.user_id == user_id).values(seen_at=old)
        )


def sign_in_again(app, database, client, user):
    """The same browser after a new login: another secret in its cookie."""
    with database.unit_of_work() as session:
        grants = sessions.live_grants(session, user.id)
        opened = sessions.open_session(session, user, grants, Device("127.0.0.1", "test"))
    client.use_session(opened.token)


def test_a_form_cut_off_by_the_end_of_the_session_is_sent_after_login(
    app, database, firm, owner, page
):
    end_session(database, owner.user.id)
    cut = owner.post(page, data={"story": "长篇" * 60_000, "title": "标题", "password": "x"})
    assert cut.status_code == 401
    assert "都已保留" in cut.text
    login = next(part for part in cut.text.split('"') if part.startswith("/login?next="))
    back = login.removeprefix("/login?next=")
    assert back.startswith("/resume/")
    sign_in_again(app, database, owner, owner.user)
    held = owner.get(back)
    form = next(form for form in forms(held.text, back) if "story" in form.fields)
    assert urlsplit(form.action).path == page
    assert set(form.fields) == {"csrf_token", "story", "title"}
    # The token in the page is that of the new session: nothing of the test client's helps.
    sent = owner.post(form.action, data=form.fields, csrf=False)
    assert sent.status_code == 303
    with database.reading() as session:
        assert session.get_one(Provider, firm.id).intro == "长篇" * 60_000


def test_its_files_are_kept_too(app, database, firm, owner, page):
    end_session(database, owner.user.id)
    document = (io.BytesIO(sample_files.pdf()), "依据.pdf")
    bad = (io.BytesIO(b"MZ"), "坏.pdf")
    cut = owner.post(
        page, data={"story": "x", "quota_document": [document, bad]},
        content_type="multipart/form-data",
    )  # fmt: skip
    back = next(p for p in cut.text.split('"') if p.startswith("/login?next=")).partition("=")[2]
    sign_in_again(app, database, owner, owner.user)
    form = next(f for f in forms(owner.get(back).text, back) if "story" in f.fields)
    assert set(form.fields) == {"csrf_token", "story", "quota_document-kept"}
    with database.reading() as session:
        rows = session.scalars(select(StoredFile)).all()
        assert [(row.name, row.uploaded_by) for row in rows] == [("依据.pdf", owner.user.id)]


def test_a_kept_form_is_its_senders_alone_for_a_day(app, database, firm, owner, page, login_as):
    end_session(database, owner.user.id)
    cut = owner.post(page, data={"story": "机密"})
    back = next(p for p in cut.text.split('"') if p.startswith("/login?next=")).partition("=")[2]
    other = login_as(Role.PROVIDER_OWNER, organisation=firm.organisation)
    assert other.get(back).status_code == 404
    assert other.post(f"{back}/discard").status_code == 404
    with database.reading() as session:
        assert "机密".encode() not in session.scalars(select(HeldForm)).one().data_encrypted
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        sign_in_again(app, database, owner, owner.user)
        assert owner.get(back).status_code == 404


@pytest.mark.parametrize("reason", ["revoked", "logout", "disabled"])
def test_who_was_thrown_out_leaves_no_form(database, owner, page, reason):
    with database.unit_of_work() as session:
        sessions.end_all(session, owner.user.id, reason)
    assert owner.post(page, data={"story": "x"}).status_code == 401
    with database.reading() as session:
        assert session.scalars(select(HeldForm)).all() == []


def test_a_forged_form_is_not_kept(database, owner, page):
    end_session(database, owner.user.id)
    assert owner.post(page, data={"story": "x"}, csrf=False).status_code == 403
    with database.reading() as session:
        assert session.scalars(select(HeldForm)).all() == []


def test_a_new_token_for_an_open_form(owner):
    answer = owner.get("/drafts/token")
    assert answer.json["user"] == owner.user.id
    sent = {
        "draft_key": "a:1",
        "draft_window": "w",
        "csrf_token": answer.json["token"],
        "story": "x",
    }
    assert owner.post("/drafts", data=sent, csrf=False).status_code == 200


def test_old_drafts_go_and_new_keys_open_them(database, firm, owner):
    actor = actor_of(owner, firm)
    former, newer = Cipher(["f" * 32]), Cipher(["n" * 32, "f" * 32])
    text = Typed(key="x:1", version=0, fields={"a": ["旧"]}, window="w")
    with database.unit_of_work() as session:
        drafts.save(session, actor, former, text)
        token = held_forms.hold(
            session, former, user_id=owner.user.id, grant_id=None, path="/", pairs=[("a", "b")]
        )
    admin = Actor(role=Role.ADMIN_USERS, user_id=owner.user.id)
    with database.unit_of_work() as session:
        assert resealing.reseal(session, admin, newer, resealing.Progress()).sealed == 2
    alone = Cipher(["n" * 32])
    with database.unit_of_work() as session:
        assert drafts.find(session, actor, alone, "x:1").text.fields == {"a": ["旧"]}
        assert held_forms.find(session, actor, alone, token).pairs == [("a", "b")]
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        with database.unit_of_work() as session:
            drafts.forget(session)
        with database.reading() as session:
            assert session.scalars(select(FormDraft)).all() == []
            assert session.scalars(select(HeldForm)).all() == []
