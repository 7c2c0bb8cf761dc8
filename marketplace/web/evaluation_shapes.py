"""Evaluations as the plain values that templates show; the same for staff and providers."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from marketplace import clock
from marketplace.models import EvaluationCycle, EvaluationSheet, GradeObjection, IndicatorValue
from marketplace.programmes import nouns
from marketplace.programmes.evaluation import Evaluation, Indicator
from marketplace.programmes.indicators import COUNT, COUNTED, MEAN, RATER_LABELS, SOURCES
from marketplace.services.evaluation import formulas, pinned, scoring
from marketplace.web.context import dt, vocabulary
from marketplace.web.work.shapes import tag

KINDS = {"regular": "定期评价", "yearly": "年度评价", "ad_hoc": "专项评价"}
STATES = {"no_data": "暂无数据", "missing": "待评分", "corrected": "已更正", "ok": ""}
INTERESTS = {
    "none": "没有利害关系", "employment": "任职", "shareholding": "持股",
    "contract": "三年内有合同往来",
    "affiliate": "属于同一关联集团", "other": "其他关系",
}  # fmt: skip
TONES = ("ok", "info", "neutral", "danger")
"""Tones of grades from the best to the worst; unrated ones are neutral."""
ICONS = {"ok": "award", "info": "check-circle", "neutral": "dash-circle", "danger": "x-circle"}
PAGES = {
    "work": {"projects": "/work/projects/", "cases": "/cases/", "products": "/products/",
             "reports": "/work/reports/", "complaints": "/work/complaints/",
             "proceedings": "/work/proceedings/"},
    "evaluator": {"cases": "/cases/", "products": "/products/"},
    "p": {"projects": "/p/projects/", "cases": "/cases/", "products": "/products/",
          "reports": "/p/reports/", "complaints": "/p/complaints/",
          "inquiries": "/p/inquiries/", "proceedings": "/p/proceedings/"},
}  # fmt: skip
"""Where a source row can be opened, by who looks and by the word of its page."""


def reason(code: str) -> str:
    """An exit reason in words."""
    return vocabulary().name("exit_reason", code)


def grade_tag(scheme: Evaluation, grade: str) -> dict[str, str] | None:
    """A grade as status_tag takes it: words and icon, never colour alone; None without one."""
    if not grade:
        return None
    order = [item.id for item in scheme.grades]
    place = order.index(grade) if grade in order else -1
    last = len(order) - 1
    tone = "neutral" if place < 0 else "danger" if place == last else TONES[min(place, 2)]
    return {"tone": tone, "icon": ICONS[tone], "label": scoring.label(scheme, grade)}


def state_tag(cycle: EvaluationCycle, *, staff: bool = True) -> dict[str, str]:
    """Where a cycle stands."""
    return tag(nouns.workflow("evaluation_cycle").state(cycle.state), staff=staff)


def objection(row: GradeObjection, scheme: Evaluation, *, staff: bool) -> dict[str, Any]:
    """One objection with its answer."""
    names = {item.id: item.name for item in scoring.indicators_of(scheme)}
    return {
        "id": row.id, "version": row.version, "open": row.phase == "open", "text": row.text,
        "about": names.get(row.indicator, "整份评价"), "indicator": row.indicator,
        "at": dt(row.submitted_at), "answer": row.answer, "answered": dt(row.answered_at),
        "state": tag(nouns.workflow("grade_objection").state(row.state), staff=staff),
    }  # fmt: skip


def period(cycle: EvaluationCycle) -> str:
    """Both days of the period."""
    return f"{cycle.period_from} 至 {cycle.period_until}"


def window(cycle: EvaluationCycle) -> str:
    """The last day on which one may object; empty before the drafts were shown."""
    until = cycle.objections_until
    return f"{clock.last_day(until)} 24:00" if until else ""


def percent(good: int, of: int) -> str:
    """good ÷ of as a percentage with one decimal."""
    return f"{formulas.half_up(Fraction(good, of) * 100)}%" if of else ""


def reckoning(scheme: Evaluation, item: Indicator, type_: str, line: Mapping[str, Any]) -> str:
    """How the points of one line came about, in numbers."""
    good, of, n = line["numerator"], line["denominator"], line["n"]
    if line["state"] == scoring.CORRECTED:
        return "异议成立，由市级更正"
    if line["points"] is None:
        return _without(scheme, item, line)
    if item.by not in COUNTED and good is None:
        return f"{line['raters']}人评分的平均" if item.by == "expert" else "评分"
    kind = SOURCES[item.source].kind if item.source else ""
    if kind == MEAN:
        return f"平均{formulas.half_up(Fraction(good, of), 2)}分，{n}份评价"
    if kind == COUNT:
        target = formulas.target_of(item, type_) if item.target else None
        return f"{good}，目标{target}" if target is not None else f"{good}起"
    return f"{good} ÷ {of} = {percent(good, of)}"


def _without(scheme: Evaluation, item: Indicator, line: Mapping[str, Any]) -> str:
    if line["state"] == scoring.MISSING and item.by == "expert":
        return f"已有{line['raters']}位专家评分，需要{scheme.min_experts}位"
    if item.min_ratings and line["n"]:
        return f"评价{line['n']}份，少于{item.min_ratings}份"
    return ""


def dimensions(
    sheet: EvaluationSheet, values: Iterable[IndicatorValue], audience: str, *, names: bool
) -> list[dict[str, Any]]:
    """The sheet by dimensions, each indicator opening to its rows and to who said what.

    ``names``: whether evaluators are named (staff); providers read their words only.
    """
    scheme = pinned.scheme_of(sheet.cycle)
    kept: dict[str, list[IndicatorValue]] = {}
    for value in values:
        kept.setdefault(value.indicator, []).append(value)
    lines = {line["id"]: line for line in sheet.result.get("lines", [])}
    found = []
    for part in scheme.dimensions:
        rows = [
            _indicator(sheet, scheme, item, lines[item.id], kept.get(item.id, []), audience, names)
            for item in part.indicators
            if item.id in lines
        ]
        sums = [Decimal(row["points"]) for row in rows if row["points"]]
        total = str(sum(sums)) if sums else ""
        found.append({
            "id": part.id, "name": part.name, "of": part.points, "points": total, "rows": rows,
        })  # fmt: skip
    return found


def _indicator(
    sheet: EvaluationSheet, scheme: Evaluation, item: Indicator, line: Mapping[str, Any],
    values: Sequence[IndicatorValue], audience: str, names: bool,
) -> dict[str, Any]:  # fmt: skip
    judged = [value for value in values if value.rater not in COUNTED]
    return {
        "id": item.id, "name": item.name, "by": RATER_LABELS[item.by], "formula": item.formula,
        "points": line["points"] or "", "of": item.points, "n": line["n"],
        "state": STATES[line["state"]], "apart": line["apart"],
        "how": reckoning(scheme, item, sheet.type, line),
        "source": SOURCES[item.source].label if item.source else "",
        "rows": [row_of(row, audience) for value in values for row in value.sources],
        "said": [_said(value, item, names) for value in judged],
    }  # fmt: skip


def _said(value: IndicatorValue, item: Indicator, names: bool) -> dict[str, str]:
    who = RATER_LABELS[value.rater] + (f" {value.evaluator_name}" if names else "")
    gave = f"{value.points}分" if value.points is not None else (
        f"{value.numerator} ÷ {value.denominator}"
    )  # fmt: skip
    return {"who": who, "gave": gave, "why": value.justification, "at": dt(value.updated_at)}


def row_of(row: Mapping[str, Any], audience: str) -> dict[str, Any]:
    """One frozen source row with a link to what it was, where the reader has one."""
    word, _, id_ = row["page"].partition("/")
    base = PAGES[audience].get(word)
    if not row["counts"]:
        mark = "不计入"
    elif row["of"] != 1:
        mark = f"{row['good']} ÷ {row['of']}"
    else:
        mark = "符合" if row["good"] else "不符合"
    return {"text": row["text"], "note": row["note"], "mark": mark,
            "url": f"{base}{id_}" if base else ""}  # fmt: skip


def summary(sheet: EvaluationSheet) -> list[tuple[str, str]]:
    """From the sum of the lines to the score, step by step."""
    result = sheet.result
    if not result:
        return []
    scheme = pinned.scheme_of(sheet.cycle)
    available = result["available"]
    steps = [("有数据的指标", f"{available} 分")]
    whole = "指标得分" if available == scoring.WHOLE else f"指标得分（按{available}分折算为100分）"
    steps.append((whole, f"{result['base']} 分"))
    names = {item.id: item.name for item in (*scheme.bonuses, *scheme.deductions)}
    if result["bonus"]:
        steps.append((f"加分（最多{scheme.bonus_cap}分）", f"+{result['bonus']} 分"))
    if result["deduction"]:
        steps.append(("扣分", f"−{result['deduction']} 分"))
    if result["adjusted"]:
        steps.append(("加分和扣分事项", "、".join(names[id_] for id_ in result["adjusted"])))
    if result["vetoes"]:
        steps.append(("一票否决", "、".join(result["vetoes"])))
    score = "暂不评级：" + result["why"] if result["why"] else f"{sheet.score} 分"
    return [*steps, ("总分（四舍五入到一位小数）", score)]
