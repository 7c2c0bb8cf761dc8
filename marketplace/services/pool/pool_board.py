"""The pool board (资源池看板): places of a round by cell, for staff and for the public.

A cell counts what lists and search count: ``listed`` are the memberships in public phases. The
public board holds neither undisclosed decisions nor the reserve list.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.models import Candidacy, Membership, Quota, Round
from marketplace.phases import PUBLIC_PHASES, SelectionPhase, StandingPhase
from marketplace.programmes.schema import Programme

Counts = Mapping[tuple[int, str], int]


@dataclass(frozen=True)
class CellState:
    """How a cell stands, as text, icon and tone together."""

    tone: str
    icon: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell. ``used`` are all places taken (``listed`` + ``suspended``), ``held`` reserved ones.

    ``decided`` and ``reserve`` are None on the public board, where ``held`` is what is in notice.
    ``dims`` are the values the programme counts by: type, segment, city, year.
    """

    quota_id: int
    label: str
    dims: Mapping[str, str]
    minimum: int | None
    cap: int | None
    used: int
    held: int
    listed: int
    suspended: int
    in_notice: int
    decided: int | None
    reserve: int | None

    @property
    def state(self) -> CellState:
        """缺n, 正常, 已满, 超额 or 不限名额."""
        taken = self.used + self.held
        if self.cap is not None and taken > self.cap:
            return CellState("danger", "exclamation-triangle", f"超额{taken - self.cap}")
        if self.minimum and self.used < self.minimum:
            return CellState("warn", "exclamation-triangle", f"缺{self.minimum - self.used}")
        if self.cap is None:
            return CellState("neutral", "dash-circle", "不限名额")
        if taken == self.cap:
            return CellState("info", "check-circle-fill", "已满")
        return CellState("ok", "check-circle", "正常")

    @property
    def below_minimum(self) -> int:
        """How many are missing to the minimum."""
        return max(0, (self.minimum or 0) - self.used)

    @property
    def range_text(self) -> str:
        """``3–6``, or 不限."""
        return "不限" if self.cap is None else f"{self.minimum or 0}–{self.cap}"


@dataclass(frozen=True)
class Head:
    """A column: what it is called, its range if all its cells share one, and its total."""

    label: str
    range: str
    total: int


@dataclass(frozen=True)
class Line:
    """A row of cells; ``segment`` is "" where rows are not segments."""

    label: str
    segment: str
    cells: tuple[Cell, ...]

    @property
    def total(self) -> int:
        """Listed in this row."""
        return sum(cell.listed for cell in self.cells)


@dataclass(frozen=True)
class Board:
    """All cells of a round, laid out as its programme counts. ``axis`` names the rows."""

    round: Round
    axis: str
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell, row by row."""
        return tuple(cell for line in self.lines for cell in line.cells)

    @property
    def total(self) -> int:
        """All that are listed."""
        return sum(line.total for line in self.lines)


def board(session: Session, round_: Round, *, staff: bool) -> Board:
    """The board of a round: three queries, whatever its size."""
    quotas = session.scalars(
        select(Quota)
        .where(Quota.round_id == round_.id)
        .order_by(Quota.id)
        .execution_options(populate_existing=True)
    ).all()
    members = _counted(session, Membership, round_)
    candidates = _counted(session, Candidacy, round_)
    return lay_out(round_, [_cell(quota, members, candidates, staff=staff) for quota in quotas])


def cell_of(session: Session, quota: Quota) -> Cell:
    """One cell as staff see it."""
    members = _counted(session, Membership, quota)
    return _cell(quota, members, _counted(session, Candidacy, quota), staff=True)


def after_exit(cell: Cell, *, listed: bool) -> Cell:
    """The cell as it would stand when a membership left; ``listed`` if it is in a public phase."""
    return replace(
        cell,
        used=cell.used - 1,
        listed=cell.listed - listed,
        suspended=cell.suspended - (not listed),
    )


def after_entry(cell: Cell, candidacy: SelectionPhase | None = None) -> Cell:
    """The cell as it would stand with one more; ``candidacy``: the phase it comes from."""
    noticed = candidacy is SelectionPhase.PUBLICITY
    reserve = cell.reserve
    if reserve is not None and candidacy is SelectionPhase.RESERVE:
        reserve -= 1
    return replace(
        cell,
        used=cell.used + 1,
        listed=cell.listed + 1,
        held=cell.held - noticed,
        in_notice=cell.in_notice - noticed,
        reserve=reserve,
    )


def with_range(cell: Cell, minimum: int | None, cap: int | None) -> Cell:
    """The cell as it would stand with another range."""
    return replace(cell, minimum=minimum, cap=cap)


def lay_out(round_: Round, cells: Sequence[Cell]) -> Board:
    """Segments by types where the programme counts so, else one line per cell."""
    programme: Programme = round_.programme
    if cells and all({"type", "segment"} <= cell.dims.keys() for cell in cells):
        return _matrix(round_, programme, cells)
    lines = tuple(Line(cell.label, "", (cell,)) for cell in cells)
    heads = (_head("在池", cells),)
    return Board(round_, "名额", heads, lines)


def _matrix(round_: Round, programme: Programme, cells: Sequence[Cell]) -> Board:
    at = {(cell.dims["segment"], cell.dims["type"]): cell for cell in cells}
    types = [item for item in programme.types if any(key[1] == item.id for key in at)]
    segments = [item for item in programme.segments if any(key[0] == item.id for key in at)]
    lines = tuple(
        Line(
            segment.label,
            segment.id,
            tuple(at[segment.id, kind.id] for kind in types if (segment.id, kind.id) in at),
        )
        for segment in segments
    )
    heads = tuple(_head(kind.label, [c for c in cells if c.dims["type"] == kind.id])
                  for kind in types)  # fmt: skip
    return Board(round_, "细分行业", heads, lines)


def _head(label: str, cells: Iterable[Cell]) -> Head:
    cells = list(cells)
    ranges = {cell.range_text for cell in cells}
    return Head(label, ranges.pop() if len(ranges) == 1 else "", sum(c.listed for c in cells))


def _counted(session: Session, model: type[Any], part: Round | Quota) -> Counts:
    column = model.round_id if isinstance(part, Round) else model.quota_id
    rows = session.execute(
        select(model.quota_id, model.phase, func.count())
        .where(column == part.id)
        .group_by(model.quota_id, model.phase)
    )
    return {(quota_id, phase): count for quota_id, phase, count in rows}


def _cell(quota: Quota, members: Counts, candidates: Counts, *, staff: bool) -> Cell:
    in_notice = candidates.get((quota.id, SelectionPhase.PUBLICITY), 0)
    return Cell(
        quota_id=quota.id,
        label=quota.label,
        dims=quota.dims,
        minimum=quota.minimum,
        cap=quota.cap,
        used=quota.used,
        held=quota.held if staff else in_notice,
        listed=sum(members.get((quota.id, phase), 0) for phase in PUBLIC_PHASES),
        suspended=members.get((quota.id, StandingPhase.SUSPENDED), 0),
        in_notice=in_notice,
        decided=candidates.get((quota.id, SelectionPhase.DECISION), 0) if staff else None,
        reserve=candidates.get((quota.id, SelectionPhase.RESERVE), 0) if staff else None,
    )
