"""Which tables a row ends in, and how its JSON becomes column values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Table

from marketplace.models import CaseStudy, Organisation, Person, Product, Provider
from marketplace.phases import OrganisationKind
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
    """One table that rows of a sheet are written to; ``name`` is the table's, events use it too.

    ``key``: columns that tell siblings apart; ``decoded``: how staged JSON becomes another type.
    """

    sheet: Sheet
    name: str
    table: Table
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    decoded: tuple[tuple[str, Callable[[Any], Any]], ...]
    index: str = ""
    edited: bool = True

    def values(self, row: Row) -> dict[str, Any]:
        """The column values that the row gives: only those whose column is in the file.

        Staged JSON becomes the database type; None stays None.
        """
        values = {name: row[name] for name in self.columns if name in row}
        for name, decode in self.decoded:
            if values.get(name) is not None:
                values[name] = decode(values[name])
        return values


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
    decoded = tuple(
        (name, DECODERS[column.kind]) for name, column in columns.items() if column.kind in DECODERS
    )
    # A plain text: tables have a kind of their own for their names.
    return Target(sheet, str(table.name), table, columns, sheet.key[1:], decoded, index, edited)


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

GROWN = (OrganisationKind.ENTERPRISE, OrganisationKind.PROVIDER)
"""The one change of kind that an import may make: an enterprise has become a provider."""
CHILDREN = {"products": PRODUCT, "cases": CASE, "people": PERSON}
MASTER_SHEETS = ("organisations", *CHILDREN)
LINK_SHEETS = ("affiliates",)
POOL_SHEETS = ("memberships", "candidacies")

if set(MASTER_SHEETS + LINK_SHEETS + POOL_SHEETS) != set(BY_CODE):
    raise AssertionError("a sheet without a target")
