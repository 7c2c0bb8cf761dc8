"""The fields of a provider's profile and of its products: how they are asked and understood."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from marketplace.programmes import money
from marketplace.schemas.import_columns import SIZES
from marketplace.schemas.pool import EARLIEST, ERRORS, LARGEST_ID, LATEST
from marketplace.schemas.texts import WEB_ADDRESS, Lines

Codes = Callable[[str], list[str]]
LISTS = ("tags", "sizes")
"""Widgets with several values in a form."""
PHONE = r"[0-9+() 转-]{5,40}\Z"


@dataclass(frozen=True)
class Field:
    """One field. ``widget``: text, long, lines (one per line), tags or choice of a vocabulary
    ``kind``, sizes, count (whole number), money (asked in 万元, kept in CNY), day, phone, web."""

    name: str
    label: str
    widget: str
    longest: int = 0
    kind: str = ""
    hint: str = ""
    unit: str = ""
    required: bool = False


def _lines(name: str, label: str) -> Field:
    return Field(name, label, "lines", hint="每行一项。")


def _tags(name: str, label: str, kind: str) -> Field:
    return Field(name, label, "tags", kind=kind)


PROVIDER: tuple[Field, ...] = (
    Field("name", "单位名称", "text", 120, hint="与营业执照一致。", required=True),
    Field("short_name", "简称", "text", 40),
    Field("address", "地址", "text", 200),
    Field("headcount", "职工人数", "count", unit="人"),
    Field("local_headcount", "本地服务人数", "count", unit="人"),
    Field("intro", "简介", "long", 2000, hint="写清做什么、为谁做、怎么做。"),
    _lines("strengths", "特色与优势"),
    _tags("service_areas", "服务领域", "service_area"),
    _tags("process_links", "关键环节", "process_link"),
    _lines("qualifications", "资质"),
    _lines("honours", "荣誉"),
    Field("website", "官方网站", "web", 200, hint="以 http:// 或 https:// 开头。"),
    Field("contact_role", "联系岗位", "text", 40, hint="写岗位，不写姓名。"),
    Field("contact_phone", "联系电话", "phone", 40, hint="单位对外电话；公开页只显示一部分。"),
)
PRODUCT: tuple[Field, ...] = (
    Field("name", "产品名称", "text", 80, required=True,
          hint="与软件著作权登记的名称一致，不写版本、价格、电话和“最佳”一类的说法。"),
    Field("release", "版本", "text", 20, hint="例如 V3.0；同一产品的每个版本各登记一条。",
          required=True),
    Field("ip_name", "软件著作权名称", "text", 120, hint="照登记证书填写。"),
    Field("ip_no", "知识产权登记号", "text", 60),
    Field("category", "产品类别", "choice", kind="category", required=True),
    _tags("segments", "适用细分行业", "segment"),
    _tags("process_links", "关键环节", "process_link"),
    _tags("scenes", "业务场景", "scene"),
    Field("summary", "一句话介绍", "text", 200),
    Field("description", "详细介绍", "long", 5000),
    _lines("modules_common", "通用模块"),
    _lines("modules_custom", "可定制模块"),
    _tags("deployment", "部署方式", "deployment"),
    _lines("interfaces", "接口"),
    Field("suited_sizes", "适用企业规模", "sizes"),
    Field("prerequisites", "实施前提", "long", 2000),
    Field("pricing_model", "计价方式", "choice", kind="pricing_model"),
    Field("list_price_cny", "目录价", "money"),
    Field("pilot_price_cny", "试点价（让利）", "money", hint="给试点企业的价格，不高于目录价。"),
    Field("price_unit", "计价单位", "text", 20, hint="例如 套、20用户/年。"),
    Field("annual_fee_cny", "年服务费", "money"),
    Field("price_valid_until", "价格有效期至", "day"),
    Field("typical_days", "典型实施天数", "count", unit="天"),
    Field("on_site_days", "驻场天数", "count", unit="天"),
    Field("after_sales", "售后服务", "text", 200),
)  # fmt: skip
NOTE = "修改说明"
LABELS = {
    "profile": {**{f.name: f.label for f in PROVIDER}, "note": NOTE},
    "product": {**{f.name: f.label for f in PRODUCT}, "note": NOTE},
}
SIZE_NAMES = SIZES


class _Wan(fields.Field[Decimal]):
    """An amount in 万元 as CNY."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Decimal:
        try:
            amount = money.parse(str(value), unit="万元")
        except money.NotMoney as error:
            raise ValidationError(str(error)) from None
        if amount >= 10**12:
            raise ValidationError("金额过大，请核对单位。")
        return Decimal(amount).quantize(Decimal("0.01"))


def _single(field: Field, codes: Codes) -> fields.Field[Any]:
    given: dict[str, Any] = {"error_messages": ERRORS}
    given |= {"required": True} if field.required else {"load_default": _empty(field)}
    if field.widget == "lines":
        return Lines(**given)
    if field.widget in LISTS:
        known = list(SIZES) if field.widget == "sizes" else codes(field.kind)
        one = fields.String(validate=validate.OneOf(known, error="请从列表中选择"))
        return fields.List(one, **given)
    if field.widget == "choice":
        known_one = validate.OneOf(codes(field.kind), error="请从列表中选择")
        return fields.String(validate=known_one, **given)
    if field.widget == "money":
        return _Wan(**given)
    return _plain(field, given)


def _plain(field: Field, given: dict[str, Any]) -> fields.Field[Any]:
    if field.widget == "count":
        errors = {**ERRORS, "invalid": "请填写整数"}
        lowest = 0 if field.unit == "人" else 1
        within = validate.Range(lowest, 1_000_000, error=f"请填写{lowest}到1000000之间的整数")
        return fields.Integer(validate=within, **{**given, "error_messages": errors})
    if field.widget == "day":
        errors = {**ERRORS, "invalid": "请写成 2024-03-01 的样子"}
        plausible = validate.Range(EARLIEST, LATEST, error="日期不在合理范围内")
        return fields.Date(validate=plausible, **{**given, "error_messages": errors})
    checks: list[Any] = [validate.Length(max=field.longest, error=f"不超过{field.longest}字")]
    if field.widget == "web":
        checks.append(validate.Regexp(WEB_ADDRESS, error="请填写 http:// 或 https:// 开头的网址"))
    if field.widget == "phone":
        checks.append(validate.Regexp(PHONE, error="请填写电话号码，例如 0532-00001111"))
    return fields.String(validate=checks, **given)


def _empty(field: Field) -> Any:
    if field.widget in (*LISTS, "lines"):
        return list
    return None if field.widget in ("count", "money", "day") else ""


def form(wanted: Iterable[Field], codes: Codes) -> Schema:
    """The schema of the form; ``codes(kind)`` are the words of a vocabulary."""
    declared: Mapping[str, Any] = {field.name: _single(field, codes) for field in wanted}
    note = fields.String(validate=validate.Length(max=500, error="不超过500字"), load_default="")
    # Nothing stands behind a new product: its version is 0.
    version = fields.Integer(
        required=True, validate=validate.Range(0, LARGEST_ID), error_messages=ERRORS
    )
    return Schema.from_dict({**declared, "note": note, "version": version})()


class StepForm(Schema):
    """One step on a request: the version that was shown, and words where they are wanted."""

    version = fields.Integer(
        required=True, validate=validate.Range(1, LARGEST_ID), error_messages=ERRORS
    )
    reason = fields.String(
        validate=validate.Length(max=2000, error="不超过2000字"), load_default=""
    )


class ConfirmForm(Schema):
    """One click: the profile as it was shown is right."""

    version = fields.Integer(
        required=True, validate=validate.Range(1, LARGEST_ID), error_messages=ERRORS
    )


def plain(value: Any) -> Any:
    """A value as JSON keeps it: amounts as texts of CNY, days as ISO texts."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value


def typed(field: Field, value: Any) -> Any:
    """What ``plain`` made, as the row has it."""
    if value is None or value == "":
        return None if field.widget in ("money", "day", "count") else value
    if field.widget == "money":
        return Decimal(value)
    return date.fromisoformat(value) if field.widget == "day" else value


def shown(field: Field, value: Any) -> Any:
    """A value as the form shows it; lists of codes stay lists."""
    if value is None:
        return ""
    if field.widget == "lines":
        return "\n".join(value)
    if field.widget == "money":
        return f"{(Decimal(value) / 10_000).normalize():f}"
    return value if field.widget in LISTS else str(value)
