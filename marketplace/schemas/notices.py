"""Forms of public notices and objections."""

import re
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from marketplace.schemas.choosing import LARGEST_ID, MOST_PAGES, Paragraphs
from marketplace.schemas.names import Choice, Form, Line, Whole

LINE_KEY = re.compile(r"[a-z_]{1,40}:[1-9][0-9]{0,9}")
PHONE = re.compile(r"1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8}(-[0-9]{1,6})?")
LONGEST_FACTS = 5000
NAMED, ANONYMOUS = "named", "anonymous"

NOTICE_LABELS = {
    "round": "批次", "kind": "公示类别", "title": "标题", "document_no": "文号", "text": "正文",
    "lines": "公示名单", "working_days": "公示工作日数", "days": "延长工作日数", "reason": "理由",
    "notice_attachment": "附件", "form": "办理结果",
}  # fmt: skip
OBJECTION_LABELS = {
    "entry_id": "针对哪一项", "facts": "异议内容和事实依据", "how": "提交方式", "name": "姓名",
    "phone": "联系电话", "organisation": "单位", "agree": "确认", "objection_evidence": "证明材料",
    "reason": "理由", "document_no": "文号", "question": "请服务商说明的事项",
    "days": "答复工作日数", "reply": "说明", "objection_reply": "说明材料",
    "contact_reason": "查看原因", "code": "回执号", "form": "办理结果",
}  # fmt: skip


class LineKey(fields.String):
    """One row that may stand on a notice: ``candidacies:12``."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if not LINE_KEY.fullmatch(text) or int(text.partition(":")[2]) > LARGEST_ID:
            raise ValidationError("请从列表中选择")
        return text


class Phone(Line):
    """A mobile or fixed-line number of the mainland."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).replace(" ", "")
        if text and not PHONE.fullmatch(text):
            raise ValidationError("请填写手机号，或带区号的固定电话，如 0532-00000000")
        return text


class NoticesQuery(Form):
    """Which page of a list, in which phase, of which kind."""

    page = Whole(1, MOST_PAGES, load_default=1)
    phase = Line(20, load_default="")
    kind = Line(20, load_default="")
    round = Whole(1, LARGEST_ID)


class NoticeForm(Form):
    """A draft as it is to be. Empty ``lines`` are refused only when it is published."""

    version = Whole(1, LARGEST_ID)
    title = Line(120, required=True)
    document_no = Line(60, load_default="")
    text = Paragraphs(LONGEST_FACTS, load_default="")
    working_days = Whole(1, 60, load_default=None)
    lines = fields.List(LineKey(), load_default=list)


class CorrectForm(Form):
    """Other words for a running notice."""

    version = Whole(1, LARGEST_ID, required=True)
    title = Line(120, required=True)
    text = Paragraphs(LONGEST_FACTS, load_default="")
    reason = Paragraphs(500, load_default="")


class StepForm(Form):
    """One step: the version that was shown, and its grounds."""

    version = Whole(1, LARGEST_ID, required=True)
    reason = Paragraphs(2000, load_default="")
    document_no = Line(60, load_default="")


class ExtendForm(StepForm):
    """How many working days longer."""

    days = Whole(1, 30, required=True)


class AskForm(Form):
    """What the provider is asked, and how long it has."""

    version = Whole(1, LARGEST_ID, required=True)
    question = Paragraphs(2000, load_default="")
    days = Whole(1, 30, required=True)


class ReplyForm(Form):
    """What the provider answers."""

    version = Whole(1, LARGEST_ID, required=True)
    reply = Paragraphs(5000, load_default="")


class UnmaskForm(Form):
    """Why somebody looks at the contact."""

    contact_reason = Paragraphs(500, load_default="")


class ObjectionForm(Form):
    """What a visitor sends; a name and a phone only with ``how`` = named."""

    ticket = fields.String(required=True)
    entry_id = Whole(1, LARGEST_ID, required=True)
    facts = Paragraphs(LONGEST_FACTS, required=True)
    how = Choice((NAMED, ANONYMOUS), required=True)
    name = Line(40, load_default="")
    phone = Phone(20, load_default="")
    organisation = Line(80, load_default="")

    @validates_schema
    def _complete(self, data: dict[str, Any], **kwargs: Any) -> None:
        wrong = {}
        if len(data.get("facts", "")) < 10:
            wrong["facts"] = ["请写清楚事实和依据，至少10个字"]
        if data.get("how") == NAMED:
            for name in ("name", "phone"):
                if not data.get(name):
                    wrong[name] = ["实名提出须填写，只用于核查联系"]
        if wrong:
            raise ValidationError(wrong)


class ReceiptForm(Form):
    """Whose state is asked."""

    code = Line(40, required=True)
