"""Which tables a row ends in, and how its JSON becomes column values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Table

from marketplace.models import CaseStudy, Organisation, Person, Product, Provider
from marketplace.schemas.import_columns import (
    BY_CODE,
    CASES,
    ORGANISATIONS,
    PEOPLE,
    PRODUCTS,
)
from marketplace.schemas.import_sheets import Column, Kind, Sheet
from marketplace.schemas.imports import OrganisationRow, Row

DECODERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.DATE: date.fromisoformat,
    Kind.MONEY: Decimal,
    Kind.SCORE: Decimal,
}
PHONE, SEALED_PHONE = "contact_phone", "contact_phone_encrypted"


@dataclass(frozen=True)
class Target:
    """One table that rows of a sheet are written to. ``key``: columns that tell siblings apart."""

    sheet: Sheet
    table: Table
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    index: str = ""
    edited: bool = True

    @property
    def name(self) -> str:
        """The name of the table, which events use as well."""
        return self.table.name

    def values(self, row: Row) -> dict[str, Any]:
        """The column values that the row gives: only those whose column is in the file."""
        return {
            name: decode(column.kind, row[name])
            for name, column in self.columns.items()
            if name in row
        }


def decode(kind: Kind, value: Any) -> Any:
    """A staged JSON value as the database type; None stays None."""
    if value is None or kind not in DECODERS:
        return value
    return DECODERS[kind](value)


def _target(
    sheet: Sheet,
    model: type[Any],
    *,
    only: Callable[[str], bool] = lambda name: True,
    index: str = "",
    edited: bool = True,
) -> Target:
    columns = {column.name: column for column in sheet.columns if only(column.name)}
    table: Table = model.__table__
    return Target(sheet, table, columns, sheet.key[1:], index, edited)


def _of_provider(name: str) -> bool:
    return name in OrganisationRow.PROFILE


def _of_organisation(name: str) -> bool:
    return not _of_provider(name)


def _not_the_unit(name: str) -> bool:
    return name != "uscc"


ORGANISATION = _target(ORGANISATIONS, Organisation, only=_of_organisation, index="organisation")
PROVIDER = _target(ORGANISATIONS, Provider, only=_of_provider, index="provider")
PRODUCT = _target(PRODUCTS, Product, only=_not_the_unit, index="product")
CASE = _target(CASES, CaseStudy, only=_not_the_unit, index="case")
PERSON = _target(PEOPLE, Person, only=_not_the_unit, edited=False)

CHILDREN = {"products": PRODUCT, "cases": CASE, "people": PERSON}
MASTER_SHEETS = ("organisations", *CHILDREN)
LINK_SHEETS = ("affiliates",)
POOL_SHEETS = ("memberships", "candidacies")

if set(MASTER_SHEETS + LINK_SHEETS + POOL_SHEETS) != set(BY_CODE):
    raise AssertionError("a sheet without a target")
