"""Letters about an objection: to who filed it and to the provider; no names of people in them."""

from marketplace.clock import beijing, last_day
from marketplace.errors import NotFound
from marketplace.models import Objection
from marketplace.phases import ObjectionPhase
from marketplace.services.proceedings.official_letters import Letter

ACCEPTANCE, ENQUIRY, DECISION = "acceptance", "enquiry", "decision"
TITLES = {
    ACCEPTANCE: "异议受理告知书", ENQUIRY: "关于请就公示异议作出说明的函",
    DECISION: "异议处理决定告知书",
}  # fmt: skip
DECIDED = {
    ObjectionPhase.UPHELD: "异议成立，该条目已从公示名单中撤下。",
    ObjectionPhase.REJECTED: "异议不成立，该条目按程序办理。",
    ObjectionPhase.REFUSED: "不予受理。",
}


def which(row: Objection) -> list[str]:
    """The letters that can be made of an objection now. A lead gets none: nobody is behind it."""
    found = []
    if row.accepted_at is not None and not row.anonymous:
        found.append(ACCEPTANCE)
    if row.asked_at is not None:
        found.append(ENQUIRY)
    if row.phase in DECIDED and not row.anonymous:
        found.append(DECISION)
    return found


def letter(row: Objection, name: str, sender: str) -> Letter:
    """One of them; ``sender`` is the bureau. Raises NotFound for one that is not due."""
    if name not in which(row):
        raise NotFound("还没有这份文书")
    makers = {ACCEPTANCE: _acceptance, ENQUIRY: _enquiry, DECISION: _decision}
    return makers[name](row, sender)


def _about(row: Objection) -> str:
    return f"《{row.notice.title}》（{row.notice.document_no}）中“{row.entry.name}”"


def _filed(row: Objection) -> str:
    at = beijing(row.filed_at)
    return f"你于{at.year}年{at.month}月{at.day}日对{_about(row)}提出的异议（第{row.id}号）收悉。"


def _acceptance(row: Objection, sender: str) -> Letter:
    return Letter(
        title=TITLES[ACCEPTANCE], addressee="异议人", sender=sender,
        day=beijing(row.accepted_at or row.filed_at).date(),
        paragraphs=[
            f"{_filed(row)}经审查，予以受理。",
            "核查期间，该条目暂缓公布，其余条目按程序办理。处理结果可凭回执号在资源池网站查询。",
        ],
    )  # fmt: skip


def _enquiry(row: Objection, sender: str) -> Letter:
    last = last_day(row.reply_by or row.filed_at)
    return Letter(
        title=TITLES[ENQUIRY], addressee=row.provider.organisation.name, sender=sender,
        day=beijing(row.asked_at or row.filed_at).date(),
        paragraphs=[
            f"在{_about(row)}的公示期内，我局收到异议。请就下列事项作出说明，并附证明材料：",
            *row.question.splitlines(),
            f"请于{last.year}年{last.month}月{last.day}日前在资源池网站提交。逾期不提交的，依据现有材料处理。",
        ],
    )  # fmt: skip


def _decision(row: Objection, sender: str) -> Letter:
    return Letter(
        title=TITLES[DECISION], document_no=row.document_no, addressee="异议人", sender=sender,
        day=beijing(row.decided_at or row.filed_at).date(),
        paragraphs=[
            _filed(row), f"经核查：{row.decision}",
            f"决定：{DECIDED[ObjectionPhase(row.phase)]}",
        ],
    )  # fmt: skip
