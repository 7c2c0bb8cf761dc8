"""The public board: equal to the lists behind its numbers, silent about what is not public."""

import io
import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from werkzeug.test import TestResponse

from marketplace import clock
from marketplace.db import Database
from marketplace.indexing.upkeep import rebuild_index
from marketplace.phases import SelectionPhase, StandingPhase
from marketplace.services.upkeep import seeding
from tests import factories
from tests.support.browser_like import BrowserLike
from tests.support.statements import asked

LINK = re.compile(
    r'<a (?:class="quota-used" )?href="(/providers\?[^"]+)">(\d+)(?:<span[^>]*> 家在池</span>)?</a>'
)


@dataclass
class World:
    """Names that must and must not show, and the key of the round."""

    round: str
    gone: str
    hidden: str
    reserve: str


@pytest.fixture
def world(app: Flask, database: Database) -> World:
    """One provider in two cells, others in every phase, one hidden, one in reserve."""
    with database.unit_of_work() as session:
        seeding.seed_vocabulary(session)
        round_ = factories.make_round(session, key="erste")
        two = factories.make_provider(session)
        factories.make_membership(session, round_, two, type="product")
        factories.make_membership(session, round_, two, type="integrator")
        for phase in (StandingPhase.LISTED, StandingPhase.WARNED, StandingPhase.SUSPENDED):
            factories.make_membership(
                session, round_, factories.make_provider(session), phase=phase
            )
        gone, hidden = factories.make_provider(session), factories.make_provider(session)
        factories.make_membership(
            session, round_, gone, phase=StandingPhase.EXITED,
            exited_on=clock.today() - timedelta(days=9), public_reason="定期检查不合格",
        )  # fmt: skip
        hidden.hidden_at = clock.now()
        factories.make_membership(session, round_, hidden, listed_on=clock.today())
        reserve = factories.make_provider(session)
        factories.make_candidacy(session, round_, reserve)
        factories.make_candidacy(
            session, round_, factories.make_provider(session), phase=SelectionPhase.PUBLICITY
        )
        names = [p.organisation.name for p in (gone, hidden, reserve)]
    rebuild_index(app.extensions["search"], database)
    return World("erste", *names)


def shown_in(list_page: TestResponse) -> int:
    """What the list says it holds."""
    found = re.search(r"找到\s*<strong>(\d+)</strong>", list_page.text)
    return int(found.group(1)) if found else 0


def test_every_number_is_the_length_of_the_list_behind_it(client: BrowserLike, world: World):
    links = LINK.findall(client.get("/pool").text)
    assert len(links) == 12 + 4 + 3 + 1  # cells, rows, columns, all
    from html import unescape

    wrong = [
        (url, number, there)
        for url, number in links
        if (there := shown_in(client.get(unescape(url)))) != int(number)
    ]
    assert wrong == []
    assert sorted(int(n) for _, n in links if n != "0") == [1, 1, 3, 3, 3, 3]


def test_the_board_tells_no_names_but_those_of_comings_and_goings(
    client: BrowserLike, world: World
):
    page = client.get("/pool").text
    assert world.gone in page
    assert "定期检查不合格" in page
    assert world.hidden not in page
    assert world.reserve not in page
    assert "候补" not in page


def test_the_excel_file_holds_the_same_numbers(client: BrowserLike, world: World):
    answer = client.get("/pool.xlsx")
    disposition = answer.headers["Content-Disposition"]
    disposition.encode("latin-1")  # what a server can send
    assert "filename*=UTF-8''" in disposition
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_name("看板")
    table = {row[0]: row[1:] for row in sheet.to_python()}
    assert table["名额"] == ["下限", "上限", "在池", "公示中", "暂停", "状态"]
    assert table["“小快轻准”产品型服务商 · 家用电器及配件制造"] == [10, 20, 3, 1, 1, "缺5"]
    assert len(table) == 13


def test_without_a_round_the_board_says_so(client: BrowserLike):
    assert "还没有公布名单" in client.get("/pool").text
    assert client.get("/pool.xlsx").status_code == 404
    assert client.get("/pool?round=nirgends").status_code == 404


def test_cells_by_city_show_numbers_without_a_list(client: BrowserLike, database: Database):
    with database.unit_of_work() as session:
        factories.make_round(session, "zj-2021", key="zj", cities=("杭州市", "宁波市"))
    page = client.get("/pool?round=zj").text
    assert page.count('<span class="quota-used">0') == 2


def test_queries_stay_few_however_many_places(
    client: BrowserLike, database: Database, world: World
):
    few = asked(client, "/pool")
    with database.unit_of_work() as session:
        round_ = factories.make_round(session, key="zweite", seq=2)
        for _ in range(15):
            provider = factories.make_provider(session)
            factories.make_membership(session, round_, provider, listed_on=clock.today())
    assert asked(client, "/pool") == few
    assert few <= 8
