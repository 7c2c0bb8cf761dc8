"""Forms of an enterprise that looks around and chooses: what each page may send."""

import re
import unicodedata
from typing import Any

from marshmallow import ValidationError, fields

from marketplace.models.favourites import KEPT_KINDS
from marketplace.schemas.names import INVISIBLE, Choice, Form, Line, Whole

LARGEST_ID = 2**31 - 1
KEY = re.compile(rf"({'|'.join(KEPT_KINDS)}):([1-9][0-9]{{0,9}})")
BREAKS = str.maketrans("", "", "\r\n\t")
LONGEST_NOTE = 2000
LONGEST_REASON = 500
MOST_PAGES = 100_000


class Paragraphs(fields.String):
    """Text of several lines, NFC, without invisible characters."""

    def __init__(self, longest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.longest = longest
        self.error_messages["required"] = "请填写"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs) or ""
        if INVISIBLE.search(text.translate(BREAKS)):
            raise ValidationError("含有看不见的字符，请重新输入")
        text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").strip())
        if len(text) > self.longest:
            raise ValidationError(f"最多{self.longest}个字")
        return text


class Key(fields.Field[tuple[str, int]]):
    """One provider, product or case: ``provider:12``."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> tuple[str, int]:
        match = KEY.fullmatch(str(value))
        if match is None or int(match[2]) > LARGEST_ID:
            raise ValidationError("请从列表中选择")
        return match[1], int(match[2])


class PageQuery(Form):
    """Which page of a list, and of which kind."""

    page = Whole(1, MOST_PAGES, load_default=1)
    kind = Choice(KEPT_KINDS, load_default="")


class ItemQuery(Form):
    """What a page is asked to keep."""

    item = fields.List(Key(), load_default=list)


class FavouriteForm(Form):
    """Mark something or take the mark away, then go ``back``."""

    add = Key()
    drop = Key()
    back = fields.String(load_default="")


class ShortlistForm(Form):
    """A new list."""

    name = Line(40, required=True)
    note = Paragraphs(LONGEST_NOTE, load_default="")
    item = fields.List(Key(), load_default=list)


class ShortlistEditForm(Form):
    """Its name and note."""

    name = Line(40, required=True)
    note = Paragraphs(LONGEST_NOTE, load_default="")
    version = Whole(1, LARGEST_ID, required=True)


class PutForm(Form):
    """Put something on a list of one's own."""

    shortlist = Whole(1, LARGEST_ID, required=True)
    item = fields.List(Key(), load_default=list)


class NoteForm(Form):
    """What stands beside one thing on a list."""

    note = Line(500, load_default="")


class SearchForm(Form):
    """A search to be kept under a name."""

    name = Line(40, required=True)
    alert = Choice(("1",), load_default="")


class SearchEditForm(SearchForm):
    """Its name, and whether new matches are told."""

    version = Whole(1, LARGEST_ID, required=True)


class SelectionForm(Form):
    """A new selection file."""

    search = Whole(1, LARGEST_ID, required=True)
    title = Line(60, required=True)
    need = Paragraphs(LONGEST_NOTE, load_default="")


class SelectionQuery(Form):
    """From which saved search, or from which the list is made."""

    search = Whole(1, LARGEST_ID)


class GroundsForm(Form):
    """Why something is undone."""

    reason = Line(LONGEST_REASON, required=True)


SAVE, CHOOSE = "save", "choose"


def decision(candidates: list[int]) -> Form:
    """The form of a locked list: a reason for each candidate (``reason_12``), and the choice.

    With ``step`` = ``save`` only the reasons are kept, and ``provider`` and ``because`` may wait.
    """
    declared: dict[str, Any] = {
        f"reason_{id_}": Line(LONGEST_REASON, load_default="") for id_ in candidates
    }
    declared |= {
        "step": Choice((SAVE, CHOOSE), required=True),
        "provider": Whole(1, LARGEST_ID),
        "because": Line(LONGEST_REASON, load_default=""),
        "version": Whole(1, LARGEST_ID, required=True),
    }
    made: Form = Form.from_dict(declared)()  # type: ignore[assignment]
    return made
