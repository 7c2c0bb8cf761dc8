"""J8: the quarterly report, from the day it appears to the city's roll-up, through the pages.

features.md J8: prefilled from contracts, milestones and ratings, corrected with a reason, versions
with their difference, district and city sums that equal the rows, Excel that equals the screen,
reminders once each, zero reports in three clicks, parts of periods, waivers and their undo.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from marketplace import clock
from marketplace.db import Database
from marketplace.models import Message, PeriodicReport, ReportSummary, ReportVersion
from marketplace.phases import MilestonePhase, ProjectPhase, Role, StandingPhase
from marketplace.services.reports import opening, reminders
from tests import factories
from tests.integration.conftest import LoginAs
from tests.support import world_upkeep
from tests.support.browser_like import BrowserLike
from tests.support.forms import forms

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HERE, THERE = "370212", "370213"
QD = "qd-2024"
SCOPE = f"scope={QD}:QD-E2:2026Q1"
SetClock = Callable[..., None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """``at(2026, 4, 1)``: nine o'clock in Beijing on that day, from now on."""

    def set_(*day: int, hour: int = 9, minute: int = 0) -> None:
        moment = datetime(*day, hour, minute, tzinfo=clock.BEIJING).astimezone(UTC)  # type: ignore[misc, arg-type]
        monkeypatch.setattr(clock, "now", lambda: moment)

    return set_


@dataclass
class Town:
    """Providers of two districts, by number, and how to reach their reports."""

    database: Database
    login_as: LoginAs
    firms: list[Any]

    def owner(self, number: int) -> BrowserLike:
        return self.login_as(Role.PROVIDER_OWNER, organisation=self.firms[number])

    def report(self, number: int) -> PeriodicReport:
        """The latest report of a provider."""
        with self.database.reading() as session:
            return session.scalars(
                select(PeriodicReport)
                .join(PeriodicReport.provider)
                .where(PeriodicReport.provider.property.mapper.class_.organisation_id
                       == self.firms[number].id)
                .order_by(PeriodicReport.id.desc())
            ).first()  # type: ignore[return-value]  # fmt: skip

    def send(self, number: int, **typed: str) -> Any:
        """Fill in the form as it is prefilled, but for what is given, and send it."""
        client, row = self.owner(number), self.report(number)
        path = f"/p/reports/{row.id}/edit"
        (form,) = (f for f in forms(client.get(path).text, path) if "version" in f.fields
                   and "contracts" in f.fields)  # fmt: skip
        texts = {name: "照常" for name in form.fields if name.startswith("text_")}
        zeros = {name: form.fields[name] or "0" for name in ("joined", "left", "trained")}
        data = {**form.fields, **texts, **zeros, "step": "send", **typed}
        return client.post(path, data=data)


@pytest.fixture
def town(database: Database, login_as: LoginAs, at: SetClock) -> Town:
    """Three providers: with contracts, without any in another district, and one that leaves."""
    at(2026, 4, 1)
    with database.unit_of_work() as session:
        world_upkeep.know_2026(session)
        for code, name in ((HERE, "崂山区"), (THERE, "李沧区")):
            factories.make_term(session, "district", code, name)
        round_ = factories.make_round(session, QD)
        firms = [factories.make_organisation(session, district=d) for d in (HERE, THERE, HERE)]
        first, _, third = (factories.make_provider(session, firm) for firm in firms)
        busy = factories.make_membership(session, round_, first)
        factories.make_membership(session, round_, session.merge(_), segment="auto_parts")
        factories.make_membership(
            session, round_, third, type="integrator", phase=StandingPhase.EXITED,
            exited_on=date(2026, 2, 14),
        )  # fmt: skip
        client = factories.make_organisation(session, kind="enterprise", district=HERE)
        filed = factories.make_project(session, busy, client, filed_on=date(2026, 3, 9))
        factories.make_project(
            session, busy, client, phase=ProjectPhase.ACCEPTED, filed_on=date(2025, 6, 1),
            accepted_on=date(2026, 2, 3),
        )  # fmt: skip
        factories.make_milestone(
            session, filed, phase=MilestonePhase.CONFIRMED, due_on=date(2026, 3, 31)
        )
        factories.make_milestone(session, filed, due_on=date(2026, 3, 20), seq=2)
    return Town(database, login_as, firms)


def cells(html: str, caption: str) -> list[list[str]]:
    """The texts of a table by rows, heads first."""
    table = next(t for t in re.findall(r"<table.*?</table>", html, re.S) if caption in t)
    rows = re.findall(r"<tr.*?</tr>", table, re.S)
    plain = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in plain]


def excel(answer: Any) -> list[list[str]]:
    """The first sheet of a file as the page would show it."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    return [list(row) for row in book.get_sheet_by_index(0).to_python()]


def same(shown: str, kept: Any) -> bool:
    """Whether a cell of the file is what the page shows."""
    if isinstance(kept, float):
        return shown not in ("—", "") and float(shown) == kept
    return ("" if shown == "—" else shown) == kept


def equal(rows: list[list[str]], kept: list[list[Any]]) -> None:
    """The file holds what the page shows, cell by cell."""
    assert len(kept) == len(rows)
    for one, other in zip(rows, kept, strict=True):
        assert all(same(shown, held) for shown, held in zip(one, other, strict=True)), (one, other)


def test_the_report_appears_is_corrected_sent_twice_and_summed_up(town, database, login_as, at):
    assert opening.run(database) == 3
    assert opening.run(database) == 0  # negative control: once each

    # 1. on 1 April the task appears, prefilled; 25 April 2026 is a Saturday and the page says so
    owner, row = town.owner(0), town.report(0)
    assert f'href="/p/reports/{row.id}"' in owner.get("/p").text
    page = owner.get(f"/p/reports/{row.id}").text
    assert "原定4月25日（周末），顺延到4月27日" in page
    assert (row.due_on, row.due_at) == (
        date(2026, 4, 27), datetime(2026, 4, 27, 16, tzinfo=UTC),
    )  # fmt: skip
    path = f"/p/reports/{row.id}/edit"
    (form,) = (f for f in forms(owner.get(path).text, path) if "contracts" in f.fields)
    prefilled = {name: form.fields[name] for name in (
        "contracts", "amount", "running", "accepted", "milestones_due", "milestones_done",
    )}  # fmt: skip
    assert prefilled == {
        "contracts": "1", "amount": "38.00", "running": "1", "accepted": "1",
        "milestones_due": "2", "milestones_done": "1",
    }  # fmt: skip
    assert re.search(r'<a href="/p/projects/\d+">', owner.get(path).text)

    # 2. a draft keeps what is incomplete; a correction wants a reason; then version 1
    saved = owner.post(path, data={**form.fields, "contracts": "2", "step": "draft"})
    assert saved.status_code == 303
    (again,) = (f for f in forms(owner.get(path).text, path) if "contracts" in f.fields)
    assert again.fields["contracts"] == "2"
    refused = town.send(0, contracts="2")
    assert refused.status_code == 422
    assert "与系统数字1不同，请写明更正理由" in refused.text
    assert town.report(0).number == 0
    assert town.send(0, contracts="2", why_contracts="一份合同尚未备案").status_code == 303
    assert (town.report(0).number, town.report(0).phase) == (1, "submitted")
    shown = owner.get(f"/p/reports/{row.id}").text
    assert "已更正" in shown and "一份合同尚未备案" in shown

    # resubmitted: version 2 with the difference
    assert town.send(0, contracts="1", trained="40").status_code == 303
    assert town.report(0).number == 2
    table = cells(owner.get(f"/p/reports/{row.id}").text, "与上一版的不同")
    assert table == [
        ["栏目", "上一版", "这一版"], ["新备案合同", "2份", "1份"],
        ["培训企业人员", "0人次", "40人次"],
    ]  # fmt: skip

    # 3. the district sums up, 4. the city adds up the districts
    _the_district_sums_up(town.database, login_as)
    city = login_as(Role.CITY_OFFICER)
    _the_city_adds_up(city)
    # a report that is corrected after the district summed up is seen
    assert town.send(0, contracts="1", trained="41").status_code == 303
    assert "报送后有更正或补报" in city.get(f"/work/reports/rollup?{SCOPE}").text


def _the_district_sums_up(database: Database, login_as: LoginAs) -> None:
    """Its sums equal its rows, its file the screen; what it sends stands as it was."""
    desk = login_as(Role.DISTRICT_REVIEWER, organisation=_desk(database, HERE))
    assert f"/work/reports/rollup?{SCOPE}" in desk.get("/tasks").text.replace("&amp;", "&")
    rows = cells(desk.get(f"/work/reports/rollup?{SCOPE}").text, "明细")
    heads, total = rows[0], rows[-1]
    assert len(rows) == 4  # head, two of this district, sum
    for column in range(3, len(heads)):
        found = [float(line[column]) for line in rows[1:-1] if line[column] != "—"]
        assert sum(found) == float(total[column]), heads[column]
    equal(rows, excel(desk.get(f"/work/reports/rollup.xlsx?{SCOPE}")))
    answer = _send_sums(desk)
    assert answer.status_code == 303
    with database.reading() as session:
        sent = session.scalars(select(ReportSummary)).one()
        assert (sent.district, sent.reports, sent.submitted) == (HERE, 2, 1)
        assert (sent.figures["contracts"], sent.figures["trained"]) == ("1", "40")


def _the_city_adds_up(city: BrowserLike) -> None:
    """Its sums equal those of the districts, its file the screen."""
    page = city.get(f"/work/reports/rollup?{SCOPE}").text
    rows = cells(page, "各区市汇总")
    assert [line[0] for line in rows[1:]] == ["崂山区", "李沧区", "全市合计"]
    for column in range(1, len(rows[0])):
        assert sum(float(line[column]) for line in rows[1:-1]) == float(rows[-1][column])
    assert "与现在一致" in page and "还没有报送" in page
    equal(rows, excel(city.get(f"/work/reports/rollup.xlsx?{SCOPE}")))


def _desk(database: Database, district: str) -> Any:
    with database.unit_of_work() as session:
        return factories.make_organisation(session, kind="district_office", district=district)


def _send_sums(desk: BrowserLike) -> Any:
    path = f"/work/reports/rollup?{SCOPE}"
    (form,) = (f for f in forms(desk.get(path).text, path) if "form_key" in f.fields)
    return desk.post("/work/reports/rollup", data={**form.fields, "text": "全部核对"})


def test_zero_in_three_clicks_parts_reminders_waivers_and_their_undo(town, database, login_as, at):
    opening.run(database)

    # without contracts: the task, the report, 零报告
    quiet, row = town.owner(1), town.report(1)
    assert f'href="/p/reports/{row.id}"' in quiet.get("/p").text  # click 1: the task
    page = quiet.get(f"/p/reports/{row.id}").text
    (zero,) = (f for f in forms(page, "") if f.action.endswith("/zero"))
    assert quiet.post(zero.action, data=zero.fields).status_code == 303  # click 2: 零报告
    with database.reading() as session:
        version = session.scalars(select(ReportVersion)).one()
        assert version.zero and {f["value"] for f in version.figures} <= {"0", "0.00"}
    # negative control: who has contracts cannot say that there is nothing
    busy = town.report(0)
    refused = town.owner(0).post(f"/p/reports/{busy.id}/zero", data={"version": busy.version})
    assert refused.status_code == 409 and "不能零报告" in refused.text

    # who left in the quarter reports a part of it
    part = town.report(2)
    assert (part.since, part.until) == (date(2026, 1, 1), date(2026, 2, 14))
    assert part.part_reason == "2026-02-14退出"

    # reminders at -7, -1, 0 and +3 of the stored day, 27 April, once each
    sent: list[tuple[date, int]] = []
    for day in range(19, 32):
        at(2026, 4, min(day, 30)) if day <= 30 else at(2026, 5, 1)
        sent += [(clock.today(), reminders.run(database)), (clock.today(), reminders.run(database))]
    assert [(day.isoformat(), n) for day, n in sent if n] == [
        ("2026-04-20", 2), ("2026-04-26", 2), ("2026-04-27", 2), ("2026-04-30", 2),
    ]  # fmt: skip
    with database.reading() as session:
        told = session.scalars(select(Message.title).where(Message.kind == "report")).all()
    assert [title for title in told if "逾期" in title] == ["2026年第1季度 季度档案维护已经逾期3天"]

    # the overdue board lists it; the file equals the page
    city = login_as(Role.CITY_OFFICER)
    page = city.get("/work/reports?show=overdue").text
    rows = cells(page, "定期报告")
    assert {line[0] for line in rows[1:]} == {town.firms[0].name, town.firms[2].name}
    kept = excel(city.get("/work/reports.xlsx?show=overdue"))
    assert [line[0] for line in kept] == [line[0] for line in rows]

    # waived with a reason, and taken back
    row = town.report(2)
    path = f"/work/reports/{row.id}/steps/report_skip"
    (form,) = (f for f in forms(city.get(path).text, path) if "form_key" in f.fields)
    assert city.post(path, data=form.fields).status_code == 422
    assert city.post(path, data={**form.fields, "reason": "企业已注销"}).status_code == 303
    assert (town.report(2).phase, town.report(2).note) == ("skipped", "企业已注销")
    waived = town.owner(2).post(f"/p/reports/{row.id}/zero", data={"version": row.version + 1})
    assert waived.status_code == 409 and "免报" in waived.text
    path = f"/work/reports/{row.id}/steps/report_unskip"
    (form,) = (f for f in forms(city.get(path).text, path) if "form_key" in f.fields)
    assert city.post(path, data={**form.fields, "reason": "登记有误"}).status_code == 303
    assert town.report(2).phase == "owed"

    # others do not know of it
    stranger = login_as(Role.PROVIDER_OWNER)
    elsewhere = login_as(Role.DISTRICT_REVIEWER, organisation=_desk(database, THERE))
    for client, address in (
        (stranger, f"/p/reports/{row.id}"), (stranger, f"/p/reports/{row.id}/edit"),
        (elsewhere, f"/work/reports/{row.id}"),
        (elsewhere, f"/work/reports/{row.id}/steps/report_skip"),
    ):  # fmt: skip
        assert client.get(address).status_code == 404, address
    assert stranger.post(f"/p/reports/{row.id}/zero", data={"version": 1}).status_code == 404
