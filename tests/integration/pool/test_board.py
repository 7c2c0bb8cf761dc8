"""The board: its numbers are those of the lists behind them (J6), and what the public sees."""

import re
from html import unescape

import pytest
from sqlalchemy.orm import Session

from marketplace.db import Database
from marketplace.models import Quota, Round
from marketplace.phases import PUBLIC_PHASES, Role, SelectionPhase, StandingPhase
from marketplace.services.pool import membership_list, pool_board
from marketplace.services.pool.membership_list import Filters
from marketplace.services.pool.pool_board import Board, Cell
from tests import factories
from tests.integration.conftest import LoginAs
from tests.integration.pool.conftest import Pool
from tests.support.statements import recorded

CELLS = (
    ("integrator", "auto_parts"),
    ("product", "home_appliance"),
    ("chain_leader", "auto_parts"),
)


def fill(session: Session, round_: Round) -> None:
    """Some of everything, in three cells."""
    for number, (type_, segment) in enumerate(CELLS):
        at = {"type": type_, "segment": segment}
        for phase in StandingPhase:
            for _ in range(number + (phase is StandingPhase.LISTED)):
                provider = factories.make_provider(session)
                quota = factories.quota_of(session, round_, type_, segment)
                quota.cap = 30
                factories.make_membership(session, round_, provider, phase=phase, **at)
        for phase in (SelectionPhase.DECISION, SelectionPhase.PUBLICITY, SelectionPhase.RESERVE):
            for _ in range(number + 1):
                provider = factories.make_provider(session)
                factories.make_candidacy(session, round_, provider, phase=phase, **at)


def at(board: Board, type_: str, segment: str) -> Cell:
    return next(
        cell for cell in board.cells if dict(cell.dims) == {"type": type_, "segment": segment}
    )


def test_cells_count_what_the_rows_are(pool: Pool) -> None:
    fill(pool.session, pool.round)
    board = pool_board.board(pool.session, pool.round, staff=True)
    cell = at(board, "product", "home_appliance")
    assert (cell.listed, cell.suspended, cell.used) == (4, 1, 5)
    assert (cell.decided, cell.in_notice, cell.reserve, cell.held) == (2, 2, 2, 4)
    assert [head.total for head in board.heads] == [1, 4, 7]
    assert [line.total for line in board.lines] == [8, 0, 4, 0]
    assert board.total == 12
    assert board == pool_board.board(pool.session, pool.round, staff=True)


def test_the_public_board_tells_no_decision_and_no_reserve(pool: Pool) -> None:
    fill(pool.session, pool.round)
    for cell in pool_board.board(pool.session, pool.round, staff=False).cells:
        assert (cell.decided, cell.reserve) == (None, None)
        assert cell.held == cell.in_notice
    cell = at(pool_board.board(pool.session, pool.round, staff=False), "integrator", "auto_parts")
    assert (cell.in_notice, cell.held) == (1, 1)


def test_every_cell_equals_the_list_with_its_filters(pool: Pool) -> None:
    fill(pool.session, pool.round)
    for cell in pool_board.board(pool.session, pool.round, staff=True).cells:
        where = {"round_id": pool.round.id, **cell.dims}

        def total(*phases: StandingPhase, where: dict = where) -> int:
            filters = Filters(phases=tuple(phases), **where)
            return membership_list.page(pool.session, pool.officer, filters).total

        assert total(*PUBLIC_PHASES) == cell.listed
        assert total(StandingPhase.SUSPENDED) == cell.suspended


def test_links_of_the_page_lead_to_as_many_rows(login_as: LoginAs, database: Database) -> None:
    with database.unit_of_work() as session:
        fill(session, factories.make_round(session))
    client = login_as(Role.CITY_OFFICER)
    page = client.get("/work/pool").text
    links = re.findall(r'<a(?: class="quota-used")? href="(/work/(?:memb|cand)[^"]+)">(\d+)', page)
    assert len(links) >= 12 + 3 + 3 * 4
    for address, number in links:
        rows = client.get(unescape(address)).text
        found = re.search(r"找到 <strong>(\d+)</strong>", rows)
        assert found
        assert found.group(1) == number, unescape(address)


@pytest.mark.parametrize(
    ("used", "held", "minimum", "cap", "tone", "text"),
    [
        (0, 0, 3, 6, "warn", "缺3"),
        (2, 1, 3, 6, "warn", "缺1"),
        (3, 0, 3, 6, "ok", "正常"),
        (5, 1, 3, 6, "info", "已满"),
        (6, 1, 3, 6, "danger", "超额1"),
        (4, 0, 0, None, "neutral", "不限名额"),
        (4, 0, 5, None, "warn", "缺1"),
    ],
)
def test_a_cell_says_how_it_stands(
    used: int, held: int, minimum: int, cap: int | None, tone: str, text: str
) -> None:
    cell = Cell(
        quota_id=1, label="x", dims={}, minimum=minimum, cap=cap, used=used, held=held,
        listed=used, suspended=0, in_notice=0, decided=0, reserve=0,
    )  # fmt: skip
    assert (cell.state.tone, cell.state.text) == (tone, text)


@pytest.mark.parametrize(
    ("programme", "axis", "labels"),
    [
        ("zz-2021", "名额", ["2024年度"]),
        ("zj-2021", "名额", ["杭州市", "宁波市"]),
        ("lc-2021", "名额", ["全部（不限名额）"]),
    ],
)
def test_programmes_that_count_otherwise_have_one_line_per_cell(
    session: Session, programme: str, axis: str, labels: list[str]
) -> None:
    round_ = factories.make_round(session, programme, year=2024, cities=("杭州市", "宁波市"))
    first = round_.programme
    quota = pool_board.board(session, round_, staff=True).cells[0].quota_id
    provider = factories.make_provider(session)
    factories.make_membership(
        session, round_, provider, type=first.types[0].id, segment=first.segments[0].id,
        quota=session.get_one(Quota, quota),
    )  # fmt: skip
    board = pool_board.board(session, round_, staff=True)
    assert (board.axis, [line.label for line in board.lines]) == (axis, labels)
    assert [line.total for line in board.lines] == [1] + [0] * (len(labels) - 1)


def test_the_board_takes_three_queries_whatever_its_size(pool: Pool) -> None:
    counts = []
    for _ in range(2):
        fill(pool.session, pool.round)
        pool.session.flush()
        with recorded(pool.session.connection()) as statements:
            pool_board.board(pool.session, pool.round, staff=True)
        counts.append(len(statements))
    assert counts == [3, 3]
