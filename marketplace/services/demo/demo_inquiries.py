"""Enquiries and demands of the demo, in every state, by the steps that people take.

Only what time would have done is written by hand: the days on which things were sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.clock import WorkingCalendar
from marketplace.crypto import Cipher
from marketplace.errors import Forbidden
from marketplace.models import (
    Demand,
    Inquiry,
    InquiryParty,
    Organisation,
    Provider,
    RoleGrant,
    User,
)
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import OrganisationKind, Role
from marketplace.services.calendar import calendar
from marketplace.services.choosing import selection_rules
from marketplace.services.demands import demands, demands_answers
from marketplace.services.demands.demands import Content
from marketplace.services.demands.demands_answers import Offer
from marketplace.services.files.files import add
from marketplace.services.inquiries import inquiries, inquiry_clock, inquiry_threads, inquiry_watch
from marketplace.services.inquiries.inquiries import Question
from marketplace.services.inquiries.inquiry_rules import rules
from marketplace.settings import Settings
from marketplace.storage import Kept

ENTERPRISE, OWNER, OFFICER = (f"{name}@demo.example" for name in ("enterprise", "owner", "officer"))
OTHERS = 4
ANSWERED_AFTER = (3, 5, 20, 26, 49, 8, 300)
"""Hours after which the demo's provider answered; the last one came too late."""


@dataclass
class Cast:
    """Who asks, who answers (the demo's own provider first), who watches."""

    session: Session
    days: WorkingCalendar
    me: Actor
    firms: Sequence[Actor]
    teams: Sequence[Actor]
    providers: Sequence[int]
    officer: Actor

    def ask(self, title: str, text: str, *places: int, by: Actor | None = None) -> Inquiry:
        """An enquiry to some of the providers."""
        ids = [self.providers[place] for place in places]
        return inquiries.send(self.session, by or self.me, Question(title, text, ids))

    def age(self, row: InquiryParty, days: int) -> None:
        """It was sent ``days`` ago."""
        sent = clock.now() - timedelta(days=days)
        last = self.days.add(clock.beijing(sent).date(), rules().reply_days)
        row.sent_at = row.last_at = sent
        row.reply_by = clock.end_of_day(last)
        self.session.flush()

    def answered(self, row: InquiryParty, team: Actor, text: str, hours: int = 0) -> None:
        """The provider answers, ``hours`` after it was asked."""
        message = inquiry_threads.post(self.session, team, row, text)
        if hours:
            row.answered_at = message.created_at = row.sent_at + timedelta(hours=hours)
            row.last_at, row.minutes = row.answered_at, hours * 60
            self.session.flush()


def ensure(session: Session, settings: Settings, cipher: Cipher, paper: Kept) -> int:
    """Make them if there are none; answers how many enquiries. Raises Forbidden elsewhere."""
    if not settings.demo:
        raise Forbidden("演示咨询只能在演示模式下创建")
    if session.scalars(select(Inquiry.id).limit(1)).first() is not None:
        return 0
    cast = _cast(session)
    if cast is None:
        return 0
    _talks(cast, cipher, paper)
    _ends(cast)
    _record(cast)
    _demands(cast)
    return len(session.scalars(select(Inquiry.id)).all())


def _person(session: Session, login: str, role: Role) -> Actor | None:
    row = session.execute(
        select(User.id, User.name, Organisation.id, Organisation.name)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(User.login == login, RoleGrant.role == role.value)
    ).first()
    if row is None:
        return None
    return _as(Actor(role=role, user_id=row[0], name=row[1]), row[2], row[3])


def _as(actor: Actor, organisation_id: int, name: str) -> Actor:
    """The same person, acting for another organisation."""
    return Actor(
        role=actor.role, user_id=actor.user_id, name=actor.name, organisation_id=organisation_id,
        organisation_name=name,
    )  # fmt: skip


def _cast(session: Session) -> Cast | None:
    me = _person(session, ENTERPRISE, Role.ENTERPRISE)
    owner = _person(session, OWNER, Role.PROVIDER_OWNER)
    officer = _person(session, OFFICER, Role.CITY_OFFICER)
    if me is None or owner is None or officer is None:
        return None
    rows = session.execute(
        select(Provider.id, Organisation.id, Organisation.name)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .order_by((Organisation.id == owner.organisation_id).desc(), Provider.id)
        .limit(40)
    ).all()
    stands = selection_rules.standing(session, [row[0] for row in rows])
    fit = [row for row in rows if not stands[row[0]]][: OTHERS + 1]
    firms = session.execute(
        select(Organisation.id, Organisation.name)
        .where(
            Organisation.kind == OrganisationKind.ENTERPRISE, Organisation.id != me.organisation_id
        )
        .order_by(Organisation.id)
        .limit(len(ANSWERED_AFTER))
    ).all()
    if len(fit) <= OTHERS or not firms or fit[0][1] != owner.organisation_id:
        return None
    return Cast(
        session, calendar.load(session), me, [_as(me, *firm) for firm in firms],
        [_as(owner, id_, name) for _, id_, name in fit], [row[0] for row in fit], officer,
    )  # fmt: skip


def _talks(cast: Cast, cipher: Cipher, paper: Kept) -> None:
    """Waiting, answered with contact shown, declined."""
    session = cast.session
    inquiry = cast.ask(
        "注塑车间 MES 询价",
        "两台注塑机、三条装配线，想先做报工和质量追溯。请说明大致价格、工期和需要我们准备什么。",
        0, 1, 2,
    )  # fmt: skip
    add(session, cast.me, paper, inquiries.FILES, inquiry)
    first, _, third = inquiry.parties
    cast.age(first, 2)
    cast.answered(
        first, cast.teams[0], "可以分两期：一期报工和追溯，约 12 万元，45 天上线；详见附件。", 5
    )
    (message,) = session.scalars(inquiry_threads.messages(first)).all()
    add(session, cast.teams[0], paper, inquiry_threads.FILES, message)
    inquiry_threads.post(session, cast.me, first, "一期包含培训吗？下周能来现场看看吗？")
    inquiry_threads.show_contact(
        session, cast.me, cipher, first, name="设备科", phone="0532-0000 0000"
    )
    inquiries.decline(
        session, cast.teams[2], third, reason=rules().decline_reasons[1],
        expected_version=third.version,
    )  # fmt: skip
    inquiry_threads.note_outcome(
        session, cast.teams[2], third, outcome="lost", note="明年排期再联系",
        expected_version=third.version,
    )  # fmt: skip
    cast.ask("老设备联网咨询", "十二台机床没有数据接口，能不能采集开停机和产量？", 0)


def _ends(cast: Cast) -> None:
    """Overdue, urged, ended by the enterprise."""
    session = cast.session
    late = cast.ask("仓库条码改造咨询", "原料库和成品库账实不符，想用扫码收发货。", 1, 2)
    rows = list(late.parties)
    for row in rows:
        cast.age(row, 12)
        inquiry_clock.lapse(session, SYSTEM, row.id)
    urged = inquiry_watch.get(session, cast.officer, rows[1].id)
    inquiry_watch.urge(
        session, cast.officer, urged, reason="已电话联系，对方承诺两日内答复",
        expected_version=urged.version,
    )  # fmt: skip
    (row,) = cast.ask("能耗监测咨询", "想看到每台空压机的用电。", 3).parties
    inquiries.close(session, cast.me, row, reason="改造推迟", expected_version=row.version)


def _record(cast: Cast) -> None:
    """What other enterprises asked the demo's provider before: enough for a response rate."""
    team = cast.teams[0]
    for number, hours in enumerate(ANSWERED_AFTER):
        firm = cast.firms[number % len(cast.firms)]
        text = "请问有没有同规模企业的案例？大概多少钱？"
        (row,) = cast.ask("产线报工咨询", text, 0, by=firm).parties
        cast.age(row, 30 + 10 * number)
        cast.answered(row, team, "有的，案例和报价已附上，欢迎来看样板车间。", hours)
        if number < 2:
            inquiry_threads.note_outcome(
                cast.session, team, row, outcome=("won", "lost")[number], note="",
                expected_version=row.version,
            )  # fmt: skip


def _demand(cast: Cast, title: str, text: str, by: Actor, days: int = 30) -> Demand:
    segment = cast.session.get_one(Organisation, by.organisation_id).segment
    content = Content(
        title=title, text=text, segment=segment or "home_appliance",
        process_links=["manufacturing", "quality"],
        until=clock.today() + timedelta(days=days), budget_low_cny=Decimal(100_000),
        budget_high_cny=Decimal(200_000),
    )  # fmt: skip
    return demands.create(cast.session, by, content)


def _published(cast: Cast, title: str, text: str, by: Actor) -> Demand:
    row = _demand(cast, title, text, by)
    demands.act(cast.session, by, row, "demand_publish")
    return row


def _demands(cast: Cast) -> None:
    """Every state of a demand, and of an answer."""
    session, me = cast.session, cast.me
    _demand(cast, "能耗监测", "想知道每条线、每台空压机用多少电，月底能自动出报表。", me)
    live = _published(
        cast, "注塑车间报工和排产", "订单多了排产全靠人脑，插单就乱；报工还用纸，月底对不上账。", me
    )
    offers = [
        demands_answers.answer(
            session, team, live.id,
            Offer("可以先做报工，再上排产；有三家同规模案例。", Decimal(150_000), 45 + 15 * place),
        )
        for place, team in enumerate(cast.teams[:4])
    ]  # fmt: skip
    demands_answers.invite(session, me, live, cast.providers[1])
    demands_answers.refuse(
        session, me, offers[2], reason="工期太长", expected_version=offers[2].version
    )
    demands_answers.withdraw(session, cast.teams[3], offers[3], expected_version=offers[3].version)
    _published(
        cast, "成品仓库账实不符", "盘点一次要停两天，想用条码管理收发货和库位。", cast.firms[0]
    )
    ended = _published(cast, "图纸版本混乱", "车间常用到旧图纸，想统一受控发放。", me)
    demands.act(session, me, ended, "demand_end", reason="已经选好服务商")
    over = _published(cast, "质检记录追溯", "客诉来了找不到当时的检验记录。", me)
    over.until = clock.today() - timedelta(days=1)
    over.closes_at = clock.end_of_day(over.until)
    session.flush()
    demands.expire(session, SYSTEM, over.id)
    down = _published(cast, "低价转让旧设备", "搬迁处理一批旧设备，先到先得。", me)
    demands.act(session, cast.officer, down, "demand_take_down", reason="不是数字化改造需求")
