"""The summary's second half: what comes after listing."""

from collections.abc import Iterator

from marketplace.phases import RemovalStep
from marketplace.programmes import money
from marketplace.programmes.evaluation import Evaluation
from marketplace.programmes.schema import Programme
from marketplace.programmes.standing import Ban
from marketplace.programmes.summary_parts import Row, Section, row

EVERY = {"year": "每年", "quarter": "每季度", "month": "每月"}


def aftermath_sections(programme: Programme) -> tuple[Section, ...]:
    """Awards, validity, reports, evaluation, exit and the source's gaps."""
    return (
        Section("扶持与奖励", tuple(_awards(programme))),
        Section("有效期、复核与报告", tuple(_validity(programme))),
        Section("动态评价", tuple(_evaluation(programme.evaluation))),
        Section("退出与禁报", tuple(_exit(programme))),
        Section("原文冲突与采用的理解", tuple(_gaps(programme))),
    )


def _awards(programme: Programme) -> Iterator[Row]:
    for award in programme.awards:
        tiers = "，".join(f"{tier.label} {money.show(tier.amount_cny)}" for tier in award.tiers)
        yield row(award, award.label + (f"：{tiers}" if tiers else ""), note=award.detail)


def _validity(programme: Programme) -> Iterator[Row]:
    if programme.validity:
        validity = programme.validity
        years = f"{validity.years} 年" if validity.years else "没有写期限"
        yield row(validity, f"{validity.label}：{years}", note=validity.renewal_window)
    if programme.re_review:
        review = programme.re_review
        text = (
            f"{review.label}：每 {review.every_years} 年一次，提交{'、'.join(review.inputs)}；"
            f"合格{review.on_pass}，不合格{review.on_fail}"
        )
        yield row(review, text)
    for report in programme.reports:
        lead = f"，提前 {report.lead_days} 天报县级汇总" if report.lead_days else ""
        yield row(
            report, f"{report.label}：{EVERY[report.every]}，{'、'.join(report.contents)}{lead}"
        )


def _evaluation(scheme: Evaluation | None) -> Iterator[Row]:
    if scheme is None:
        return
    yield Row(
        "", f"共 {sum(d.points for d in scheme.dimensions)} 分", note=scheme.basis, proposal=True
    )
    for dimension in scheme.dimensions:
        yield Row(dimension.id, f"{dimension.name}：{dimension.points} 分", proposal=True)
        for item in dimension.indicators:
            yield Row(item.id, f"{item.name}：{item.points} 分，{item.formula}", proposal=True)
    for bonus in scheme.bonuses:
        text = f"加分：{bonus.name} {bonus.points} 分（合计最多 {scheme.bonus_cap} 分）"
        yield Row(bonus.id, text, proposal=True)
    for deduction in scheme.deductions:
        yield Row(deduction.id, f"扣分：{deduction.name} {deduction.points} 分", proposal=True)
    yield Row("", f"一票否决：{'、'.join(scheme.vetoes)}", proposal=True)
    for grade in scheme.grades:
        what = "，".join(grade.consequences)
        yield Row("", f"{grade.name}：{grade.min} 分及以上，{what}", proposal=True)
    left = "不计分，其余按比例折算" if scheme.no_data == "left_out" else "的，暂不评级"
    text = f"没有数据的指标{left}；有数据的不足 {scheme.min_points} 分，暂不评级"
    yield Row("", text, proposal=True)
    text = f"草稿征求服务商意见：{scheme.objection_working_days} 个工作日"
    yield Row("", text, proposal=True)
    mend, appeal = scheme.rectification, scheme.appeal
    yield Row("", f"整改：{mend.days} 天，可延长 {mend.extendable_days} 天", proposal=True)
    yield Row(
        "",
        f"申诉：{appeal.window_working_days} 个工作日内提出，"
        f"{appeal.decide_within_working_days} 个工作日内答复",
        proposal=True,
    )


def _exit(programme: Programme) -> Iterator[Row]:
    removal = programme.removal
    text = f"{removal.label}：{'，'.join(removal.steps)}；事由代码 {'、'.join(removal.grounds)}"
    notes = " ".join(part for part in (removal.running_projects, removal.cases) if part)
    yield row(removal, text, note=notes)
    yield from _procedure(programme)
    for ban in programme.bans:
        yield row(ban, f"{ban.label}（{'、'.join(ban.reasons)}）：{_length(ban)}")


def _procedure(programme: Programme) -> Iterator[Row]:
    found = programme.procedures
    if found is None:
        return
    removal = found.removal
    words = {
        RemovalStep.VERIFICATION: "市级查实",
        RemovalStep.HEARING: f"陈述申辩（{removal.hearing_working_days} 个工作日）",
        RemovalStep.DECISION: f"{'、'.join(removal.bureaus)}会签",
        RemovalStep.NOTICE: f"公示 {programme.publicity.working_days} 个工作日",
    }
    steps = "，".join(["提出", *(words[RemovalStep(step)] for step in removal.steps), "公告"])
    yield Row("", f"退出程序：{steps}", note=found.basis, proposal=found.proposal)
    if found.confirm_working_days is not None:
        text = f"否决事由立即暂停，{found.confirm_working_days} 个工作日内由人工确认或者解除"
        yield Row("", text, proposal=True)
    if found.failed_check is not None:
        named = {"warn": "警告", "rectification": "限期整改", "": "不作处理"}
        minor, graver = found.failed_check.without_cause, found.failed_check.with_cause
        text = f"抽查不合格：没有退出事由的{named[minor]}，有退出事由的{named[graver]}"
        yield Row("", text, proposal=True)
    if found.appeal is not None:
        days = found.appeal.window_working_days, found.appeal.decide_within_working_days
        text = f"申诉：{days[0]} 个工作日内提出，{days[1]} 个工作日内答复"
        yield Row("", text, proposal=True)


def _length(ban: Ban) -> str:
    if ban.years is None:
        return f"不得申报，直至{ban.until}"
    if ban.years:
        return f"{ban.years} 年内不得申报"
    return (
        f"不限制再次申报（提前 {ban.notice_days} 天告知）" if ban.notice_days else "不限制再次申报"
    )


def _gaps(programme: Programme) -> Iterator[Row]:
    for gap in programme.conflicts_in_source:
        yield Row(
            "",
            f"{gap.topic}：原文为“{'”“'.join(gap.found)}”，采用：{gap.applied}",
            article="、".join(gap.articles),
            note=gap.reason,
        )
