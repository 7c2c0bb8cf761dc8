"""What the pages for registration, requests for access and teams accept."""

import re
from typing import Any

from marshmallow import ValidationError

from marketplace.schemas.names import Choice, Form, Line, Mail, Uscc, Whole

BIGGEST_ID = 2**31 - 1
PHONE = re.compile(r"1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8}(-[0-9]{1,6})?")
FACTS = ("address", "segment", "headcount")
"""Keys of ``AccessRequest.facts``: what is told of an enterprise beside name and code."""


class Phone(Line):
    """A mobile or fixed number of the mainland, without blanks."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(40, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).replace(" ", "")
        if not PHONE.fullmatch(text):
            raise ValidationError("请填写正确的手机号或带区号的座机号")
        return text


class FinishForm(Form):
    """Name of a new account; the passwords are taken exactly as typed, beside the schema."""

    name = Line(60, required=True)
    agree = Choice(["1"], required=True)


class ContactForm(Form):
    """Who asks."""

    contact_name = Line(60, required=True)
    contact_post = Line(60, load_default="")
    phone = Phone(required=True)


class ClaimForm(ContactForm):
    """Which provider is claimed."""

    uscc = Uscc(required=True)


class NewForm(ClaimForm):
    """A provider that is not registered yet, or an organisation that evaluates."""

    name = Line(120, required=True)
    district = Line(12, load_default="")
    address = Line(200, load_default="")


class RegisterForm(ContactForm):
    """Which enterprise is registered; district and segment are checked against the vocabulary."""

    uscc = Uscc(required=True)
    name = Line(120, required=True)
    district = Line(12, required=True)
    address = Line(200, load_default="")
    segment = Line(40, load_default="")
    headcount = Whole(1, 10_000_000, load_default=None)


class DecisionForm(Form):
    """A decision: the version it was read at and its reason."""

    version = Whole(1, BIGGEST_ID, required=True)
    reason = Line(500, load_default="")


class PhoneForm(Form):
    """Why the whole phone number is wanted."""

    why = Line(200, required=True)


class AnswerForm(DecisionForm):
    """An owner's answer: the place in the team."""

    post = Line(20, load_default="")


class TeamInviteForm(Form):
    """Whom to ask into the team."""

    login = Mail(required=True)
    post = Line(20, required=True)


class PostForm(Form):
    """Another place in the team."""

    post = Line(20, required=True)


class RemoveForm(Form):
    """Why a colleague goes."""

    reason = Line(200, required=True)


class HandOverForm(Form):
    """What one stays as; empty: one leaves."""

    stay_as = Line(20, load_default="")


class EraseForm(Form):
    """One's own address, typed once more."""

    login = Mail(required=True)


class QueueQuery(Form):
    """Which requests, and the page."""

    phase = Line(20, load_default="")
    page = Whole(1, 10_000, load_default=1)


class FindQuery(Form):
    """Part of a provider's name, or its code."""

    q = Line(100, load_default="")
    uscc = Line(40, load_default="")
