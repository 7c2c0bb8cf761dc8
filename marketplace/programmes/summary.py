"""A programme in words: the same sections for the command line, the staff page and the public."""

from collections.abc import Iterator
from typing import cast

from marketplace.programmes import conditions, deadlines
from marketplace.programmes.aftermath import aftermath_sections
from marketplace.programmes.kinds import CHECKER_LABELS, SEVERITY_LABELS, QuotaDimension, Severity
from marketplace.programmes.process import Material
from marketplace.programmes.schema import Programme, Quota
from marketplace.programmes.summary_parts import TIERS, Row, Section, row
from marketplace.programmes.wording import Words
from marketplace.rules import Condition

DIMENSIONS = {
    QuotaDimension.TYPE: "类型",
    QuotaDimension.SEGMENT: "细分行业",
    QuotaDimension.CITY: "设区市",
    QuotaDimension.YEAR: "年度",
}


def sections(programme: Programme) -> tuple[Section, ...]:
    """All sections that have something to say, in reading order."""
    words = Words(programme)
    found = (
        Section("文件", tuple(_instrument(programme))),
        Section("申报对象", tuple(_applicants(programme))),
        Section("名额", tuple(_quota(programme, quota) for quota in programme.quotas)),
        Section("条件", tuple(_rules(programme, words))),
        Section("材料", tuple(_material(programme, m, words) for m in programme.materials)),
        Section("期限", tuple(_deadlines(programme))),
        Section("流程", tuple(_process(programme))),
        Section("评审", tuple(_review(programme))),
        *aftermath_sections(programme),
    )
    return tuple(section for section in found if section.rows)


def type_names(programme: Programme, types: tuple[str, ...]) -> tuple[str, ...]:
    """Short names of the types a clause binds; empty when it binds all."""
    if not types:
        return ()
    return tuple(type_.short_label for type_ in programme.types if type_.id in types)


def _instrument(programme: Programme) -> Iterator[Row]:
    paper = programme.instrument
    yield Row("", f"{paper.title}（{paper.number}）")
    yield Row("", f"发文单位：{'、'.join(paper.issued_by)}")
    ends = f"至 {paper.expires_on}" if paper.expires_on else "起，没有写有效期"
    yield Row("", f"施行：{paper.effective_on} {ends}", note=paper.note)
    if paper.basis:
        yield Row("", f"依据：{'；'.join(paper.basis)}")


def _applicants(programme: Programme) -> Iterator[Row]:
    yield Row("", f"单位性质：{'、'.join(item.label for item in programme.applicant_classes)}")
    for type_ in programme.types:
        cases = f"，案例不少于 {type_.cases_min} 项" if type_.cases_min else ""
        yield row(type_, f"{type_.label}{cases}", show_id=False)
    yield Row("", f"方向：{'、'.join(item.label for item in programme.segments)}")
    for region in programme.regions:
        yield Row("", f"{region.label}：{'、'.join(region.districts)}", note=region.note)


def _quota(programme: Programme, quota: Quota) -> Row:
    # One type in the label already says which; only what is counted within it is left to name.
    one_type = len(quota.types) == 1
    by = "×".join(
        DIMENSIONS[dimension]
        for dimension in quota.by
        if not (one_type and dimension is QuotaDimension.TYPE)
    )
    size = f"{quota.min}–{quota.cap}" if quota.min else f"不超过 {quota.cap}"
    text = f"{quota.label}：每个{by} {size} 家"
    tags = (*type_names(programme, quota.types), SEVERITY_LABELS[quota.severity])
    return row(quota, text, tags)


def _rules(programme: Programme, words: Words) -> Iterator[Row]:
    for rule in programme.rules:
        tags = [*type_names(programme, rule.types)]
        if rule.severity is not Severity.HARD:
            tags.append(SEVERITY_LABELS[rule.severity])
        tags += [CHECKER_LABELS[by] for by in rule.by]
        yield row(rule, f"{rule.label}：{words.condition(rule.test)}", tuple(tags))
        for check in conditions.checks(rule.test):
            for override in check.get("overrides", ()):
                yield _part(cast("Condition", override), words.override(check, override))
        for part in conditions.labelled(rule.test):
            yield _part(part, words.condition({**part, "label": ""}))


def _part(part: Condition, text: str) -> Row:
    label = part.get("label", "")
    return Row(
        part.get("id", ""), f"— {label}：{text}", part.get("article", ""), part.get("quote", "")
    )


def _material(programme: Programme, material: Material, words: Words) -> Row:
    extras = [f"{material.count} 份"] if material.count > 1 else []
    if material.paper_copies:
        extras.append(f"纸质一式 {material.paper_copies} 份")
    if material.max_age_days:
        extras.append(f"出具不超过 {material.max_age_days} 天")
    if material.required_if:
        extras.append(f"当{words.condition(material.required_if)}时提交")
    text = material.label + (f"（{'，'.join(extras)}）" if extras else "")
    tags = type_names(programme, material.types) + (() if material.required else ("可选",))
    if material.tier != "applicant":
        offices = {tier.id: tier.office for tier in programme.tiers}
        tags += (f"由{offices.get(material.tier, material.tier)}提交",)
    return row(material, text, tags)


def _deadlines(programme: Programme) -> Iterator[Row]:
    for deadline in programme.deadlines:
        text = f"{deadline.label}：{deadlines.written(deadline)}前"
        yield row(deadline, text, (_tier(programme, deadline.tier),), note=deadline.note)


def _tier(programme: Programme, id_: str) -> str:
    labels = {tier.id: tier.label for tier in programme.tiers}
    return labels.get(id_) or TIERS.get(id_, id_)


def _process(programme: Programme) -> Iterator[Row]:
    visits = {"optional": "，视情况现场核实", "required": "，须实地核查", "none": ""}
    for tier in programme.tiers:
        yield row(tier, f"{tier.label}：{tier.office}{visits[tier.site_visit]}", show_id=False)
    for step in programme.steps:
        yield row(step, step.label, note=step.detail)
    if programme.survey:
        survey = programme.survey
        least = f"不少于 {survey.min_sample} 家" if survey.min_sample else "数量自定"
        methods = f"，方式：{'、'.join(survey.methods)}" if survey.methods else ""
        scale = f"，评价：{'、'.join(survey.scale)}" if survey.scale else ""
        yield row(survey, f"{survey.label}：{least}{methods}{scale}")
    notice = programme.publicity
    length = f"{notice.working_days} 个工作日" if notice.working_days else "天数由主管部门设定"
    yield row(notice, f"{notice.label}：{notice.site}，{length}", note=notice.objection)


def _review(programme: Programme) -> Iterator[Row]:
    sheet = programme.review
    if sheet is None:
        return
    blind = "，独立盲评" if sheet.blind else ""
    yield Row(
        "",
        f"不少于 {sheet.min_reviews} 名专家{blind}，取平均分，合格线 {sheet.pass_mark} 分",
        note=sheet.basis,
        proposal=sheet.proposal,
    )
    yield Row("", f"回避：{'、'.join(sheet.recusal)}", proposal=sheet.proposal)
    for criterion in sheet.criteria:
        points = "，".join(
            f"{type_.short_label} {criterion.points.get(type_.id, 0)} 分"
            for type_ in programme.types
        )
        yield Row(criterion.id, f"{criterion.label}：{points}", proposal=sheet.proposal)
    yield Row("", f"同分：{'、'.join(sheet.ties)}；{sheet.reserve}", proposal=sheet.proposal)
