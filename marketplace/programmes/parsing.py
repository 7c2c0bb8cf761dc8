"""One answer from a form (texts) or JSON to its fact, with limits and Chinese messages."""

import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from marketplace.programmes import money
from marketplace.programmes.kinds import QuestionType as Kind
from marketplace.programmes.questions import Question

YES = frozenset({"true", "yes", "1", "是"})
NO = frozenset({"false", "no", "0", "否"})


class BadAnswer(ValueError):
    """The answer does not fit the question; the message says in Chinese what to write."""


def parse(question: Question, value: Any) -> Any:
    """The fact: str, int (yuan for money), Decimal points, bool, date, option id or ids.

    Raises BadAnswer.
    """
    return PARSERS[question.type](question, value)


def _text(question: Question, value: Any) -> str:
    if not isinstance(value, str):
        raise BadAnswer("请填写文字。")
    text = value.strip()
    if question.max is not None and len(text) > question.max:
        raise BadAnswer(f"最多 {question.max} 字，现有 {len(text)} 字。")
    return text


def _integer(question: Question, value: Any) -> int:
    text = _plain(value)
    number = text.removesuffix(question.unit).strip()
    if not number.isascii() or not number.removeprefix("-").isdigit() or len(number) > 12:
        raise BadAnswer("请填写整数。")
    _check_range(question, Decimal(number))
    return int(number)


def _money(question: Question, value: Any) -> int:
    try:
        # A JSON number is yuan, as stored; a text counts in the unit shown beside the field.
        yuan = money.parse(str(value), unit="元" if _is_number(value) else question.unit or "元")
    except money.NotMoney as error:
        raise BadAnswer(str(error)) from error
    _check_range(question, Decimal(yuan))
    return yuan


def _percent(question: Question, value: Any) -> Decimal:
    try:
        points = Decimal(_plain(value).removesuffix("%"))
    except InvalidOperation as error:
        raise BadAnswer("请填写百分数，例如 90 或 92.5。") from error
    if not points.is_finite() or points != points.quantize(Decimal("0.01")):
        raise BadAnswer("请填写百分数，最多两位小数。")
    _check_range(question, points)
    return points


def _yes_no(_: Question, value: Any) -> bool:
    word = str(value).strip().lower()
    if word in YES or word in NO:
        return word in YES
    raise BadAnswer("请选择“是”或“否”。")


def _choice(question: Question, value: Any) -> str:
    if value not in [option.id for option in question.options]:
        raise BadAnswer("请从选项中选择。")
    return str(value)


def _multi_choice(question: Question, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise BadAnswer("请从选项中选择，可以多选。")
    chosen = {_choice(question, item) for item in value}
    return tuple(option.id for option in question.options if option.id in chosen)


def _date(_: Question, value: Any) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(_plain(value))
    except ValueError as error:
        raise BadAnswer("请填写日期，例如 2024-01-31。") from error


PARSERS: Mapping[Kind, Callable[[Question, Any], Any]] = {
    Kind.TEXT: _text,
    Kind.LONG_TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.MONEY: _money,
    Kind.PERCENT: _percent,
    Kind.YES_NO: _yes_no,
    Kind.CHOICE: _choice,
    Kind.MULTI_CHOICE: _multi_choice,
    Kind.DATE: _date,
}


def stored(value: Any) -> Any:
    """The fact as JSON: Decimals and dates as texts, tuples as lists; ``parse`` reads it back."""
    if isinstance(value, Decimal | date):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def is_blank(value: Any) -> bool:
    """Whether nothing was answered (a form sends empty texts)."""
    return value is None or (value.strip() == "" if isinstance(value, str) else value in ([], ()))


def _plain(value: Any) -> str:
    return unicodedata.normalize("NFKC", str(value)).strip().replace(",", "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_range(question: Question, number: Decimal) -> None:
    if question.min is not None and number < question.min:
        raise BadAnswer(f"不能小于 {question.min}。")
    if question.max is not None and number > question.max:
        raise BadAnswer(f"不能大于 {question.max}，请核对。")
