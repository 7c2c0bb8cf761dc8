"""Forms of enquiries and demands: what each page may send."""

import re
from collections.abc import Iterable
from typing import Any

from marshmallow import ValidationError, fields

from marketplace.schemas.choosing import LARGEST_ID, Paragraphs
from marketplace.schemas.names import Choice, Day, Form, Line, Whole
from marketplace.schemas.projects import Money

LONGEST_TEXT = 4000
LONGEST_REASON = 500
PHONE = re.compile(r"[0-9+][0-9 \-]{5,19}")

LABELS = {
    "providers": "服务商", "title": "标题", "text": "内容", "reason": "理由", "name": "联系人",
    "phone": "电话", "outcome": "结果", "note": "备注", "segment": "细分行业",
    "process_links": "关键环节", "budget_low": "预算下限", "budget_high": "预算上限",
    "until": "答复截止日", "price": "报价", "days": "工期", "form": "办理",
    "inquiry_file": "附件", "inquiry_post_file": "附件", "demand_answer_file": "附件",
}  # fmt: skip


class Phone(Line):
    """A telephone number as people write it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(20, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not PHONE.fullmatch(text):
            raise ValidationError("请填写正确的电话号码")
        return text


class SendForm(Form):
    """An enquiry to the ticked providers."""

    providers = fields.List(
        Whole(1, LARGEST_ID), required=True, error_messages={"required": "请至少选一家服务商"}
    )
    title = Line(80, required=True)
    text = Paragraphs(LONGEST_TEXT, required=True)


class PostForm(Form):
    """A post in a thread."""

    text = Paragraphs(LONGEST_TEXT, required=True)


class StepForm(Form):
    """A step with the version that was on the screen, and words if there are any."""

    version = Whole(1, LARGEST_ID, required=True)
    reason = Line(LONGEST_REASON, load_default="")


class ContactForm(Form):
    """Whom to call."""

    name = Line(40, required=True)
    phone = Phone(required=True)


class OutcomeForm(Form):
    """What came of an enquiry, for the provider's own team."""

    version = Whole(1, LARGEST_ID, required=True)
    outcome = Choice(("won", "lost"), required=True)
    note = Line(LONGEST_REASON, load_default="")


def demand_form(segments: Iterable[str], process_links: Iterable[str], *, edits: bool) -> Form:
    """A demand; ``edits``: with the version that was on the screen."""
    declared: dict[str, Any] = {
        "title": Line(80, required=True),
        "text": Paragraphs(LONGEST_TEXT, required=True),
        "segment": Choice(segments, required=True),
        "process_links": fields.List(Choice(process_links), load_default=list),
        "budget_low": Money(load_default=None),
        "budget_high": Money(load_default=None),
        "until": Day(required=True, error_messages={"required": "请填写"}),
    }
    if edits:
        declared["version"] = Whole(1, LARGEST_ID, required=True)
    made: Form = Form.from_dict(declared)()  # type: ignore[assignment]
    return made


class OfferForm(Form):
    """What a provider answers to a demand."""

    text = Paragraphs(LONGEST_TEXT, required=True)
    price = Money(load_default=None)
    days = Whole(1, 3650, load_default=None)


class OfferEditForm(OfferForm):
    """The same, said anew."""

    version = Whole(1, LARGEST_ID, required=True)


class InviteForm(Form):
    """Which provider is invited."""

    provider = Whole(1, LARGEST_ID, required=True)
