"""The fields of public texts: what staff may edit, how it is asked, what is accepted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from marketplace.schemas.pool import ERRORS, LARGEST_ID

MOST_LINES = 30
LONGEST_LINE = 200
WEB_ADDRESS = r"(https?://[^\s<>\"']{1,190})?\Z"


@dataclass(frozen=True)
class TextField:
    """One field. ``widget``: text, long, lines (one per line) or tags of a vocabulary ``kind``."""

    name: str
    label: str
    widget: str
    longest: int = 0
    kind: str = ""
    hint: str = ""


def _long(name: str, label: str, longest: int = 5000) -> TextField:
    return TextField(name, label, "long", longest)


def _lines(name: str, label: str) -> TextField:
    return TextField(name, label, "lines", hint="每行一项。")


def _tags(name: str, label: str, kind: str) -> TextField:
    return TextField(name, label, "tags", kind=kind)


PROVIDER = (
    _long("intro", "简介", 2000),
    _lines("strengths", "特色与优势"),
    _tags("service_areas", "服务领域", "service_area"),
    _tags("process_links", "关键环节", "process_link"),
    _lines("qualifications", "资质"),
    _lines("honours", "荣誉"),
    TextField("website", "官方网站", "text", 200, hint="以 http:// 或 https:// 开头。"),
    TextField("contact_role", "联系窗口", "text", 40, hint="写岗位，不写姓名。"),
)
PRODUCT = (
    TextField("summary", "一句话简介", "text", 200),
    _long("description", "产品说明"),
    _tags("segments", "细分行业", "segment"),
    _tags("process_links", "关键环节", "process_link"),
    _tags("scenes", "业务场景", "scene"),
    _lines("modules_common", "共性模块"),
    _lines("modules_custom", "个性模块"),
    _tags("deployment", "部署方式", "deployment"),
    _lines("interfaces", "接口"),
    _long("prerequisites", "实施前提", 2000),
    TextField("after_sales", "售后服务", "text", 200),
    TextField("ip_no", "知识产权编号", "text", 60),
)
CASE = (
    _long("background", "企业背景"),
    _long("pains", "改造前的问题"),
    _long("solution", "解决方案"),
    _long("process_text", "实施过程"),
    _long("replicability", "可复制性"),
    _tags("process_links", "关键环节", "process_link"),
    _tags("scenes", "业务场景", "scene"),
)


class Lines(fields.Field[list[str]]):
    """A text area with one entry per line, as a list."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[str]:
        if not isinstance(value, str):
            raise ValidationError("请每行填写一项")
        found = [line.strip() for line in value.splitlines() if line.strip()]
        if len(found) > MOST_LINES or any(len(line) > LONGEST_LINE for line in found):
            raise ValidationError(f"最多{MOST_LINES}项，每项不超过{LONGEST_LINE}字")
        return found


def _single(field: TextField, codes: Callable[[str], list[str]]) -> fields.Field[Any]:
    if field.widget == "lines":
        return Lines(load_default=list, error_messages=ERRORS)
    if field.widget == "tags":
        known = validate.OneOf(codes(field.kind), error="请从列表中选择")
        return fields.List(fields.String(validate=known), load_default=list)
    checks: list[Any] = [validate.Length(max=field.longest, error=f"不超过{field.longest}字")]
    if field.name == "website":
        checks.append(validate.Regexp(WEB_ADDRESS, error="请填写 http:// 或 https:// 开头的网址"))
    return fields.String(validate=checks, load_default="", error_messages=ERRORS)


def form(wanted: tuple[TextField, ...], codes: Callable[[str], list[str]]) -> Schema:
    """The schema of an edit form; ``codes(kind)`` are the words a tag field may hold."""
    declared: Mapping[str, Any] = {field.name: _single(field, codes) for field in wanted}
    version = fields.Integer(
        required=True, validate=validate.Range(1, LARGEST_ID), error_messages=ERRORS
    )
    reason = fields.String(required=True, validate=validate.Length(max=2000), error_messages=ERRORS)
    return Schema.from_dict({**declared, "version": version, "reason": reason})()
