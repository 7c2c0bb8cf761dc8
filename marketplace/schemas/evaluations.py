"""Requests of the pages about evaluations. Unknown fields are refused."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, validate

from marketplace.models.evaluations import CYCLE_KINDS, INTERESTS

ERRORS: dict[str, Any] = {
    "required": "请填写", "invalid": "填写的内容不正确", "null": "请填写",
}  # fmt: skip
INTEGER = {**ERRORS, "invalid": "请填写整数"}
NUMBER = {**ERRORS, "invalid": "请填写数字"}
DAY = {**ERRORS, "invalid": "请写成 2026-06-30 的样子"}
LARGEST_ID = 2**31 - 1

LABELS = {
    "round": "批次", "label": "名称", "kind": "种类", "period_from": "评价期开始",
    "period_until": "评价期结束", "types": "服务商类型", "segments": "细分行业",
    "interest": "利害关系", "note": "说明", "code": "事项", "why": "理由和依据",
    "reason": "答复", "document_no": "依据文号", "indicator": "指标", "points": "更正后得分",
    "text": "异议和理由",
}  # fmt: skip


def _text(longest: int, **given: Any) -> fields.String:
    limit = validate.Length(max=longest, error=f"不超过{longest}字")
    return fields.String(validate=limit, error_messages=ERRORS, **given)


def _version() -> fields.Integer:
    return fields.Integer(required=True, error_messages=ERRORS)


def _day() -> fields.Date:
    plausible = validate.Range(date(2000, 1, 1), date(2100, 12, 31), error="日期不在合理范围内")
    return fields.Date(required=True, validate=plausible, error_messages=DAY)


class OpenForm(Schema):
    """A new cycle."""

    round = fields.Integer(
        required=True, validate=validate.Range(1, LARGEST_ID), error_messages=ERRORS
    )
    label = _text(80, required=True)
    kind = fields.String(load_default="regular", validate=validate.OneOf(CYCLE_KINDS))
    period_from = _day()
    period_until = _day()
    types = fields.List(_text(40), load_default=list)
    segments = fields.List(_text(40), load_default=list)


class CycleQuery(Schema):
    """The query string of the sheets of a cycle."""

    grade = _text(40, load_default="")
    segment = _text(40, load_default="")
    q = _text(100, load_default="")
    page = fields.Integer(validate=validate.Range(1, 500), load_default=1)


class StepForm(Schema):
    """One step of a cycle."""

    version = _version()
    reason = _text(2000, load_default="")
    document_no = _text(60, load_default="")
    incomplete = fields.Boolean(load_default=False)


class DeclareForm(Schema):
    """What an evaluator declares."""

    interest = fields.String(
        required=True, validate=validate.OneOf(INTERESTS, error="请选择一项"),
        error_messages={**ERRORS, "required": "请选择一项"},
    )  # fmt: skip
    note = _text(1000, load_default="")


class AdjustForm(Schema):
    """A bonus, a deduction or a veto, or that it did not happen after all."""

    code = _text(20, required=True)
    happened = fields.Boolean(load_default=False)
    why = _text(1000, load_default="")


class AnswerForm(Schema):
    """The city's answer to an objection, and the points it puts in the place of others."""

    version = _version()
    reason = _text(2000, load_default="")
    indicator = _text(20, load_default="")
    points = fields.Decimal(places=None, load_default=None, allow_nan=False, error_messages=NUMBER)


class ObjectForm(Schema):
    """A provider's objection."""

    indicator = _text(20, load_default="")
    text = _text(2000, load_default="")


class TakeBackForm(Schema):
    """Withdrawing it."""

    version = _version()


def score_form(indicators: Iterable[tuple[str, bool]]) -> Schema:
    """The sheet of one evaluator: for each (id, counts?) the figure and its justification."""
    whole: Mapping[str, Any] = {"load_default": None, "error_messages": INTEGER}
    parts: dict[str, fields.Field[Any]] = {}
    for id_, counts in indicators:
        parts[f"why_{id_}"] = _text(1000, load_default="")
        if counts:
            parts[f"good_{id_}"] = fields.Integer(**whole)
            parts[f"of_{id_}"] = fields.Integer(**whole)
        else:
            parts[f"points_{id_}"] = fields.Decimal(
                load_default=None, allow_nan=False, error_messages=NUMBER
            )
    return Schema.from_dict(parts)()


def decimal(value: Any) -> Decimal | None:
    """A loaded number, None when nothing was typed."""
    return value if isinstance(value, Decimal) else None
