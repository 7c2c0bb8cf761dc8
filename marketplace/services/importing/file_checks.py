"""Rows against each other and against what is registered: repeated keys, unknown organisations."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from marketplace.bulk import among
from marketplace.models import Organisation
from marketplace.phases import OrganisationKind
from marketplace.schemas.import_cells import fold
from marketplace.schemas.import_columns import BY_CODE
from marketplace.schemas.imports import Row
from marketplace.services.importing.targets import GROWN

T = TypeVar("T")

ORGANISATIONS = cast("Table", Organisation.__table__)
OF_PROVIDERS = ("products", "cases", "people", "memberships", "candidacies")
AFFILIATE = "affiliate_uscc"
UNREADABLE = "?"
"""Kind of an organisation whose own row is wrong: its other rows are not blamed for it."""


class Judged(Protocol):
    """A row as the checks see it."""

    sheet: str
    number: int
    unit: str
    data: Row
    message: str

    def complain(self, message: str) -> None: ...


class FileChecks:
    """Remembers keys and organisations over one file; ``organisations`` is its first sheet."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, tuple[str, ...]], int] = {}
        self._filed: dict[str, str] = {}
        self._stored: dict[str, str] = {}

    def judge(self, session: Session, rows: Sequence[Judged]) -> None:
        """Add what is wrong with these rows to them."""
        self._remember(session, rows)
        for row in rows:
            if not row.message:
                self._repeated(row)
            if not row.message:
                self._organisation(row)

    def _remember(self, session: Session, rows: Sequence[Judged]) -> None:
        for row in rows:
            if row.sheet == "organisations" and row.unit:
                self._filed.setdefault(row.unit, row.data.get("kind", UNREADABLE))
        codes = {row.unit for row in rows} | {row.data.get(AFFILIATE, "") for row in rows}
        codes -= self._stored.keys() | {""}
        if codes:
            of_these = among(session, ORGANISATIONS.c.uscc, sorted(codes))
            known = select(ORGANISATIONS.c.uscc, ORGANISATIONS.c.kind).where(of_these)
            kinds = dict(session.execute(known).all())
            self._stored.update({code: kinds.get(code, "") for code in codes})

    def _repeated(self, row: Judged) -> None:
        key = tuple(fold(str(row.data.get(name, ""))) for name in BY_CODE[row.sheet].key)
        first = self._seen.setdefault((row.sheet, key), row.number)
        if first != row.number:
            row.complain(f"与第{first}行重复")

    def _organisation(self, row: Judged) -> None:
        if row.sheet == "organisations":
            self._kind_change(row)
            return
        for code in filter(None, (row.unit, row.data.get(AFFILIATE))):
            kind = self._filed.get(code) or self._stored[code]
            if not kind:
                row.complain(f"单位 {code} 没有登记，请先在“机构”表中填写")
            elif row.sheet in OF_PROVIDERS and kind not in (OrganisationKind.PROVIDER, UNREADABLE):
                row.complain(f"单位 {code} 不是服务商")

    def _kind_change(self, row: Judged) -> None:
        before, after = self._stored[row.unit], row.data["kind"]
        if before and before != after and (before, after) != GROWN:
            row.complain("单位类别：与已登记的不同，导入不能更改")


def chunked(items: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Parts of a list: databases limit how many values one query may name."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
