"""Staff see a letter with real data before it goes, and it goes to each team once."""

import re
from html import unescape

import pytest
from sqlalchemy import func, select

from marketplace.models import Event, Message
from marketplace.phases import Role, StandingPhase
from tests import factories
from tests.support.forms import forms

WORDS = {
    "title": "{单位}：关于报送材料的通知",
    "text": "{收件人}，您好：\n贵单位在“{席位}”，请在月底前报送。{单位}",
    "segment": "", "type": "", "reason": "年度工作安排",
}  # fmt: skip


@pytest.fixture
def firms(database):
    """Two providers with teams, one without an account, one that has left."""
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        made = []
        for segment in ("home_appliance", "auto_parts"):
            provider = factories.make_provider(session)
            factories.make_membership(session, round_, provider, segment=segment)
            owner = factories.make_user(session)
            factories.make_grant(session, owner, Role.PROVIDER_OWNER, provider.organisation)
            made.append((provider.organisation.name, owner.name, owner.id))
        silent = factories.make_provider(session)
        factories.make_membership(session, round_, silent)
        left = factories.make_provider(session)
        factories.make_membership(session, round_, left, phase=StandingPhase.EXITED)
        gone = factories.make_user(session)
        factories.make_grant(session, gone, Role.PROVIDER_OWNER, left.organisation)
        return made, silent.organisation.name


def messages(database):
    with database.reading() as session:
        rows = session.execute(select(Message.user_id, Message.title, Message.text))
        return {user: (title, text) for user, title, text in rows}


def send_form(page):
    return next(
        form for form in forms(page.text, "/work/letters/preview") if "form_key" in form.fields
    )


def test_seen_with_the_data_of_a_chosen_recipient_then_sent_once(database, login_as, firms):
    (one, two), silent = firms
    client = login_as(Role.CITY_OFFICER)
    client.get("/work/letters/new")
    page = client.post("/work/letters/preview", data=WORDS)
    text = unescape(re.sub(r"<[^>]+>", "", page.text))
    assert "将发给 3 家服务商的 2 个账号" in text
    assert silent in text
    number = re.search(rf'<option value="(\d+)"[^>]*>{two[0]}<', page.text).group(1)
    page = client.post("/work/letters/preview", data={**WORDS, "recipient": number})
    assert f"{two[0]}：关于报送材料的通知" in page.text
    assert f"{two[1]}，您好" in page.text
    assert messages(database) == {}
    form = send_form(page)
    for _ in range(2):  # a second click sends nothing again
        assert client.post(form.action, data=form.fields).status_code == 303
    sent = messages(database)
    assert set(sent) == {one[2], two[2]}
    for name, reader, user_id in (one, two):
        title, text = sent[user_id]
        assert title == f"{name}：关于报送材料的通知"
        assert text.startswith(f"{reader}，您好：\n贵单位在“")
        assert text.endswith(f"请在月底前报送。{name}")
    with database.reading() as session:
        event = session.scalars(select(Event).where(Event.action == "letter_send")).one()
        assert (event.reason, event.diff["letter_to"], event.diff["letter_readers"]) == (
            "年度工作安排", 3, 2,
        )  # fmt: skip


def test_an_audience_is_kept_to(database, login_as, firms):
    (_, two), _ = firms
    client = login_as(Role.CITY_OFFICER)
    page = client.post("/work/letters/preview", data={**WORDS, "segment": "auto_parts"})
    form = send_form(page)
    client.post(form.action, data=form.fields)
    assert set(messages(database)) == {two[2]}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"title": ""}, "请填写标题"),
        ({"text": "{手机号}，您好"}, "不认识{手机号}"),
        ({"text": "长" * 4001}, "不超过4000个字"),
        ({"segment": "rail_equipment"}, "没有收件人"),
        ({"reason": ""}, "请填写发送依据或理由"),
    ],
)
def test_what_cannot_be_sent_is_said_at_its_field(login_as, firms, wrong, says):
    client = login_as(Role.CITY_OFFICER)
    page = client.post("/work/letters/preview", data={**WORDS, **wrong})
    assert (page.status_code, says in page.text) == (422, True)
    assert "年度工作安排" in page.text or "reason" in wrong


def test_others_do_not_write_to_everybody(database, login_as, firms):
    data = {**WORDS, "form_key": "k" * 24}
    for role in (Role.DISTRICT_REVIEWER, Role.AUDITOR, Role.PROVIDER_OWNER):
        client = login_as(role)
        assert client.get("/work/letters/new").status_code == 403
        assert client.post("/work/letters", data=data).status_code == 403
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 0
