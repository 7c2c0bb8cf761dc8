"""Reports, complaints, checks, activities and awards of the demo, in every state."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.errors import Forbidden
from marketplace.models import (
    Activity,
    Attendance,
    Complaint,
    Membership,
    Organisation,
    Product,
    Project,
    Provider,
    RoleGrant,
    Round,
    SpotCheck,
    User,
)
from marketplace.permissions import NOBODY, Actor
from marketplace.phases import PUBLIC_PHASES, Role
from marketplace.programmes import nouns
from marketplace.services.audit.receipts import digest_of
from marketplace.services.checks import (
    activities,
    awards,
    complaints,
    complaints_hearing,
    spot_checks,
)
from marketplace.services.checks.activities import Content
from marketplace.services.checks.awards import Proposal
from marketplace.services.checks.complaints import Contact, Filing
from marketplace.services.checks.spot_checks import Plan
from marketplace.services.demo import demo_reports
from marketplace.services.demo.demo_stage import LOGINS
from marketplace.settings import Settings

RECEIPTS = ("DEMARECE1PT00001", "DEMARECE1PT00002", "DEMARECE1PT00003", "DEMARECE1PT00004")
"""Receipt codes of the demo's public complaints, so that somebody can try the look-up."""


@dataclass
class Cast:
    """Who acts: the demo's accounts, and the places of the pool."""

    session: Session
    round: Round
    own: Membership
    places: list[Membership]
    owner: Actor
    client: Actor
    city: Actor

    def provider(self, place: Membership) -> Provider:
        """The provider of a place with its organisation, read anew: locks refresh rows."""
        return awards.membership(self.session, place.id).provider


def ensure(session: Session, settings: Settings) -> int:
    """Make the rows if there are none; answers how many. Raises Forbidden outside the demo."""
    if not settings.demo:
        raise Forbidden("演示数据只能在演示模式下创建")
    if session.scalars(select(Complaint.id).limit(1)).first() is not None:
        return 0
    cast = _cast(session)
    if cast is None:
        return 0
    demo_reports.age_projects(session, cast.own.provider_id)
    made = demo_reports.fill(session, cast.round, cast.own, cast.owner, cast.city)
    made += _complaints(cast, Cipher(settings.encryption_keys))
    made += _checks(cast)
    made += _activities(cast)
    return made + _awards(cast)


def _actor(session: Session, role: Role) -> Actor | None:
    row = session.execute(
        select(User, Organisation)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(User.login == LOGINS[role], RoleGrant.role == role)
        .order_by(RoleGrant.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    user, home = row
    return Actor(
        role=role, user_id=user.id, name=user.name, organisation_id=home.id,
        organisation_name=home.name, district=home.district,
    )  # fmt: skip


def _cast(session: Session) -> Cast | None:
    owner, client, city = (
        _actor(session, role) for role in (Role.PROVIDER_OWNER, Role.ENTERPRISE, Role.CITY_OFFICER)
    )
    if owner is None or client is None or city is None:
        return None
    places = list(
        session.scalars(
            select(Membership)
            .where(Membership.phase.in_(PUBLIC_PHASES))
            .options(
                joinedload(Membership.provider).joinedload(Provider.organisation),
                joinedload(Membership.round),
            )
            .order_by(Membership.id)
        )
    )
    own = [row for row in places if row.provider.organisation_id == owner.organisation_id]
    if not own:
        return None
    working = session.scalars(
        select(Project.membership_id)
        .where(Project.membership_id.in_([row.id for row in own]))
        .group_by(Project.membership_id)
        .order_by(func.count().desc())
    ).first()
    main = next((row for row in own if row.id == working), own[0])
    return Cast(session, main.round, main, places, owner, client, city)


def _file(cast: Cast, subject: str, place: Membership | None = None) -> Complaint:
    said = Filing(
        subject=subject, text="合同约定的服务没有按时完成，多次联系后仍未解决，请主管部门协调。",
        evidence="合同、聊天记录和现场照片。",
    )  # fmt: skip
    provider = cast.provider(place or cast.own)
    return complaints.file_own(cast.session, cast.client, provider, said)


def _step(cast: Cast, row: Complaint, action: str, reason: str = "", **given: Any) -> None:
    actor = cast.city
    if action == complaints_hearing.REPLY:
        actor = cast.owner
    elif action == "complaint_withdraw":
        actor = cast.client
    complaints_hearing.step(cast.session, actor, row, action, reason=reason, **given)


def _accepted(cast: Cast, subject: str) -> Complaint:
    row = _file(cast, subject)
    _step(cast, row, complaints_hearing.ACCEPT, membership_id=cast.own.id)
    return row


def _replied(cast: Cast, subject: str) -> Complaint:
    row = _accepted(cast, subject)
    _step(cast, row, complaints_hearing.REPLY, "已安排工程师到厂处理，附处理记录。")
    return row


def _complaints(cast: Cast, cipher: Cipher) -> int:
    _file(cast, "验收资料没有移交")
    _accepted(cast, "系统接口迟迟没有打通")
    _replied(cast, "驻场人员频繁更换")
    _step(
        cast, _replied(cast, "培训次数少于合同约定"), complaints_hearing.UPHOLD,
        "培训次数少于约定，已责令补足。", evidence_of_sender="合同和两次培训的签到表",
        evidence_of_provider="答复承认少训一次",
    )  # fmt: skip
    _step(cast, _replied(cast, "软件版本与合同不符"), "complaint_dismiss", "核对版本，与合同一致。")
    _step(cast, _replied(cast, "售后响应慢"), "complaint_settle", "双方约定四小时内响应。")
    _step(cast, _file(cast, "对报价有意见"), "complaint_refuse", "报价未签约，不属于受理范围。")
    _step(cast, _file(cast, "发票开具延迟"), "complaint_withdraw", "已收到发票。")
    for number, (code, contact) in enumerate(zip(RECEIPTS, (
        Contact(name="示例投诉人", phone="0532-00000000"), None, None,
    ), strict=False)):  # fmt: skip
        place = cast.places[number % len(cast.places)]
        said = Filing(subject=("上门推销时承诺补贴", "疑似转包", "宣传内容夸大")[number],
                      text="在园区走访时了解到的情况，请核查。")  # fmt: skip
        row = complaints.file_public(
            cast.session, NOBODY, cipher, cast.provider(place), said, receipt_hash=digest_of(code),
            contact=contact,
        )  # fmt: skip
    _step(cast, row, "complaint_close", "核查宣传材料，未发现夸大。")
    return 11


def _checks(cast: Cast) -> int:
    session, city, today = cast.session, cast.city, clock.today()
    rows: list[SpotCheck] = []
    for number in range(4):
        chosen = cast.own if number == 1 else cast.places[number % len(cast.places)]
        place = spot_checks.membership(session, city, chosen.id)
        what = Plan(
            topic=spot_checks.topics(place.round.programme)[0], plan="现场看人员到位情况。",
            planned_on=today + timedelta(days=3 - number),
        )  # fmt: skip
        rows.append(spot_checks.plan(session, city, place, what))
    for row, action, reason in (
        (rows[1], spot_checks.PASS, "人员在岗，记录完整。"),
        (rows[2], spot_checks.FAIL, "两名工程师不在岗。"),
    ):
        spot_checks.step(session, city, row, action, reason=reason, checked_on=today)
    spot_checks.step(session, city, rows[3], "check_cancel", reason="与年度检查合并。")
    return len(rows)


def _at(days: int, hour: int) -> datetime:
    return datetime.combine(clock.today() + timedelta(days=days), time(hour), clock.BEIJING)


def _activities(cast: Cast) -> int:
    session, city = cast.session, cast.city

    def content(kind: str, title: str, days: int) -> Content:
        return Content(
            kind=kind, title=title, place="青岛市示例会议中心",
            text="面向试点企业和在池服务商，现场交流需求和方案。", starts_at=_at(days, 9),
            ends_at=_at(days, 12), sign_up_by=_at(days - 1, 0), places=60,
        )  # fmt: skip

    activities.create(session, city, content("visit", "数字化车间观摩（草稿）", 40))
    fair = activities.create(session, city, content("matching", "家电行业供需对接会", 14))
    activities.step(session, city, fair, "activity_announce")
    activities.sign_up(session, cast.owner, fair.id, people=2)
    activities.sign_up(session, cast.client, fair.id, people=1)
    off = activities.create(session, city, content("training", "评测指标解读培训", 21))
    activities.step(session, city, off, "activity_announce")
    activities.step(session, city, off, "activity_cancel", reason="与下期合并举办")
    for number, days in enumerate((-30, -75)):
        held = activities.create(
            session, city, content("training", f"服务规范培训第{number + 1}期", days)
        )
        _hold(cast, held)
    return 5


def _hold(cast: Cast, row: Activity) -> None:
    """An activity of the past with its guests: most came."""
    announced = nouns.workflow("activity").in_phase("announced")[0]
    row.state, row.phase = announced.id, announced.phase
    first = nouns.workflow("attendance").initial
    firms = {cast.provider(place).organisation_id for place in cast.places[:24]}
    assert cast.owner.organisation_id is not None  # noqa: S101  an account of the demo
    firms.add(cast.owner.organisation_id)
    cast.session.add_all(
        Attendance(activity_id=row.id, organisation_id=id_, state=first, phase=first,
                   state_since=clock.now(), people=1 + id_ % 2)
        for id_ in sorted(firms)
    )  # fmt: skip
    cast.session.flush()
    activities.step(cast.session, cast.city, row, "activity_hold")
    guests = activities.attendances(cast.session, row)
    activities.confirm(cast.session, cast.city, row, [g.id for n, g in enumerate(guests) if n % 6])


def _awards(cast: Cast) -> int:
    session, city, year = cast.session, cast.city, clock.today().year - 1
    programme = cast.round.programme
    if not programme.awards:
        return 0
    clause = programme.awards[0].id
    product = session.scalars(
        select(Product.id).where(Product.provider_id == cast.own.provider_id).order_by(Product.id)
    ).first()

    def put(place: Membership, kind: str = awards.PROVIDER, product: int | None = None) -> Any:
        what = Proposal(clause=clause, kind=kind, year=year, product_id=product,
                        grounds="交付按期、企业评价好、积极参加供需对接。")  # fmt: skip
        return awards.propose(session, city, awards.membership(session, place.id), what)

    document = "示例文号〔2026〕1号"
    others = [p for p in cast.places if p.provider_id != cast.own.provider_id
              and p.round_id == cast.round.id]  # fmt: skip
    announced = [put(cast.own)]
    if product is not None:
        announced.append(put(cast.own, awards.SOLUTION, product))
    revoked, dropped = put(others[0]), put(others[1])
    put(others[2])
    for row in (*announced, revoked):
        awards.step(session, city, row, "award_announce", reason="按评选办法", document_no=document)
    awards.step(session, city, revoked, "award_revoke", reason="申报材料不实",
                document_no="示例文号〔2026〕5号")  # fmt: skip
    awards.step(session, city, dropped, "award_drop", reason="名额已满")
    return len(announced) + 3
