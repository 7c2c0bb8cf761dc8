"""One organisation with both roles: how it gets the second, its two teams, and itself as its own
counterpart, which it never is."""

import io
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import (
    AccessRequest,
    Event,
    Membership,
    Message,
    Organisation,
    Provider,
    RoleGrant,
)
from marketplace.permissions import SYSTEM
from marketplace.phases import OrganisationKind, ProjectPhase, Role
from marketplace.services.access import access_decisions, teams
from marketplace.services.demands import demands_answers
from marketplace.services.demands.demands_answers import Offer
from marketplace.services.inquiries import inquiries
from marketplace.services.inquiries.inquiries import Question
from marketplace.services.profiles import organisations
from marketplace.services.projects import filings, independence, projects, ratings
from marketplace.services.projects.project_rules import rules
from tests import factories
from tests.support import sample_files, world_access, world_inquiries
from tests.support.world_access import DISTRICT, PHONE, register_form

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

KEY = {"form_key": "k" * 20}
BOTH = (OrganisationKind.PROVIDER, OrganisationKind.ENTERPRISE)


@pytest.fixture
def words(database) -> None:
    with database.unit_of_work() as session:
        factories.make_term(session, "district", DISTRICT, "市南区")


def lead_in(login_as, database, organisation, role=Role.ENTERPRISE):
    """A client that leads the team of one side."""
    client = login_as(role, organisation=organisation)
    with database.unit_of_work() as session:
        held = select(RoleGrant).where(RoleGrant.user_id == client.user.id)
        session.scalars(held).one().leads = role is Role.ENTERPRISE
    return client


def only(database, model):
    with database.reading() as session:
        return session.scalars(select(model)).one()


def held(database, organisation) -> list[tuple[int, str, bool]]:
    with database.reading() as session:
        rows = session.execute(
            select(RoleGrant.user_id, RoleGrant.role, RoleGrant.leads)
            .where(RoleGrant.organisation_id == organisation.id, RoleGrant.revoked_at.is_(None))
            .order_by(RoleGrant.id)
        )
        return [tuple(row) for row in rows]


def letter() -> tuple[io.BytesIO, str]:
    return io.BytesIO(sample_files.pdf()), "授权书.pdf"


def approve(client, row):
    data = {**KEY, "version": row.version, "reason": ""}
    return client.post(f"/work/requests/{row.id}/approve", data=data)


def test_an_enterprise_becomes_a_provider_and_stays_what_it_was(login_as, words, database):
    with database.unit_of_work() as session:
        firm = factories.make_organisation(
            session, kind="enterprise", name="青岛两用机械有限公司", district=DISTRICT
        )
        partner = world_access.lead(session, firm)
    client, colleague = (
        lead_in(login_as, database, firm),
        login_as(Role.ENTERPRISE, organisation=firm),
    )
    assert 'href="/claim/new?own=1"' in client.get("/me/team").text
    assert "own=1" not in colleague.get("/me/team").text  # he does not speak for the firm
    form = client.get("/claim/new?own=1").text
    assert f'name="uscc" value="{firm.uscc}"' in form and "同时作为服务商" in form
    values = {
        **KEY, "uscc": firm.uscc, "name": "改成别的名字", "district": DISTRICT,
        "contact_name": "王申请", "phone": PHONE,
    }  # fmt: skip
    without = client.post("/claim/new", data=values)
    assert (without.status_code, "请上传授权书" in without.text) == (422, True)
    assert "同时作为服务商" in without.text
    for other in (colleague, login_as(None)):
        refused = other.post("/claim/new", data={**values, "access_letter": letter()})
        assert (refused.status_code, "由它的负责人登录后申请" in refused.text) == (422, True)
    assert client.post("/claim/new", data={**values, "access_letter": letter()}).status_code == 303
    row, officer = only(database, AccessRequest), login_as(Role.CITY_OFFICER)
    assert (row.kind, row.name, row.organisation_id, row.phase) == (
        "enrol", firm.name, firm.id, "waiting"
    )  # fmt: skip
    assert "申请第二种身份" in officer.get(f"/work/requests/{row.id}").text
    assert approve(officer, row).status_code == 303
    with database.reading() as session:
        fresh = session.get_one(Organisation, firm.id)
        assert (fresh.kinds, fresh.name, fresh.uscc) == (BOTH, firm.name, firm.uscc)
        assert session.scalars(select(Provider.organisation_id)).all() == [firm.id]
        diff = session.scalars(
            select(Event.diff).where(Event.action == "organisation_second_role")
        ).one()
        told = session.execute(select(Message.user_id, Message.url, Message.title)).all()
    assert diff == {"kind": ["enterprise", "provider"], "also_enterprise": [False, True]}
    assert [tuple(one[1:]) for one in told if one[0] == partner.user_id] == [
        ("/me/team", f"{firm.name}有了第二种身份")
    ]
    assert held(database, firm) == [
        (partner.user_id, "enterprise", True),
        (client.user.id, "enterprise", True),
        (colleague.user.id, "enterprise", False),
        (client.user.id, "provider_owner", False),
    ]


def test_a_provider_registers_as_enterprise_and_its_owner_goes_from_centre_to_centre(
    login_as, words, database
):
    with database.unit_of_work() as session:
        firm = factories.make_provider(session).organisation
        firm.district = None
        office = factories.make_organisation(session, kind="district_office", district=DISTRICT)
    owner = lead_in(login_as, database, firm, Role.PROVIDER_OWNER)
    assert "进入企业中心" not in owner.get("/p").text
    assert "同时作为企业" in owner.get("/register/enterprise?own=1").text
    sent = owner.post("/register/enterprise", data=register_form(firm.uscc, name="别的名字"))
    row = only(database, AccessRequest)
    assert (sent.status_code, row.organisation_id, row.name) == (303, firm.id, firm.name)
    desk = login_as(Role.DISTRICT_REVIEWER, organisation=office)
    # Who asked has left meanwhile: nobody of the firm stands behind the request any more.
    with database.unit_of_work() as session:
        grant = session.scalars(select(RoleGrant).where(RoleGrant.user_id == owner.user.id)).one()
        left, grant.revoked_at = grant.revoked_at, clock.now()
    late = approve(desk, row)
    assert (late.status_code, "由它的负责人登录后申请" in late.text) == (409, True)
    with database.unit_of_work() as session:
        session.get_one(RoleGrant, grant.id).revoked_at = left
    assert approve(desk, row).status_code == 303
    with database.reading() as session:
        fresh = session.get_one(Organisation, firm.id)
        assert (fresh.kinds, fresh.district, fresh.headcount) == (BOTH, DISTRICT, 80)
        enterprise = session.scalars(select(RoleGrant).where(RoleGrant.role == "enterprise")).one()
    assert (enterprise.user_id, enterprise.leads) == (owner.user.id, True)
    owner = login_as(None, user=owner.user)
    for grant_id, here, there in (
        (grant.id, "/p", "进入企业中心"), (enterprise.id, "/me", "进入服务商中心")
    ):  # fmt: skip
        moved = owner.post("/account/switch", data={"grant": grant_id})
        assert (moved.status_code, moved.location) == (303, here)
        assert there in owner.get(here).text
        other = "/me" if here == "/p" else "/p"
        assert owner.get(other).status_code == 403  # one centre at a time


def both(session) -> Membership:
    """A place in the pool of a firm with both roles."""
    provider = factories.make_provider(session)
    place = factories.make_membership(session, factories.make_round(session), provider)
    firm = provider.organisation
    firm.also_enterprise, firm.district = True, DISTRICT
    session.flush()
    return place


def test_each_side_has_a_team_of_its_own(app, login_as, database):
    cipher = app.extensions["cipher"]
    with database.unit_of_work() as session:
        firm = session.get_one(Provider, both(session).provider_id).organisation
        owner = world_access.lead(session, firm, name="服务商一侧甲")
        user = factories.make_user(session, name="企业一侧乙")
        lead = factories.make_grant(session, user, Role.ENTERPRISE, firm, leads=True)
        asks = world_access.ask(session, cipher, firm.uscc)
        sells = world_access.acting(session, owner)
        buys = world_access.acting(session, lead)
        with pytest.raises(Conflict, match="唯一的负责人"):
            teams.leave(session, sells)  # the other side's lead does not stand in for him
        with pytest.raises(NotFound):
            access_decisions.act(
                session, sells, asks, "access_admit", expected_version=asks.version, post="editor"
            )
        version = asks.version
        access_decisions.act(
            session, buys, asks, "access_admit", expected_version=version, post="member"
        )
        world_inquiries.demand(session, SimpleNamespace(actor=buys))
    stranger = login_as(Role.PROVIDER_EDITOR)
    seller = login_as(Role.PROVIDER_EDITOR, organisation=firm)
    buyer = login_as(Role.ENTERPRISE, organisation=firm)
    shown = [
        (name in client.get(page).text)
        for client, page in ((seller, "/p/team"), (buyer, "/me/team"))
        for name in ("服务商一侧甲", "企业一侧乙")
    ]
    assert shown == [True, False, False, True]
    title = world_inquiries.CONTENT.title
    assert title not in seller.get("/p/demands").text
    assert title in stranger.get("/p/demands").text
    assert [seller.get("/me/team").status_code, buyer.get("/p/team").status_code] == [404, 404]


def test_a_firm_is_never_its_own_counterpart(database):
    with database.unit_of_work() as session:
        _never_its_own_counterpart(session)


def _never_its_own_counterpart(session):
    place = both(session)
    provider = session.get_one(Provider, place.provider_id)
    firm = provider.organisation
    sells = world_access.acting(session, world_access.lead(session, firm))
    user = factories.make_user(session)
    buys = world_access.acting(
        session, factories.make_grant(session, user, Role.ENTERPRISE, firm, leads=True)
    )
    with pytest.raises(Conflict, match="不能向自己咨询"):
        inquiries.send(session, buys, Question("报价", "请报价", [provider.id]))
    demand = world_inquiries.demand(session, SimpleNamespace(actor=buys))
    with pytest.raises(Conflict, match="不能自己答复"):
        demands_answers.answer(session, sells, demand.id, Offer("我们能做"))
    filing = filings.Filing(title="自己", membership_id=place.id, enterprise_uscc=firm.uscc)
    with pytest.raises(Invalid) as refused:
        filings.create(session, sells, filing)
    assert refused.value.fields == {"enterprise_uscc": ["这是本单位的代码，不能备案与自己的合同"]}
    assert (
        independence.why_not_choose(session, firm.id, provider.id) == "这是贵企业自己，不能选定自己"
    )
    # A project that an import has brought: what the firm says of itself does not count.
    project = factories.make_project(session, place, firm, phase=ProjectPhase.ACCEPTED)
    project = projects.get(session, buys, project.id)
    stars = ratings.write(session, buys, project, dict.fromkeys(rules().scores, 5), "很好")
    assert (stars.affiliated, ratings.summary(session, provider.id).counted) == (True, 0)
    with pytest.raises(Conflict, match="不能评估自己的项目"):
        running = factories.make_project(session, place, firm)
        running = projects.get(session, buys, running.id)
        independence.name_evaluator(session, buys, running, firm)
    with pytest.raises(Conflict, match="既是服务商也是中小企业"):
        organisations.edit(
            session, SYSTEM, firm, expected_version=firm.version, values={"kind": "enterprise"}
        )
    # The other side of it is an enterprise like any other: others may choose and file with it.
    other = factories.make_provider(session)
    theirs = world_access.lead(session, other.organisation)
    there = factories.make_membership(session, factories.make_round(session), other)
    filing = filings.Filing(title="改造", membership_id=there.id, enterprise_uscc=firm.uscc)
    made = filings.create(session, world_access.acting(session, theirs), filing)
    assert made.enterprise_id == firm.id
