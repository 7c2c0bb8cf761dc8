"""The form of a case. A draft may be incomplete; what is there must make sense."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from marketplace import uscc
from marketplace.programmes import money
from marketplace.schemas.pool import EARLIEST, ERRORS, LARGEST_ID, LATEST
from marketplace.schemas.texts import Lines

SIZES = {"micro": "微型", "small": "小型", "medium": "中型", "large": "大型"}
LEVELS = {"0": "未达一级", "1": "一级", "2": "二级", "3": "三级", "4": "四级"}
METRIC_PARTS = ("metric", "before", "after", "unit", "period", "measured_by")
LISTS = ("process_links", "scenes")
LABELS: dict[str, str] = {
    "title": "标题", "segment": "细分行业", "client_name": "案例企业",
    "client_uscc": "案例企业的统一社会信用代码", "client_anonymous": "不公开企业名称",
    "client_size": "企业规模", "district": "所在区市", "start_on": "开工日期",
    "finish_on": "验收日期", "investment": "投入（万元）", "process_links": "关键环节",
    "scenes": "业务场景", "product_names": "所用产品", "background": "企业背景",
    "pains": "改造前的问题", "solution": "解决方案", "process_text": "实施过程",
    "replicability": "可复制性", "metrics": "成效指标", "level_before": "改造前水平",
    "level_after": "改造后水平", "case_letter": "授权书", "case_picture": "图片",
    "email": "案例企业联系人邮箱", "reason": "说明", "signer": "姓名", "signer_post": "职务",
    "uscc": "统一社会信用代码", "agrees": "答复",
}  # fmt: skip
TEXTS = ("background", "pains", "solution", "process_text", "replicability")


def _text(longest: int, **given: Any) -> fields.String:
    limit = validate.Length(max=longest, error=f"不超过{longest}字")
    return fields.String(validate=limit, error_messages=ERRORS, **{"load_default": "", **given})


class _Day(fields.Field[str]):
    """A day as ISO text, or nothing."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        try:
            found = date.fromisoformat(str(value))
        except ValueError:
            raise ValidationError("请写成 2024-03-01 的样子") from None
        if not EARLIEST <= found <= LATEST:
            raise ValidationError("日期不在合理范围内")
        return found.isoformat()


class _Wan(fields.Field[str]):
    """An amount in 万元 as a text of CNY."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        try:
            amount = money.parse(str(value), unit="万元")
        except money.NotMoney as error:
            raise ValidationError(str(error)) from None
        if amount >= 10**12:
            raise ValidationError("金额过大，请核对单位。")
        return f"{amount}.00"


class _Code(fields.String):
    """A credit code with a right check digit."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        code = str(value).strip().upper()
        if not uscc.is_valid(code):
            raise ValidationError("代码不正确，请核对18位统一社会信用代码")
        return code


def _one(codes: list[str]) -> fields.String:
    return fields.String(validate=validate.OneOf(codes, error="请从列表中选择"), load_default="")


def _tags(codes: list[str]) -> fields.List[Any]:
    known = validate.OneOf(codes, error="请从列表中选择")
    return fields.List(fields.String(validate=known), load_default=list)


def form(codes: Callable[[str], list[str]], rows: int, *, edits: bool) -> Schema:
    """The schema; ``codes(kind)`` are words of a vocabulary, ``rows`` those for figures."""
    declared: dict[str, Any] = {
        "title": fields.String(
            required=True,
            validate=validate.Length(min=4, max=120, error="4至120个字"),
            error_messages=ERRORS,
        ),
        "segment": _one(codes("segment")),
        "client_name": _text(120),
        "client_uscc": _Code(load_default=""),
        "client_anonymous": fields.Boolean(load_default=False),
        "client_size": _one(list(SIZES)),
        "district": _one(codes("district")),
        "start_on": _Day(load_default=""),
        "finish_on": _Day(load_default=""),
        "investment": _Wan(load_default=""),
        "process_links": _tags(codes("process_link")),
        "scenes": _tags(codes("scene")),
        "product_names": Lines(load_default=list, error_messages=ERRORS),
        "level_before": _one(list(LEVELS)),
        "level_after": _one(list(LEVELS)),
        **{name: _text(5000) for name in TEXTS},
        **{f"m{row}_{part}": _text(60) for row in range(1, rows + 1) for part in METRIC_PARTS},
    }
    if edits:
        declared["version"] = fields.Integer(
            required=True, validate=validate.Range(1, LARGEST_ID), error_messages=ERRORS
        )
    return Schema.from_dict(declared)()


def content(data: Mapping[str, Any], rows: int) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The content of a version from a loaded form, and what does not fit together, by field."""
    errors: dict[str, list[str]] = {}
    plain = {
        name: value
        for name, value in data.items()
        if name not in {"version", "investment"} and not _is_metric(name)
    }
    plain["investment_cny"] = data["investment"]
    for name in ("level_before", "level_after"):
        plain[name] = int(data[name]) if data[name] else None
    if plain["start_on"] and plain["finish_on"] and plain["finish_on"] < plain["start_on"]:
        errors["finish_on"] = ["验收日期不能早于开工日期"]
    plain["metrics"] = []
    for row in range(1, rows + 1):
        given = {part: data[f"m{row}_{part}"] for part in METRIC_PARTS}
        if not any(given.values()):
            continue
        metric, wrong = _metric(given)
        plain["metrics"].append(metric)
        if wrong:
            errors.setdefault("metrics", []).append(f"第{row}行：{wrong}")
    return plain, errors


def _is_metric(name: str) -> bool:
    return name.startswith("m") and name[1:2].isdecimal()


def _metric(given: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    numbers: dict[str, float | str] = {}
    wrong = "" if given["metric"] else "请写明指标名称"
    for part in ("before", "after"):
        try:
            number = Decimal(given[part])
            if not number.is_finite() or abs(number) >= 10**12:
                raise InvalidOperation
            numbers[part] = float(number)
        except InvalidOperation:
            numbers[part] = given[part]
            wrong = wrong or "改造前、改造后请填写数字"
    return {**given, **numbers}, wrong


def shown(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the form for the content of a version."""
    amount = content.get("investment_cny") or ""
    values = {
        name: content.get(name, "")
        for name in ("title", "segment", "client_name", "client_uscc", "client_size", "district",
                     "start_on", "finish_on", *TEXTS)
    }  # fmt: skip
    values["investment"] = f"{Decimal(amount) / 10_000:f}" if amount else ""
    values["client_anonymous"] = "1" if content.get("client_anonymous") else ""
    values["product_names"] = "\n".join(content.get("product_names", []))
    for name in ("level_before", "level_after"):
        values[name] = "" if content.get(name) is None else str(content[name])
    for row, metric in enumerate(content.get("metrics", []), 1):
        for part in METRIC_PARTS:
            value = metric.get(part, "")
            number = isinstance(value, float | int)
            values[f"m{row}_{part}"] = f"{value:g}" if number else str(value)
    return values


class AskForm(Schema):
    """Where the link for consent goes."""

    email = fields.Email(
        required=True, validate=validate.Length(max=200),
        error_messages={**ERRORS, "invalid": "请填写正确的邮箱"},
    )  # fmt: skip
    version = fields.Integer(required=True, error_messages=ERRORS)


class StepForm(Schema):
    """One step: the version that was shown, and words where they are wanted."""

    version = fields.Integer(required=True, error_messages=ERRORS)
    reason = _text(2000)


class AnswerForm(Schema):
    """What a client answers."""

    agrees = fields.String(
        required=True, validate=validate.OneOf(["yes", "no"], error="请选择"),
        error_messages=ERRORS,
    )  # fmt: skip
    uscc = fields.String(required=True, validate=validate.Length(max=40), error_messages=ERRORS)
    signer = fields.String(required=True, validate=validate.Length(max=60), error_messages=ERRORS)
    signer_post = fields.String(
        required=True, validate=validate.Length(max=60), error_messages=ERRORS
    )
    reason = _text(1000)


class WithdrawForm(Schema):
    """A client takes its consent back."""

    uscc = fields.String(required=True, validate=validate.Length(max=40), error_messages=ERRORS)
    reason = fields.String(required=True, validate=validate.Length(max=1000), error_messages=ERRORS)
