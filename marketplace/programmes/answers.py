"""Questions of a programme as marshmallow schemas: partial for a draft, full for submission.

The web and the JSON API load the same schema. Unknown fields are refused, choices are option ids.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validates_schema

from marketplace.programmes import parsing
from marketplace.programmes.kinds import QuestionType
from marketplace.programmes.questions import Question, Use
from marketplace.programmes.schema import Programme
from marketplace.rules import holds

REQUIRED = "请填写此项。"


class Answer(fields.Field[Any]):
    """One answer; see ``parsing.parse`` for the types of facts."""

    default_error_messages = {"required": REQUIRED, "null": REQUIRED}  # noqa: RUF012 - marshmallow's

    def __init__(self, question: Question, *, required: bool) -> None:
        super().__init__(required=required)
        self.question = question

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        try:
            return parsing.parse(self.question, value)
        except parsing.BadAnswer as error:
            raise ValidationError(str(error)) from error

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return parsing.stored(value)


class AnswerSchema(Schema):
    """Base of the generated schemas; ``uses`` carries what is required on which condition."""

    uses: tuple[Use, ...] = ()
    others: Mapping[str, Any] = {}
    error_messages = {"unknown": "没有这一项。", "type": "数据格式不对。"}  # noqa: RUF012 - marshmallow's

    class Meta:
        """Nothing that was not asked is stored."""

        unknown = RAISE

    @pre_load
    def drop_blanks(self, data: Any, **_: Any) -> Any:
        """Treat what a form sends for an empty field as not answered."""
        if not isinstance(data, Mapping):
            return data
        return {key: value for key, value in data.items() if not parsing.is_blank(value)}

    @validates_schema(skip_on_field_errors=False)
    def check_conditions(self, data: Mapping[str, Any], **_: Any) -> None:
        """Ask for what became required by other answers."""
        missing = [
            use.use
            for use in self.uses
            if use.required_if
            and use.use not in data
            and holds(use.required_if, {**self.others, **data})
        ]
        if missing:
            raise ValidationError({name: [REQUIRED] for name in missing})


def schema(
    programme: Programme,
    type_: str,
    section: str | None = None,
    *,
    draft: bool = False,
    others: Mapping[str, Any] | None = None,
) -> Schema:
    """The schema of one section (all sections without ``section``) for one provider type.

    A draft may leave anything out. ``others`` are the facts of the sections not loaded here: what
    is required may depend on them. Raises KeyError for a section that does not exist.
    """
    uses = [
        use
        for part in programme.sections
        for use in part.questions
        if section in (None, part.id) and (not use.types or type_ in use.types)
    ]
    if not uses and section not in {part.id for part in programme.sections}:
        raise KeyError(section)
    made = AnswerSchema.from_dict(
        {
            use.use: Answer(
                use.word(programme.questions[use.use]),
                required=not draft and use.required and use.required_if is None,
            )
            for use in uses
        }
    )
    loaded = made()
    loaded.uses = () if draft else tuple(uses)  # type: ignore[attr-defined]
    loaded.others = others or {}  # type: ignore[attr-defined]
    return loaded


def facts(
    questions: Iterable[Question], form: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Facts and error messages by question id from a form's lists of texts (for the pre-check).

    Blank answers are left out: the rules that need them become 需核实.
    """
    found: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for question in questions:
        texts = [text for text in form.get(question.id, ()) if text.strip()]
        if not texts:
            continue
        many = question.type is QuestionType.MULTI_CHOICE
        try:
            found[question.id] = parsing.parse(question, texts if many else texts[0])
        except parsing.BadAnswer as error:
            errors[question.id] = str(error)
    return found, errors
