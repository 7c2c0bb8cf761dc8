"""A programme as the plain values that its pages show, for visitors and for staff."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from marketplace import clock
from marketplace.programmes import conditions, deadlines, summary
from marketplace.programmes.deadlines import CalendarEntry
from marketplace.programmes.kinds import CHECKER_LABELS, SEVERITY_LABELS, QuotaDimension, Severity
from marketplace.programmes.process import Material
from marketplace.programmes.schema import Programme, ProviderType, Quota, Rule
from marketplace.programmes.standing import Ban
from marketplace.programmes.summary_parts import TIERS
from marketplace.programmes.wording import Words
from marketplace.web.context import day, dt, vocabulary

EVERYONE = "所有申报单位"
SOFT = {
    Severity.SOFT: ("info", "info-circle", "原则上，可申请说明"),
    Severity.PREFERENCE: ("neutral", "award", "优先考虑，不是必备"),
}
APPLICANT = "applicant"


def instrument(programme: Programme) -> dict[str, Any]:
    """The notice itself and whether it is still in force."""
    paper = programme.instrument
    ends = f"{day(paper.expires_on)}止" if paper.expires_on else "没有写截止日期"
    over = deadlines.expired(programme, clock.today())
    return {
        "title": paper.title,
        "number": paper.number,
        "issued_by": "、".join(paper.issued_by),
        "signed_on": day(paper.signed_on),
        "force": f"{day(paper.effective_on)}起，{ends}",
        "basis": paper.basis,
        "note": paper.note,
        "expired": over,
        "expires_on": day(paper.expires_on),
        "tag": ("danger", "calendar-x", "已过有效期")
        if over
        else ("ok", "check-circle", "有效期内")
        if paper.expires_on
        else ("neutral", "info-circle", "未规定有效期"),
    }


def types(programme: Programme) -> list[dict[str, Any]]:
    """What can be applied for: conditions on cases and places per cell."""
    return [
        {
            "id": item.id,
            "label": item.label,
            "short": item.short_label,
            "quote": item.quote,
            "article": item.article,
            "cases": _cases(item),
            "places": [
                _places(quota)
                for quota in programme.quotas
                if not quota.types or item.id in quota.types
            ],
        }
        for item in programme.types
    ]


def _cases(type_: ProviderType) -> str:
    if not type_.cases_min:
        return ""
    hall = f"，其中{type_.hall_min}项可在案例展厅展示" if type_.hall_min else ""
    return f"不少于{type_.cases_min}项{hall}"


def _places(quota: Quota) -> str:
    size = f"{quota.min}–{quota.cap}家" if quota.min else f"不超过{quota.cap}家"
    return f"每个{_counted_by(quota)}{size}"


def _counted_by(quota: Quota) -> str:
    one = len(quota.types) == 1  # then the label says which type it is
    by = [each for each in quota.by if not (one and each is QuotaDimension.TYPE)]
    return "、".join(summary.DIMENSIONS[each] for each in by) or "批次"


def quotas(programme: Programme) -> list[dict[str, Any]]:
    """Places by what they are counted by."""
    return [
        {
            "id": quota.id,
            "label": quota.label,
            "places": _places(quota),
            "firm": SEVERITY_LABELS[quota.severity],
            "article": quota.article,
            "quote": quota.quote,
        }
        for quota in programme.quotas
    ]


def calendar(programme: Programme) -> list[dict[str, Any]]:
    """The deadlines as written, and how each stands now by Beijing time."""
    now = clock.now()
    labels = {tier.id: tier.label for tier in programme.tiers}
    return [
        {
            "id": entry.id,
            "label": entry.label,
            "who": labels.get(entry.tier) or TIERS.get(entry.tier, entry.tier),
            "written": f"{entry.written}前",
            "state": deadline_state(entry, now),
            "exact": dt(entry.instant or entry.next_instant),
            "article": entry.article,
            "quote": entry.quote,
            "note": entry.note,
            "proposal": entry.proposal,
        }
        for entry in deadlines.programme_calendar(programme, now)
    ]


def deadline_state(entry: CalendarEntry, now: datetime) -> tuple[str, str, str]:
    """Tone, icon, text. The instant is exclusive: at 24:00 sharp it is over."""
    if entry.instant is None:
        if entry.next_instant is None:
            return "neutral", "clock", "未定"
        last = clock.beijing(entry.next_instant).date()
        return "info", "arrow-repeat", f"下一次{day(last - timedelta(days=1))}"
    if now >= entry.instant:
        return "neutral", "check-lg", "已截止"
    left = (entry.instant - now).days
    return "warn", "hourglass-split", f"剩{left}天" if left else "不足1天"


def rule_groups(programme: Programme) -> list[dict[str, Any]]:
    """Rules under the applicants they bind: first those for everyone."""
    order = _order(programme)
    ordered = sorted(programme.rules, key=lambda rule: order(rule.types))
    return [
        {"heading": heading(programme, names), "rules": [_rule(programme, r) for r in rules]}
        for names, rules in groupby(ordered, key=lambda rule: rule.types)
    ]


def _order(programme: Programme) -> Any:
    place = {type_.id: number for number, type_ in enumerate(programme.types)}

    def order(names: Sequence[str]) -> tuple[int, list[int]]:
        return (-len(names) if names else -len(place) - 1), [place[name] for name in names]

    return order


def heading(programme: Programme, names: Sequence[str]) -> str:
    """Whom a group binds."""
    labels = {type_.id: type_.label for type_ in programme.types}
    return "、".join(labels[name] for name in names) if names else EVERYONE


def _rule(programme: Programme, rule: Rule) -> dict[str, Any]:
    words = Words(programme, rule.types[0] if rule.types else "")
    return {
        "id": rule.id,
        "label": rule.label,
        "quote": rule.quote,
        "checked": words.condition(rule.test),
        "article": rule.article,
        "tag": SOFT.get(rule.severity),
        "by": "、".join(CHECKER_LABELS[by] for by in rule.by),
        "parts": _parts(rule, words),
        "reading": rule.reading,
        "proposal": rule.proposal,
    }


def _parts(rule: Rule, words: Words) -> list[str]:
    """The named alternatives of a rule, and whom it asks less of."""
    named = [
        f"{part['label']}：{words.condition({**part, 'label': ''})}"
        for part in conditions.labelled(rule.test)
    ]
    eased = [
        f"{words.override(check, override)}（放宽）"
        for check in conditions.checks(rule.test)
        for override in check.get("overrides", ())
    ]
    return named + eased


def material_groups(programme: Programme) -> list[dict[str, Any]]:
    """Papers in their binding order under who hands them in."""
    order, words = _order(programme), Words(programme)
    mine = [item for item in programme.materials if item.tier == APPLICANT]
    groups = [
        {"heading": heading(programme, names), "items": [_material(m, words) for m in items]}
        for names, items in groupby(
            sorted(mine, key=lambda item: order(item.types)), key=lambda item: item.types
        )
    ]
    offices = {tier.id: tier.office for tier in programme.tiers}
    for tier in dict.fromkeys(m.tier for m in programme.materials if m.tier != APPLICANT):
        items = [_material(m, words) for m in programme.materials if m.tier == tier]
        groups.append({"heading": f"由{offices.get(tier, tier)}提交", "items": items})
    return groups


def _material(material: Material, words: Words) -> dict[str, Any]:
    facts = [f"{material.count}份"] if material.count > 1 else []
    if material.paper_copies:
        facts.append(f"纸质一式{material.paper_copies}份")
    if material.max_age_days:
        facts.append(f"出具不超过{material.max_age_days}天")
    if material.required_if:
        facts.append(f"{words.condition(material.required_if)}的提交")
    return {
        "id": material.id,
        "label": material.label,
        "facts": "，".join(facts),
        "optional": not material.required,
        "article": material.article,
        "detail": " ".join(text for text in (material.detail, material.reading) if text),
    }


def steps(programme: Programme) -> list[dict[str, str]]:
    """How an application is handled, level by level, and the public notice."""
    found = [
        {"label": tier.label, "text": tier.office, "quote": tier.quote, "article": tier.article}
        for tier in programme.tiers
    ]
    notice = programme.publicity
    length = f"{notice.working_days}个工作日" if notice.working_days else "天数由主管部门确定"
    text = f"{notice.site}，{length}。{notice.objection}"
    found.append(
        {"label": notice.label, "text": text, "quote": notice.quote, "article": notice.article}
    )
    return found


def leaving(programme: Programme) -> dict[str, Any]:
    """Why and how a listed one leaves, and when it may apply again; X codes as words."""
    removal = programme.removal
    return {
        "grounds": _reasons(removal.grounds),
        "steps": removal.steps,
        "running": removal.running_projects,
        "proposal": removal.proposal,
        "article": removal.article,
        "bans": [
            {
                "label": ban.label,
                "reasons": "、".join(_reasons(ban.reasons)),
                "length": _ban(ban),
                "proposal": ban.proposal,
            }
            for ban in programme.bans
        ],
    }


def _reasons(codes: Iterable[str]) -> list[str]:
    return [vocabulary().label("exit_reason", code) for code in codes]


def _ban(ban: Ban) -> str:
    if ban.years is None:
        return f"不得申报，直至{ban.until}"
    if ban.years:
        return f"{ban.years}年内不得申报"
    notice = f"，须提前{ban.notice_days}天告知" if ban.notice_days else ""
    return f"可以再次申报{notice}"
