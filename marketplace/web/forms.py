"""What pages with forms share: reading them, where to go back to, how to show errors."""

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Response, make_response, render_template, request
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import MultiDict

from marketplace.errors import Invalid

FORBIDDEN_IN_PATH = re.compile(r"[\x00-\x20\x7f\\]")
CSRF_FIELD = "csrf_token"
APART = re.compile(r"[a-z][a-z0-9_]{0,29}-(kept|drop|(alt|replace|swap)-\d+)|draft_[a-z]+")
"""Fields of ``web.uploads`` and ``web.drafts``, which read them: no schema knows them."""


def local_path(target: str | None, default: str = "/") -> str:
    """``target`` if it is a path of this site, else ``default`` (S17).

    Browsers read ``/\\evil`` and ``//evil`` as another host and drop tabs and newlines, and some
    proxies decode twice; all of that is refused rather than repaired.
    """
    if not target or len(target) > 2000:
        return default
    for text in (target, unquote(target), unquote(unquote(target))):
        if FORBIDDEN_IN_PATH.search(text) or not text.startswith("/") or text.startswith("//"):
            return default
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else default


def form_data(lists: tuple[str, ...] = (), *, drop: tuple[str, ...] = ()) -> dict[str, Any]:
    """The sent form as a schema takes it: texts stripped, empty ones left out, no token.

    A repeated field counts with its first value unless it is named in ``lists`` (S65). Fields in
    ``drop`` are read elsewhere: passwords are taken exactly as typed.
    """
    data = _plain(request.form, lists)
    return {name: value for name, value in data.items() if name not in drop}


def query_data(lists: tuple[str, ...] = ()) -> dict[str, Any]:
    """The same for the query string; NUL, which PostgreSQL cannot compare with, is left out."""
    return _plain(_without_nul(request.args), lists)


def _without_nul(source: MultiDict[str, str]) -> MultiDict[str, str]:
    pairs = source.items(multi=True)
    return MultiDict((name, value.replace("\x00", "")) for name, value in pairs)


def _plain(source: MultiDict[str, str], lists: tuple[str, ...]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name in source:
        if name == CSRF_FIELD or APART.fullmatch(name):
            continue
        if name in lists:
            data[name] = [value.strip() for value in source.getlist(name) if value.strip()]
        elif source[name].strip():
            data[name] = source[name].strip()
    return data


def load(schema: Schema, data: dict[str, Any]) -> dict[str, Any]:
    """``data`` as the schema understands it. Raises ``Invalid`` with the errors of each field."""
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as error:
        found = error.messages if isinstance(error.messages, dict) else {"form": error.messages}
        raise Invalid(fields=_messages(found)) from None
    return loaded


def _messages(found: dict[str, Any]) -> dict[str, list[str]]:
    return {str(name): list(_flat(texts)) for name, texts in found.items()}


def _flat(texts: Any) -> list[str]:
    if isinstance(texts, dict):
        return [text for part in texts.values() for text in _flat(part)]
    return [str(text) for text in texts] if isinstance(texts, list) else [str(texts)]


def page_again(template: str, error: Invalid, **context: Any) -> Response:
    """The form once more with what was typed and what is wrong with it: status 422."""
    fields = error.fields or {"form": [error.message]}
    values = {name: text for name, text in request.form.items() if "password" not in name}
    response = make_response(render_template(template, errors=fields, values=values, **context))
    response.status_code = 422
    return response
