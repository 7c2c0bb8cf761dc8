"""Field types that forms share: names, mail addresses, credit codes, pages, whole numbers."""

import re
import unicodedata
from typing import Any

from marshmallow import Schema, ValidationError, fields

from marketplace import uscc

INVISIBLE = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)
MAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}")
WHOLE = re.compile(r"[+-]?[0-9]{1,15}")


class Form(Schema):
    """What a page sends. Unknown fields are refused (marshmallow's default), in Chinese."""

    error_messages = {"unknown": "表单里有多余的内容"}  # noqa: RUF012  marshmallow reads it


class Line(fields.String):
    """One line of text, NFC, without invisible or direction-changing characters (S63)."""

    def __init__(self, longest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.longest = longest
        self.error_messages["required"] = "请填写"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs) or ""
        if INVISIBLE.search(text):
            raise ValidationError("含有看不见的字符，请重新输入")
        text = unicodedata.normalize("NFC", " ".join(text.split()))
        if self.required and not text:
            raise ValidationError("请填写")
        if len(text) > self.longest:
            raise ValidationError(f"最多{self.longest}个字")
        return text


class Mail(Line):
    """A mail address, folded as logins are stored."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(200, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        folded = unicodedata.normalize("NFKC", text).casefold()
        if not MAIL.fullmatch(folded):
            raise ValidationError("请填写正确的邮箱，如 name@example.cn")
        return folded


class Uscc(Line):
    """A 统一社会信用代码 with a right check digit (GB 32100)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(40, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        code = unicodedata.normalize("NFKC", text).upper().replace(" ", "")
        if not uscc.is_valid(code):
            raise ValidationError("统一社会信用代码不正确，请核对18位代码")
        return code


class Whole(fields.Integer):
    """A whole number as a form sends it; no truth values, no decimals, no endless digits (S62)."""

    def __init__(self, lowest: int, highest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lowest, self.highest = lowest, highest
        self.error_messages["required"] = "请填写"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not WHOLE.fullmatch(str(value)):
            raise ValidationError("应为整数")
        number = int(value)
        if not self.lowest <= number <= self.highest:
            raise ValidationError(f"应在{self.lowest}到{self.highest}之间")
        return number


class Choice(fields.String):
    """One of a closed list of values."""

    def __init__(self, values: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.values = tuple(str(value) for value in values)
        self.error_messages["required"] = "请选择"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text not in self.values:
            raise ValidationError("请选择列表中的一项")
        return str(text)


class Day(fields.Date):
    """A day as ``2026-01-31``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)
        self.error_messages["invalid"] = "请填写正确的日期，如 2026-01-31"
