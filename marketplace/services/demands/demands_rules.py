"""What stands in the way of publishing a demand: guards and effects of ``demand.yml``."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.models import Demand, DemandAnswer, Organisation, Provider
from marketplace.permissions import Actor
from marketplace.phases import DemandPhase
from marketplace.services.inquiries.inquiry_rules import rules
from marketplace.workflow import Data, effect, guard, lives_in

NOUN, ANSWER_NOUN = "demand", "demand_answer"

OF_DEMAND = (joinedload(Demand.organisation),)
OF_ANSWER = (
    joinedload(DemandAnswer.demand).joinedload(Demand.organisation),
    joinedload(DemandAnswer.provider).joinedload(Provider.organisation),
)

lives_in(Demand, NOUN, *OF_DEMAND)
lives_in(DemandAnswer, ANSWER_NOUN, *OF_ANSWER)

MOBILE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
LANDLINE = re.compile(r"(?<!\d)0\d{2,3}\d{7,8}(?!\d)")
MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,200}@[\w-]{1,63}\.[\w.-]{1,200}", re.ASCII)
BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s()·.\-]+(?=\d)")
SUFFIX = re.compile(r"(股份有限公司|有限责任公司|有限公司|集团|公司|厂)$")
SHORTEST_NAME = 3


def open_now(demand: Demand) -> bool:
    """Whether providers may still answer."""
    return demand.phase == DemandPhase.PUBLISHED and demand.closes_at > clock.now()


def telling(demand: Demand, firm: Organisation) -> list[str]:
    """What in the words of a demand would give the enterprise away, as readers are told."""
    return list(_telling(f"{demand.title}\n{demand.text}", firm))


def _telling(words: str, firm: Organisation) -> Iterator[str]:
    plain = unicodedata.normalize("NFKC", words)
    digits = BETWEEN_DIGITS.sub("", plain)
    if MOBILE.search(digits) or LANDLINE.search(digits):
        yield "文字中有电话号码"
    if MAIL.search(plain):
        yield "文字中有邮箱"
    if firm.uscc in plain.upper():
        yield "文字中有统一社会信用代码"
    names = {firm.name, firm.short_name, SUFFIX.sub("", firm.name)}
    if any(len(name) >= SHORTEST_NAME and name in plain for name in names):
        yield "文字中有本企业名称"


@guard("demand_anonymous")
def anonymous(session: Session, subject: Demand, actor: Actor, data: Data) -> str | None:
    """A demand is published without the name of its enterprise: its words must not tell it."""
    found = telling(subject, subject.organisation)
    return f"公开后会暴露企业身份：{'、'.join(found)}，请删去" if found else None


@guard("demand_in_time")
def in_time(session: Session, subject: Demand, actor: Actor, data: Data) -> str | None:
    """Answers need a day that is still to come, and not too far away."""
    if subject.closes_at <= clock.now():
        return "答复截止日已过，请改为以后的日期"
    latest = clock.today() + timedelta(days=rules().longest_days)
    return f"答复截止日最晚到{latest:%Y-%m-%d}" if subject.until > latest else None


@guard("demand_room")
def room(session: Session, subject: Demand, actor: Actor, data: Data) -> str | None:
    """Counted under the lock of the enterprise."""
    number = session.scalar(
        select(func.count())
        .select_from(Demand)
        .where(
            Demand.organisation_id == subject.organisation_id,
            Demand.phase == DemandPhase.PUBLISHED,
        )
    )
    most = rules().demands_open
    return f"同时公开的需求最多{most}条，请先结束一些" if (number or 0) >= most else None


@guard("demand_past_due")
def past_due(session: Session, subject: Demand, actor: Actor, data: Data) -> str | None:
    """Nothing expires before its last day is over."""
    return None if subject.closes_at <= clock.now() else "答复截止日还没有到"


@guard("demand_takes_answers")
def takes_answers(session: Session, subject: DemandAnswer, actor: Actor, data: Data) -> str | None:
    """An answer that was taken back is given again only while the demand is open."""
    return None if open_now(subject.demand) else "这条需求已不再接受答复"


@effect("demand_published")
def published(session: Session, subject: Demand, actor: Actor, data: Data) -> None:
    """Since when the public reads it."""
    subject.published_at, subject.note = clock.now(), ""


@effect("demand_noted")
def noted(session: Session, subject: Demand, actor: Actor, data: Data) -> None:
    """Why it was taken down, or how it ended."""
    subject.note = data.get("reason", "")[:500]


@effect("answer_noted")
def answer_noted(session: Session, subject: DemandAnswer, actor: Actor, data: Data) -> None:
    """What the enterprise says to a provider that it does not choose."""
    subject.note = data.get("reason", "")[:500]
