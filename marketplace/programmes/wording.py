"""Conditions and answers in words that a person reads."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.programmes import conditions, money
from marketplace.programmes.kinds import QuestionType
from marketplace.programmes.questions import Named, Question
from marketplace.programmes.schema import Programme, ProviderType
from marketplace.rules import Condition

NOT_GIVEN = "未填写"
SIGNS = {">=": "不少于", "<=": "不超过", "==": "须为"}


class Words:
    """Wording with one programme's questions (as asked of ``type_``), types and segments."""

    def __init__(self, programme: Programme, type_: str = "") -> None:
        self.questions = {id_: programme.question(id_, type_) for id_ in programme.questions}
        self._add("type", "类型", programme.types)
        self._add("segment", "细分行业", programme.segments)

    def _add(self, id_: str, label: str, named: Iterable[ProviderType | Named]) -> None:
        options = tuple(Named(id=item.id, label=item.label) for item in named)
        self.questions[id_] = Question(
            id=id_, type=QuestionType.CHOICE, label=label, options=options
        )

    def label(self, metric: str) -> str:
        """What the fact is called."""
        return self.questions[metric].label if metric in self.questions else metric

    def value(self, metric: str, value: Any) -> str:
        """One answer: 是, 80家, 10亿元, the labels of chosen options; 未填写 for None."""
        if value is None:
            return NOT_GIVEN
        if isinstance(value, bool):
            return "是" if value else "否"
        question = self.questions.get(metric)
        if isinstance(value, tuple | list | set | frozenset):
            return "、".join(self._option(question, item) for item in value) or "无"
        if isinstance(value, date):
            return f"{value.year}年{value.month}月{value.day}日"
        return self._option(question, value) if isinstance(value, str) else _number(question, value)

    def _option(self, question: Question | None, value: Any) -> str:
        options = question.options if question else ()
        return next((option.label for option in options if option.id == value), str(value))

    def condition(self, test: Condition) -> str:
        """The whole condition in one sentence part, without a full stop."""
        parts = conditions.parts(test)
        if not parts:
            return self._check(test)
        texts = [part.get("label") or self.condition(part) for part in parts]
        if "all_of" in test:
            return "；".join(texts)
        need = conditions.need(test)
        return f"至少满足 {need} 项：{' / '.join(texts)}"

    def _check(self, test: Condition) -> str:
        text = self._threshold(test, test["value"])
        for override in test.get("overrides", ()):
            label = override.get("label") or self._subjects(override)
            text += f"（{label}：{self._bound(test, override['value'])}）"
        return text

    def override(self, test: Condition, override: Mapping[str, Any]) -> str:
        """Whom an override serves and what it asks instead."""
        return f"{self._subjects(override)}，{self._threshold(test, override['value'])}"

    def _subjects(self, override: Mapping[str, Any]) -> str:
        return "且".join(
            f"{self.label(fact)}为“{self._any_of(fact, values)}”"
            for fact, values in override["when"].items()
        )

    def _any_of(self, metric: str, values: Iterable[Any]) -> str:
        return "”或“".join(self.value(metric, value) for value in values)

    def _threshold(self, test: Condition, value: Any) -> str:
        label = self.label(test["metric"])
        if isinstance(value, bool):
            return f"{label}：{'是' if value else '否'}"
        return f"{label}{self._bound(test, value)}"

    def _bound(self, test: Condition, value: Any) -> str:
        shown = self.value(test["metric"], value)
        if test["op"] in SIGNS:
            return f"{SIGNS[test['op']]}{shown}"
        if test["op"] == "includes":
            return f"须包括：{shown}"
        return f"须在以下范围内：{shown}" if test["op"] == "in" else f"至少一项，限于：{shown}"


def _number(question: Question | None, value: int | Decimal) -> str:
    if question is not None and question.type is QuestionType.MONEY:
        return money.show(int(value))
    number = f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
    return f"{number}{question.unit if question else ''}"
