"""Questions of the shared bank and their use in the sections of an application form."""

from dataclasses import dataclass, replace

from marketplace.programmes.kinds import QuestionType
from marketplace.rules import Condition


@dataclass(frozen=True, kw_only=True)
class Named:
    """A code and what the notice calls it."""

    id: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """A fact asked for once, in every programme the same; money is in yuan, shares in points."""

    id: str
    type: QuestionType
    label: str
    hint: str = ""
    unit: str = ""
    min: int | None = None
    max: int | None = None
    options: tuple[Named, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Use:
    """One question in a section, with the keys this programme words otherwise."""

    use: str
    label: str | None = None
    hint: str | None = None
    required: bool = True
    required_if: Condition | None = None
    types: tuple[str, ...] = ()

    def word(self, question: Question) -> Question:
        """The bank's question with this use's own wording."""
        return replace(
            question, label=self.label or question.label, hint=self.hint or question.hint
        )


@dataclass(frozen=True, kw_only=True)
class Section(Named):
    """One page of the application form."""

    intro: str = ""
    questions: tuple[Use, ...]
