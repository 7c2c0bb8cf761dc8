"""What a step of a case needs, and what it does to the hall: guards and effects."""

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock, uscc
from marketplace.models import CaseStudy, CaseVersion
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import CasePhase
from marketplace.services.cases import case_rivals, case_studies, consents
from marketplace.services.files import files
from marketplace.workflow import Data, effect, guard, perform

WANTED = {
    "title": "标题", "segment": "细分行业", "client_name": "案例企业", "client_size": "企业规模",
    "district": "所在区市", "start_on": "开工日期", "finish_on": "验收日期",
    "investment_cny": "投入", "process_links": "关键环节", "background": "企业背景",
    "pains": "改造前的问题", "solution": "解决方案", "metrics": "成效指标",
}  # fmt: skip
"""What a case must say before its client is asked."""


def missing(session: Session, version: CaseVersion) -> list[str]:
    """What is not there yet or cannot be, in words; empty when the case may be sent."""
    content = version.content
    found = [label for name, label in WANTED.items() if not content.get(name)]
    if not uscc.is_valid(content.get("client_uscc", "")):
        found.append("案例企业的统一社会信用代码")
    if any(not row.get("unit") or not row.get("period") for row in content.get("metrics", [])):
        found.append("成效指标的单位和年份")
    if not files.of(session, version, case_studies.LETTER):
        found.append("授权书")
    return found


@guard("case_complete")
def case_complete(session: Session, subject: CaseVersion, actor: Actor, data: Data) -> str | None:
    """Everything that a client is asked about is there."""
    if found := missing(session, subject):
        return f"还没有填写：{'、'.join(found)}"
    own = subject.content["client_uscc"] == subject.provider.organisation.uscc
    return "案例企业不能是本单位自己，请填写客户的代码" if own else None


@guard("case_title_free")
def case_title_free(session: Session, subject: CaseVersion, actor: Actor, data: Data) -> str | None:
    """A provider's cases of one year differ by their titles."""
    finish = subject.content.get("finish_on") or ""
    taken = select(CaseStudy.id).where(
        CaseStudy.provider_id == subject.provider_id, CaseStudy.title == subject.title,
        CaseStudy.year == int(finish[:4] or 0), CaseStudy.id != (subject.case_id or 0),
    )  # fmt: skip
    if session.scalars(taken).first() is None:
        return None
    return "本单位同一年份已有同名案例，请换一个标题"


@guard("case_consented")
def case_consented(session: Session, subject: CaseVersion, actor: Actor, data: Data) -> str | None:
    """The client agreed to exactly this text and these pictures, and still does."""
    given = consents.standing(session, subject)
    if given is None or given.content_sha256 != consents.fingerprint(session, subject):
        return "没有案例企业对这一版的有效授权，不能公开"
    return None


@guard("case_current")
def case_current(session: Session, subject: CaseVersion, actor: Actor, data: Data) -> str | None:
    """The case in the hall is still the one that this version began with."""
    if subject.case_id is None:
        return None
    now = session.scalar(select(CaseStudy.version).where(CaseStudy.id == subject.case_id))
    if now == subject.base_version:
        return None
    return "展厅中的案例在此期间已被修改，请退回服务商核对"


@guard("case_not_twice")
def case_not_twice(session: Session, subject: CaseVersion, actor: Actor, data: Data) -> str | None:
    """What looks like a project that was claimed already needs a word of who checked it."""
    if data.get("reason", "").strip() or not case_rivals.of(session, subject):
        return None
    return "疑似与其他案例为同一项目，请核对并写明结论后再公开"


@effect("case_sent")
def case_sent(session: Session, subject: CaseVersion, actor: Actor, data: Data) -> None:
    """From now on the bureau may know it."""
    subject.sent_at, subject.note = clock.now(), ""


@effect("case_noted")
def case_noted(session: Session, subject: CaseVersion, actor: Actor, data: Data) -> None:
    """The writer sees why on the page of the version."""
    subject.note = data.get("reason", "").strip()


@effect("consents_end")
def consents_end(session: Session, subject: CaseVersion, actor: Actor, data: Data) -> None:
    """Links of a version that was taken back are dead."""
    consents.end(session, subject)


@effect("case_live")
def case_live(session: Session, subject: CaseVersion, actor: Actor, data: Data) -> None:
    """Put the content into the hall; the version shown before makes room."""
    # Nothing is written before all is set: the row is published already and may have no case yet.
    # The version before it makes room first, and reading it would undo changes of the case.
    with session.no_autoflush:
        before = session.scalars(
            select(CaseVersion).where(
                CaseVersion.case_id == subject.case_id, CaseVersion.id != subject.id,
                CaseVersion.phase == CasePhase.PUBLISHED,
            )
        ).one_or_none() if subject.case_id is not None else None  # fmt: skip
        if before is not None:
            perform(session, SYSTEM, before, "case_replace")
        case = _case(session, subject)
        stamp = {"by": actor.role_name, "at": clock.now().isoformat(timespec="seconds")}
        values = columns(subject.content)
        for name, value in values.items():
            setattr(case, name, value)
        case.client_consent = True
        case.edited_fields = {**case.edited_fields, **dict.fromkeys(values, stamp)}
    session.flush()
    subject.base_version = case.version


def _case(session: Session, subject: CaseVersion) -> CaseStudy:
    if subject.case_id is None:
        subject.case = CaseStudy(provider_id=subject.provider_id, edited_fields={})
        return subject.case
    return session.scalars(
        select(CaseStudy)
        .where(CaseStudy.id == subject.case_id)
        .with_for_update(of=CaseStudy)
        .execution_options(populate_existing=True)
    ).one()


def columns(content: case_studies.Content) -> dict[str, object]:
    """Columns of a case for the content of a complete version."""
    start, finish = (date.fromisoformat(content[name]) for name in ("start_on", "finish_on"))
    same = (
        "title", "segment", "district", "client_name", "client_size", "process_links", "scenes",
        "product_names", "background", "pains", "solution", "process_text", "replicability",
        "metrics", "level_before", "level_after",
    )  # fmt: skip
    empty: dict[str, object] = {"level_before": None, "level_after": None}
    lists = ("process_links", "scenes", "product_names", "metrics")
    return {
        **{name: content.get(name, empty.get(name, [] if name in lists else "")) for name in same},
        "client_anonymous": bool(content.get("client_anonymous")),
        "year": finish.year, "start_on": start, "finish_on": finish,
        "days": (finish - start).days + 1,
        "investment_cny": Decimal(content["investment_cny"]),
    }  # fmt: skip


@effect("case_down")
def case_down(session: Session, subject: CaseVersion, actor: Actor, data: Data) -> None:
    """Out of the hall, search and counters; an import does not bring it back."""
    case = _case(session, subject)
    stamp = {"by": actor.role_name, "at": clock.now().isoformat(timespec="seconds")}
    case.client_consent = False
    case.edited_fields = {**case.edited_fields, "client_consent": stamp}
    consents.close(session, subject)
