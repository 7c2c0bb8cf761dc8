"""Contact numbers: sealed in the database, masked in public, unmasked for a reason (S81-S83)."""

from pathlib import Path

import pytest
from sqlalchemy import select

from marketplace.models import Event, Provider, SecurityEvent
from marketplace.phases import Role
from marketplace.services.pool import contacts
from marketplace.web.limits import LIMITS
from tests import factories

PHONE = "0532-80001234"


@pytest.fixture
def provider(app, database):
    with database.unit_of_work() as session:
        provider = factories.make_provider(session, contact_role="商务咨询")
        sealed = app.extensions["cipher"].seal(PHONE, contacts.place(provider.id))
        provider.contact_phone_encrypted = sealed
        factories.make_membership(session, factories.make_round(session), provider)
    return provider


def page(provider) -> str:
    return f"/work/providers/{provider.id}/contact"


def test_s83_a_reason_is_needed_and_kept(login_as, provider, database):
    officer = login_as(Role.CITY_OFFICER)
    assert PHONE not in officer.get(page(provider)).text
    for reason in ("", "看看", " \t "):
        refused = officer.post(page(provider), data={"reason": reason})
        assert (refused.status_code, PHONE in refused.text) == (422, False)
    shown = officer.post(page(provider), data={"reason": "核实投诉内容"})
    assert (shown.status_code, PHONE in shown.text) == (200, True)
    assert shown.headers["Cache-Control"] == "no-store"
    with database.reading() as session:
        event = session.scalars(select(Event).where(Event.action == "contact_unmask")).one()
        assert (event.actor_id, event.subject_type, event.subject_id, event.reason) == (
            officer.user.id, "providers", provider.id, "核实投诉内容",
        )  # fmt: skip
        record = session.scalars(select(SecurityEvent).where(SecurityEvent.kind == "unmask")).one()
        assert (record.user_id, record.object) == (officer.user.id, f"providers/{provider.id}")


def test_s83_it_is_limited(login_as, provider):
    officer = login_as(Role.CITY_OFFICER)
    data = {"reason": "核实投诉内容"}
    amount = LIMITS["unmask"].amount
    codes = [officer.post(page(provider), data=data).status_code for _ in range(amount + 1)]
    assert codes == [200] * amount + [429]


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.CITY_LEADER, 200), (Role.COSIGNER, 403), (Role.AUDITOR, 403),
        (Role.ADMIN_USERS, 403), (Role.PROVIDER_OWNER, 403), (Role.EXPERT, 403),
    ],
)  # fmt: skip
def test_s83_who_may(login_as, provider, role, status):
    answer = login_as(role).post(page(provider), data={"reason": "核实投诉内容"})
    assert (answer.status_code, PHONE in answer.text) == (status, status == 200)


def test_s83_district_only_its_own(login_as, provider, database):
    with database.unit_of_work() as session:
        offices = [
            factories.make_organisation(session, kind="district_office", district=district)
            for district in ("370202", "370203")
        ]
    answers = [
        login_as(Role.DISTRICT_REVIEWER, organisation=office).post(
            page(provider), data={"reason": "核实投诉内容"}
        )
        for office in offices
    ]
    assert [answer.status_code for answer in answers] == [200, 404]


def test_s81_the_public_sees_a_mask(client, provider):
    shown = client.get(f"/providers/{provider.id}").text
    assert PHONE not in shown
    assert "80001234" not in shown


def test_s82_the_dump_holds_no_number(provider, database, settings):
    with database.reading() as session:
        sealed = session.scalars(select(Provider.contact_phone_encrypted)).one()
    assert PHONE.encode() not in sealed
    if settings.database_url.startswith("sqlite"):
        path = Path(settings.database_url.removeprefix("sqlite:///"))
        files = [path, *path.parent.glob(f"{path.name}-*")]
        assert all(b"80001234" not in file.read_bytes() for file in files)
