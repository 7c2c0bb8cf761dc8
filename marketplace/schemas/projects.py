"""Forms of projects as data: which fields a page asks for, and the schema that reads them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from marketplace import uscc
from marketplace.phases import ProjectPhase
from marketplace.programmes import money
from marketplace.schemas.pool import EARLIEST, ERRORS, LARGEST_ID, LATEST
from marketplace.schemas.texts import Lines

MOST_STAGES = 20
MOST_METRICS = 10
DAY_ERRORS = {**ERRORS, "invalid": "请写成 2024-03-01 的样子"}


@dataclass(frozen=True)
class Field:
    """One field. ``widget``: text, area, lines, stages, firms, metrics, day, money, code, choice
    (drop-down), radio, upload. ``value``: what it shows first."""

    name: str
    label: str
    widget: str = "text"
    required: bool = True
    hint: str = ""
    longest: int = 200
    options: Sequence[tuple[str, str]] = field(default=())
    value: str = ""


class Money(fields.Field[Decimal]):
    """An amount in 万元, as CNY."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Decimal:
        try:
            found = money.parse(str(value), unit="万元")
        except money.NotMoney as error:
            raise ValidationError(str(error)) from None
        if found >= 10**11:
            raise ValidationError("金额过大，请核对单位。")
        return Decimal(found)


def parts(line: str) -> list[str]:
    """One line of a text area, cut at commas of either kind."""
    return [piece.strip() for piece in line.replace("，", ",").replace("；", ",").split(",")]


class Stages(Lines):
    """Milestones, one a line: name, and the day it is due, if there is one."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        lines = super()._deserialize(value, attr, data, **kwargs)
        if len(lines) > MOST_STAGES:
            raise ValidationError(f"最多{MOST_STAGES}项")
        return tuple(self._one(line) for line in lines)

    def _one(self, line: str) -> tuple[str, date | None]:
        name, *rest = parts(line)
        if not name or len(name) > 120 or len(rest) > 1:
            raise ValidationError(f"“{line[:40]}”请写成：名称，日期")
        if not rest:
            return name, None
        try:
            due = date.fromisoformat(rest[0])
        except ValueError:
            raise ValidationError(f"“{rest[0][:20]}”请写成 2024-03-01 的样子") from None
        if not EARLIEST <= due <= LATEST:
            raise ValidationError("日期不在合理范围内")
        return name, due


class Firms(Lines):
    """Subcontractors, one a line: name and credit code."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        return [self._one(line) for line in super()._deserialize(value, attr, data, **kwargs)]

    def _one(self, line: str) -> dict[str, str]:
        pieces = parts(line)
        if len(pieces) != 2 or not pieces[0] or not uscc.is_valid(pieces[1].upper()):
            raise ValidationError(f"“{line[:40]}”请写成：单位名称，统一社会信用代码")
        return {"name": pieces[0], "uscc": pieces[1].upper()}


class Metrics(Lines):
    """Agreed metrics, one a line: name, unit, value before, target."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        lines = super()._deserialize(value, attr, data, **kwargs)
        if len(lines) > MOST_METRICS:
            raise ValidationError(f"最多{MOST_METRICS}项")
        return tuple(self._one(line) for line in lines)

    def _one(self, line: str) -> dict[str, Any]:
        pieces = parts(line)
        if len(pieces) != 4 or not all(pieces) or any(len(piece) > 40 for piece in pieces):
            raise ValidationError(f"“{line[:40]}”请写成：指标，单位，改造前，目标")
        name, unit, before, target = pieces
        return {"name": name, "unit": unit, "before": before, "target": target, "after": "",
                "met": False}  # fmt: skip


class Code(fields.String):
    """A credit code; small letters are taken as capital ones."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        found = str(super()._deserialize(value, attr, data, **kwargs)).upper()
        if not uscc.is_valid(found):
            raise ValidationError("代码不正确，请核对18位统一社会信用代码")
        return found


_EMPTY = {"money": None, "day": None}
LISTS: dict[str, type[Lines]] = {
    "lines": Lines,
    "stages": Stages,
    "firms": Firms,
    "metrics": Metrics,
}


def _single(item: Field) -> fields.Field[Any]:
    given: dict[str, Any] = {"required": item.required, "error_messages": ERRORS}
    if not item.required:
        given["load_default"] = list if item.widget in LISTS else _EMPTY.get(item.widget, "")
    if item.widget in LISTS:
        return LISTS[item.widget](**given)
    if item.widget == "money":
        return Money(**given)
    if item.widget == "day":
        plausible = validate.Range(EARLIEST, LATEST, error="日期不在合理范围内")
        return fields.Date(validate=plausible, **{**given, "error_messages": DAY_ERRORS})
    if item.widget == "code":
        return Code(**given)
    checks: list[Any] = [validate.Length(max=item.longest, error=f"不超过{item.longest}字")]
    if item.widget in ("choice", "radio"):
        known = [value for value, _ in item.options]
        checks = [validate.OneOf(known if item.required else ["", *known], error="请从列表中选择")]
    return fields.String(validate=checks, **given)


def form(asked: Iterable[Field], *, versioned: bool = True) -> Schema:
    """The schema of a page that asks for these fields; unknown ones are refused."""
    declared: dict[str, Any] = {
        item.name: _single(item) for item in asked if item.widget != "upload"
    }
    if versioned:
        declared["version"] = fields.Integer(
            required=True, validate=validate.Range(1, LARGEST_ID), error_messages=ERRORS
        )
    return Schema.from_dict(declared)()


class ListQuery(Schema):
    """Conditions of a list of projects."""

    phase = fields.String(validate=validate.OneOf(["", *ProjectPhase]), load_default="")
    q = fields.String(validate=validate.Length(max=100), load_default="")
    page = fields.Integer(validate=validate.Range(1, 500), load_default=1)


class PageQuery(Schema):
    """Which page of a list."""

    page = fields.Integer(validate=validate.Range(1, 500), load_default=1)
