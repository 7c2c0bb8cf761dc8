"""Checks of scores and what follows: sums, reasons, references."""

from collections import Counter
from collections.abc import Iterator

from marketplace.programmes.evaluation import ReviewSheet
from marketplace.programmes.evaluation_checks import evaluation_problems
from marketplace.programmes.schema import Programme
from marketplace.programmes.structure import Problem
from marketplace.programmes.workflow_checks import Names


def review_problems(programme: Programme, names: Names) -> Iterator[Problem]:
    """Everything wrong with the intake sheet, the evaluation scheme, removal and bans."""
    if programme.review:
        yield from _sheet_problems(programme, programme.review)
    if programme.evaluation:
        types = frozenset(type_.id for type_ in programme.types)
        yield from evaluation_problems(programme.evaluation, types)
    yield from _reason_problems(programme, names)
    known = {deadline.id for deadline in programme.deadlines}
    for i, report in enumerate(programme.reports):
        if report.deadline and report.deadline not in known:
            yield Problem(
                ("reports", i),
                f"报告 {report.id} 的期限“{report.deadline}”不存在",
                "请先写入 deadlines。",
            )


def _sheet_problems(programme: Programme, sheet: ReviewSheet) -> Iterator[Problem]:
    rules = {rule.id for rule in programme.rules}
    for type_ in programme.types:
        total = sum(criterion.points.get(type_.id, 0) for criterion in sheet.criteria)
        if total != 100:
            yield Problem(
                ("review", "criteria"), f"{type_.label}的评分合计 {total} 分", "请调整为 100 分。"
            )
    for i, criterion in enumerate(sheet.criteria):
        for rule in sorted(set(criterion.reads) - rules):
            yield Problem(("review", "criteria", i), f"没有规则“{rule}”", "请改为已有的规则编号。")


def _reason_problems(programme: Programme, names: Names) -> Iterator[Problem]:
    banned = Counter(reason for ban in programme.bans for reason in ban.reasons)
    for reason, times in banned.items():
        if times > 1:
            yield Problem(("bans",), f"原因 {reason} 归入 {times} 类禁报", "每个原因只归一类。")
    used = set(programme.removal.grounds) | set(banned)
    leaving = (
        {code for step in programme.workflows["standing"].transitions for code in step.reason_codes}
        if "standing" in programme.workflows
        else set()
    )
    for reason in sorted(leaving - set(banned)):
        yield Problem(("bans",), f"退出原因 {reason} 没有归入任何禁报类别", "请在 bans 中列出。")
    if names.exit_reasons is not None:
        for reason in sorted(used - names.exit_reasons):
            yield Problem(
                ("removal",),
                f"没有退出原因“{reason}”",
                "请先写入 config/vocabulary/exit_reasons.yml。",
            )
