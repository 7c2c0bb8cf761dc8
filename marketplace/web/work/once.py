"""Forms of staff take effect once: the hidden key is claimed in the transaction of the effect."""

import functools
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from flask import g, redirect, request
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.models import SubmittedForm
from marketplace.services.forms import submissions
from marketplace.web.access import current_actor
from marketplace.web.forms import CSRF_FIELD, form_data

KEY_FIELD = "form_key"
KEY = re.compile(r"[A-Za-z0-9_-]{16,40}")

View = Callable[..., Response]


def once(view: View) -> View:
    """Answer a repeated form with the first answer's address instead of doing it again.

    The view answers success with a redirect; any other answer rolls back, key included.
    """

    @functools.wraps(view)
    def claimed(*args: Any, **kwargs: Any) -> Response:
        key = request.form.get(KEY_FIELD, "")
        if not KEY.fullmatch(key):
            raise Invalid("表单不完整", remedy="请重新打开页面填写。")
        row, first = submissions.claim(current_session(), current_actor(), key, _digest(kwargs))
        if not first:
            return redirect(row.location or "/work", 303)
        g.submission = row
        response = view(*args, **kwargs)
        if 300 <= response.status_code < 400:
            row.location = response.location or ""
        return response

    return claimed


def submission() -> SubmittedForm:
    """The row of the form being handled; its ``report`` may be filled."""
    row: SubmittedForm = g.submission
    return row


def fields(lists: tuple[str, ...] = ()) -> dict[str, Any]:
    """The sent form without its key."""
    data = form_data(lists)
    data.pop(KEY_FIELD, None)
    return data


def _digest(arguments: dict[str, Any]) -> str:
    sent = sorted(
        (name, value)
        for name, values in request.form.lists()
        for value in values
        if name not in (CSRF_FIELD, KEY_FIELD)
    )
    plain = json.dumps([request.path, sent, sorted(map(str, arguments.values()))])
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
