"""Requests of the staff pages about the pool. Unknown fields are refused."""

from datetime import date
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from marketplace.phases import CANDIDACY_PHASES, SelectionPhase, StandingPhase

CHAIN_MODES = ("self_led", "ecosystem")
LARGEST_ID = 2**31 - 1
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)

ERRORS: dict[str, Any] = {
    "required": "请填写", "invalid": "填写的内容不正确", "null": "请填写",
}  # fmt: skip


class Sort(StrEnum):
    """Orders the list of memberships may have; ``-`` in front turns one round."""

    NAME = "name"
    LISTED = "listed_on"
    VALID = "valid_until"
    SINCE = "state_since"


def _id(**given: Any) -> fields.Integer:
    known = validate.Range(1, LARGEST_ID, error="编号不正确")
    return fields.Integer(validate=known, **_said(given))


def _code(**given: Any) -> fields.String:
    pattern = validate.Regexp(r"[A-Za-z0-9_.-]{1,40}\Z", error="请从列表中选择")
    return fields.String(validate=pattern, **_said(given))


def _text(longest: int, **given: Any) -> fields.String:
    limit = validate.Length(max=longest, error=f"不超过{longest}字")
    return fields.String(validate=limit, **_said(given))


def _day(**given: Any) -> fields.Date:
    messages = {**ERRORS, "invalid": "请写成 2024-03-01 的样子"}
    plausible = validate.Range(EARLIEST, LATEST, error="日期不在合理范围内")
    return fields.Date(validate=plausible, error_messages=messages, **given)


def _said(given: dict[str, Any]) -> dict[str, Any]:
    return {"error_messages": ERRORS, **given}


def _count(**given: Any) -> fields.Integer:
    messages = {**ERRORS, "invalid": "请填写整数"}
    return fields.Integer(
        validate=validate.Range(0, 100_000, error="请填写0到100000之间的整数"),
        error_messages=messages,
        **given,
    )


class ListQuery(Schema):
    """The query string of the list of memberships and of its export."""

    round = _id()
    quota = _id()
    type = _code(load_default="")
    segment = _code(load_default="")
    district = _code(load_default="")
    phase = fields.List(
        fields.String(validate=validate.OneOf(list(StandingPhase))), load_default=list
    )
    q = _text(100, load_default="")
    ending = fields.Boolean(load_default=False)
    overdue = fields.Boolean(load_default=False)
    sort = fields.String(
        validate=validate.OneOf([*Sort, *(f"-{sort}" for sort in Sort)]), load_default=Sort.NAME
    )
    page = fields.Integer(validate=validate.Range(1, 500), load_default=1)
    per_page = fields.Integer(validate=validate.OneOf([20, 50]), load_default=20)


class BoardQuery(Schema):
    """The query string of pages about one round."""

    round = _id()


class CandidacyQuery(Schema):
    """The query string of the list of candidacies."""

    round = _id()
    quota = _id()
    type = _code(load_default="")
    segment = _code(load_default="")
    phase = fields.String(
        validate=validate.OneOf([p for p in CANDIDACY_PHASES if p != SelectionPhase.CLOSED]),
        load_default="",
    )


class AdmissionQuery(Schema):
    """What the form of an admission is opened with."""

    round = _id()
    provider = _id()
    q = _text(100, load_default="")
    type = _code(load_default="")
    segment = _code(load_default="")
    listed_on = _day()


class AdmissionForm(Schema):
    """The form of an admission."""

    round = _id(required=True)
    provider = _id(required=True)
    type = _code(required=True)
    segment = _code(required=True)
    listed_on = _day(required=True)
    valid_until = _day(load_default=None)
    document_no = _text(60, load_default="")
    chain_mode = fields.String(validate=validate.OneOf(["", *CHAIN_MODES]), load_default="")
    reason = _text(500, load_default="")


class DecisionForm(Schema):
    """The form of one action on one membership."""

    version = _id(required=True)
    reason_code = _code(load_default="")
    reason = _text(2000, load_default="")
    document_no = _text(60, load_default="")
    public_reason = _text(200, load_default="")
    rectify_by = _day(load_default=None)


class BulkQuery(Schema):
    """On which memberships an action is looked at."""

    id = fields.List(
        fields.Integer(validate=validate.Range(1, LARGEST_ID)),
        required=True,
        validate=validate.Length(1, 200, error="请选择1至200项"),
        error_messages={**ERRORS, "required": "请先勾选要办理的项"},
    )


class Versions(fields.Field[dict[int, int]]):
    """``["12:3", …]``: membership id and the version that was shown."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[int, int]:
        try:
            pairs = [text.split(":") for text in value]
            found = {int(id_): int(version) for id_, version in pairs}
        except (ValueError, AttributeError):
            raise ValidationError("所选项目不正确") from None
        if not 1 <= len(found) <= 200 or any(not 0 < id_ <= LARGEST_ID for id_ in found):
            raise ValidationError("请选择1至200项")
        return found


class BulkForm(Schema):
    """The form that carries out a bulk action."""

    item = Versions(required=True, error_messages=ERRORS)
    reason_code = _code(load_default="")
    reason = _text(2000, load_default="")
    document_no = _text(60, load_default="")
    public_reason = _text(200, load_default="")
    rectify_by = _day(load_default=None)


class ListingForm(Schema):
    """The form that lists a candidacy."""

    version = _id(required=True)
    listed_on = _day(required=True)
    valid_until = _day(load_default=None)
    document_no = _text(60, load_default="")
    reason = _text(500, load_default="")
    chain_mode = fields.String(validate=validate.OneOf(["", *CHAIN_MODES]), load_default="")


class CloseForm(Schema):
    """The form that takes a candidacy off the list."""

    reason = _text(2000, required=True)


class QuotaQuery(Schema):
    """The range to look at before it is set; an empty cap means no limit."""

    minimum = _count()
    cap = _count()
    look = fields.Boolean(load_default=False)


class QuotaForm(Schema):
    """The form that changes the range of a cell; an empty cap means no limit."""

    version = _id(required=True)
    minimum = _count(load_default=None)
    cap = _count(load_default=None)
    reason = _text(2000, required=True)
    document_no = _text(60, required=True)


class WaiverForm(Schema):
    """The form that grants a waiver. The rule comes as ``round/rule``."""

    round = _id(required=True)
    provider = _id(required=True)
    rule = _code(required=True)
    segment = _code(load_default="")
    reason = _text(2000, required=True)
    document_no = _text(60, load_default="")


class BanState(StrEnum):
    """Which bans a list shows."""

    ACTIVE = "active"
    LIFTED = "lifted"
    OVER = "over"


class BanQuery(Schema):
    """The query string of the list of bans, and what its form is opened with."""

    round = _id()
    provider = _id()
    q = _text(100, load_default="")
    state = fields.String(validate=validate.OneOf(["", *BanState]), load_default="")
    page = fields.Integer(validate=validate.Range(1, 500), load_default=1)


class BanForm(Schema):
    """The form that bans a firm."""

    round = _id(required=True)
    provider = _id(required=True)
    reason_code = _code(required=True)
    since = _day(required=True)
    reason = _text(2000, load_default="")
    document_no = _text(60, load_default="")


class LiftForm(Schema):
    """The form that lifts a ban."""

    reason = _text(2000, load_default="")
    document_no = _text(60, load_default="")


class HideForm(Schema):
    """The form that hides a public text or shows it again."""

    version = _id(required=True)
    reason = _text(2000, required=True)


class AmendForm(Schema):
    """The form that lets a round follow another text of its programme."""

    version = _id(required=True)
    reason = _text(2000, required=True)
    document_no = _text(60, load_default="")


class SearchQuery(Schema):
    """A list that is only searched and paged."""

    q = _text(100, load_default="")
    page = fields.Integer(validate=validate.Range(1, 500), load_default=1)

    @post_load
    def _strip(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return {**data, "q": data["q"].strip()}
