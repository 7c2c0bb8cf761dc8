"""Rows of the import workbook: marshmallow schemas made from the declaration of the columns.

What comes out is JSON: it is staged as it is and read again when it is applied.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from marshmallow import Schema, ValidationError, fields, validates_schema
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Round, Term
from marketplace.schemas import import_cells as cells
from marketplace.schemas.import_cells import Cell, Words
from marketplace.schemas.import_sheets import Column, Kind, Sheet

Row = dict[str, Any]
Errors = dict[str, list[str]]
Vocabulary = Mapping[str, Words]
"""Words by kind of term; the rounds stand under ``round``."""

ROUND = "round"
REMEMBERED = 1000
"""Different cells of one column whose codes are kept."""
BLANKS: dict[Kind, Callable[[], Any]] = {
    Kind.TEXT: str,
    Kind.NAME: str,
    Kind.LINES: list,
    Kind.TERMS: list,
    Kind.METRICS: list,
    Kind.YES_NO: bool,
}
BLANK_CHOICES = {"applicant_class": "enterprise", "standing": "listed", "pricing_model": "project"}
"""What an empty cell of a drop-down means where the column may not be empty."""
OPTIONAL_TERMS = {"district", "segment"}


def load_vocabulary(session: Session) -> Vocabulary:
    """All words that cells may hold: two queries."""
    shown: dict[str, dict[str, str]] = {}
    more: dict[str, list[tuple[str, str]]] = {}
    terms = select(Term).where(Term.active).order_by(Term.kind, Term.sort, Term.id)
    for term in session.scalars(terms):
        shown.setdefault(term.kind, {})[term.code] = term.name
        aliases = [term.short_name, *term.aliases] if term.short_name else term.aliases
        more.setdefault(term.kind, []).extend((alias, term.code) for alias in aliases)
    words = {kind: Words(found, more[kind]) for kind, found in shown.items()}
    rounds = session.execute(select(Round.key, Round.label).order_by(Round.id))
    words[ROUND] = Words(dict(rounds.all()))
    return words


def words_of(column: Column, vocabulary: Vocabulary) -> Words:
    """What a column with a drop-down understands."""
    if column.choices:
        return Words(column.choices)
    kind = ROUND if column.kind is Kind.ROUND else column.vocabulary
    return vocabulary.get(kind, Words({}))


class CellField(fields.Field[Any]):
    """A field whose converter knows all about one column; given cells are never missing or None."""

    def __init__(self, convert: Callable[[Cell], Any]) -> None:
        super().__init__()
        self.convert = convert

    def deserialize(
        self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any
    ) -> Any:
        return self.convert(value)


class RowSchema(Schema):
    """What all sheets share; required cells are checked with the rest, so that all are named."""

    required_columns: Sequence[str] = ()

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _required(self, data: Row, given: Row, **kwargs: Any) -> None:
        missing = [name for name in self.required_columns if name not in given]
        if missing:
            raise ValidationError({name: ["必填"] for name in missing})

    @validates_schema
    def _agree(self, data: Row, **kwargs: Any) -> None:
        if errors := self.disagreements(data):
            raise ValidationError(dict(errors))

    def disagreements(self, data: Row) -> Errors:
        """What is wrong between the cells of one row, each of which is right by itself."""
        return {}


class OrganisationRow(RowSchema):
    """Only providers have a public profile."""

    PROFILE = (
        "intro", "strengths", "service_areas", "process_links", "qualifications", "honours",
        "local_headcount", "website", "contact_role", "contact_phone",
    )  # fmt: skip

    def disagreements(self, data: Row) -> Errors:
        if data.get("kind") != "provider":
            extra = [name for name in self.PROFILE if name in data]
            if extra:
                return {name: ["只有服务商填写"] for name in extra}
        if not data.get("website", "http://").startswith(("http://", "https://")):
            return {"website": ["应以 http:// 或 https:// 开头"]}
        return {}


class AffiliateRow(RowSchema):
    """A link of two different organisations."""

    def disagreements(self, data: Row) -> Errors:
        if data.get("uscc") == data.get("affiliate_uscc"):
            return {"affiliate_uscc": ["不能与本单位相同"]}
        return {}


class ProductRow(RowSchema):
    """A product; installing it takes at least a day."""

    def disagreements(self, data: Row) -> Errors:
        return {"typical_days": ["不少于1天"]} if data.get("typical_days") == 0 else {}


class CaseRow(RowSchema):
    """A case; it ends after it began."""

    def disagreements(self, data: Row) -> Errors:
        errors = {}
        if data.get("year", 2000) < 2000:
            errors["year"] = ["应在2000至2100之间"]
        if data.get("finish_on", "9999") < data.get("start_on", ""):
            errors["finish_on"] = ["不能早于开工日期"]
        return errors


class MembershipRow(RowSchema):
    """A membership; what is not simply listed needs its grounds."""

    def disagreements(self, data: Row) -> Errors:
        errors = {}
        if data.get("valid_until", "9999") < data.get("listed_on", ""):
            errors["valid_until"] = ["不能早于入池日期"]
        standing = data.get("standing", "listed")
        if standing != "listed" and not data.get("reason"):
            errors["reason"] = ["状态不是“在池”时必填"]
        for name, fits, text in (
            ("exited_on", "exited", "状态是“退出”时才填写"),
            ("rectify_by", "rectifying", "状态是“限期整改”时才填写"),
        ):
            if name in data and standing != fits:
                errors[name] = [text]
            elif data.get(name, "9999") < data.get("listed_on", ""):
                errors[name] = ["不能早于入池日期"]
        if data.get("exited_on", "") > clock.today().isoformat():
            errors.setdefault("exited_on", ["不能晚于今天"])
        return errors


class CandidacyRow(RowSchema):
    """A candidacy."""

    def disagreements(self, data: Row) -> Errors:
        errors = {}
        if data.get("publicity_until", "9999") < data.get("publicity_from", ""):
            errors["publicity_until"] = ["不能早于公示开始"]
        if data.get("rank") == 0:
            errors["rank"] = ["名次从1开始"]
        return errors


BASES: dict[str, type[RowSchema]] = {
    "organisations": OrganisationRow,
    "affiliates": AffiliateRow,
    "products": ProductRow,
    "cases": CaseRow,
    "people": RowSchema,
    "memberships": MembershipRow,
    "candidacies": CandidacyRow,
}


class SheetReader:
    """Turns the cells of one sheet into checked rows. ``present``: fields whose column is there."""

    def __init__(self, sheet: Sheet, present: Sequence[str], vocabulary: Vocabulary) -> None:
        columns = [column for column in sheet.columns if column.name in present]
        self._converters = {column.name: _converter(column, vocabulary) for column in columns}
        made = {name: CellField(convert) for name, convert in self._converters.items()}
        base = BASES[sheet.code]
        # ``from_dict`` keeps the methods of the base but types the result as a plain Schema.
        schema = cast("type[RowSchema]", base.from_dict(dict(made), name=sheet.code))
        self._schema = schema(partial=True)
        self._schema.required_columns = [column.name for column in columns if column.required]
        self._required = frozenset(self._schema.required_columns)
        self._blanks = {column.name: blank(column)() for column in columns}

    def read(self, given: Mapping[str, Cell]) -> tuple[Row, Errors]:
        """The row with blanks filled in, or the errors by field. ``given`` has no empty cells.

        Going through the schema takes three times as long as what it calls, and there are millions
        of cells: a row that is right is found by calling the same functions, a wrong one is given
        to the schema to name all its errors. Rows share their empty lists: they are not changed.
        """
        try:
            data = {name: self._converters[name](cell) for name, cell in given.items()}
        except ValidationError:
            return {}, self._errors(given)
        if not self._required <= data.keys() or self._schema.disagreements(data):
            return {}, self._errors(given)
        return self._blanks | data, {}

    def _errors(self, given: Mapping[str, Cell]) -> Errors:
        try:
            self._schema.load(given)
        except ValidationError as error:
            found: Any = error.messages
            return {str(name): list(texts) for name, texts in found.items()}
        raise AssertionError("a row cannot be wrong and right")


def blank(column: Column) -> Callable[[], Any]:
    """What an empty cell of ``column`` means."""
    if column.name in BLANK_CHOICES:
        default = BLANK_CHOICES[column.name]
        return lambda: default
    if column.kind in (Kind.CHOICE, Kind.TERM) and column.name not in OPTIONAL_TERMS:
        return str
    return BLANKS.get(column.kind, _nothing)


def _nothing() -> None:
    return None


def _converter(column: Column, vocabulary: Vocabulary) -> Callable[[Cell], Any]:
    limit, kind = column.limit, column.kind
    simple: dict[Kind, Callable[[Cell], Any]] = {
        Kind.USCC: cells.credit_code,
        Kind.MONEY: cells.money,
        Kind.SCORE: cells.score,
        Kind.DATE: cells.day,
        Kind.YES_NO: cells.yes_no,
        Kind.METRICS: cells.metrics,
    }
    limited: dict[Kind, Callable[[Cell, int], Any]] = {
        Kind.TEXT: cells.text,
        Kind.NAME: cells.name,
        Kind.LINES: cells.lines,
        Kind.INTEGER: cells.integer,
    }
    if kind in simple:
        return simple[kind]
    if kind in limited:
        convert = limited[kind]
        return lambda value: convert(value, limit)
    words = words_of(column, vocabulary)
    look_up = cells.some_of if kind is Kind.TERMS else cells.one_of
    return _remembering(lambda value: look_up(value, words))


def _remembering(convert: Callable[[Cell], Any]) -> Callable[[Cell], Any]:
    """For columns with few different words: each is looked up once."""
    known = lru_cache(maxsize=REMEMBERED)(convert)
    return lambda value: known(value) if isinstance(value, str) else convert(value)


def describe(sheet: Sheet, errors: Errors) -> str:
    """The errors of one row as people read them: ``产品名称：必填；试点价（元）：“x”不是数字``."""
    headers = {column.name: column.header for column in sheet.columns}
    return "；".join(
        f"{headers.get(name, name)}：{'，'.join(messages)}" for name, messages in errors.items()
    )
