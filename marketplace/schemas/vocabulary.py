"""What the pages of the vocabulary accept."""

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

from marketplace.schemas.accounts import BIGGEST_ID, ListQuery
from marketplace.schemas.names import INVISIBLE, Choice, Form, Line, Whole

BETWEEN = re.compile(r"[\n\r、，,;；]+")
CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
LONGEST_WORD = 60
MOST_WORDS = 40
DIRECTIONS = ("two_way", "one_way")


class Words(fields.String):
    """Several words in one field: one to a line, or with commas between."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs) or ""
        words = [" ".join(part.split()) for part in BETWEEN.split(text)]
        words = [word for word in words if word]
        if any(INVISIBLE.search(word) for word in words):
            raise ValidationError("含有看不见的字符，请重新输入")
        longest = max(words, key=len, default="")
        if len(longest) > LONGEST_WORD:
            raise ValidationError(f"“{longest[:12]}…”太长，每个词最多{LONGEST_WORD}个字")
        if len(words) > MOST_WORDS:
            raise ValidationError(f"最多{MOST_WORDS}个词，现有{len(words)}个")
        return words


class TermForm(Form):
    """One word as it is to be. ``direction`` counts for synonyms only; ``q`` is there to be tried
    and not saved.
    """

    name = Line(120, required=True)
    short_name = Line(40, load_default="")
    aliases = Words(load_default=list)
    direction = Choice(DIRECTIONS, load_default="")
    active = fields.Boolean(load_default=False)
    reason = Line(200, required=True)
    q = Line(100, load_default="")


class EditTermForm(TermForm):
    """With the version it was read at."""

    version = Whole(1, BIGGEST_ID, required=True)


class NewTermForm(TermForm):
    """With the code, which never changes afterwards; synonyms get theirs by themselves."""

    code = fields.String(
        load_default="",
        validate=validate.Regexp(
            CODE, error="2至40个小写英文字母、数字或下划线，以字母开头，如 vision_check"
        ),
    )


class TryForm(EditTermForm):
    """An unsaved form and the words to try it with; what only saving needs may be missing."""

    name = Line(120, load_default="")
    code = fields.String(load_default="")
    reason = Line(200, load_default="")
    version = Whole(1, BIGGEST_ID, load_default=1)


class OfferQuery(Form):
    """Whether the page of a word offers a rebuild."""

    rebuild = fields.Boolean(load_default=False)


class TermQuery(ListQuery):
    """Filters of the list of words, and words to try a search with."""

    state = Choice(["active", "inactive", "edited"], load_default="")
    try_ = Line(100, load_default="", data_key="try")
