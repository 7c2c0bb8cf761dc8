"""Notices and the working calendar: vectors, provisional years, an edit while a notice runs."""

import time

import pytest
from sqlalchemy import select

from marketplace.errors import Conflict
from marketplace.models import Event
from marketplace.permissions import SYSTEM
from marketplace.phases import SelectionPhase
from marketplace.services.calendar import calendar
from marketplace.services.notices import public_notices, public_notices_selection
from marketplace.services.notices.public_notices import Content
from marketplace.services.pool import candidacies
from tests import factories
from tests.integration.notices.conftest import Bureau
from tests.unit.clock.test_holiday_notice import TEXTS

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def edit(bureau: Bureau, year: int, change: str, *, instead_of: str = "") -> str:
    """Another line in the calendar of a year, through its page."""
    with bureau.database.reading() as session:
        found = calendar.year_of_days(session, year)
    lines = [line for line in found.as_text.splitlines() if line != instead_of]
    days = "\n".join([*lines, change])
    client = bureau.officer()
    answer = bureau.post(
        client, f"/work/calendar/{year}/edit", days=days, official="1",
        source=found.source, before=found.as_text,
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    return client.get(answer.location).text


def test_a_holiday_added_later_moves_the_end_and_never_back(bureau: Bureau) -> None:
    notice = bureau.published()
    assert str(notice.ends_on) == "2024-02-21"
    marks = notice.calendar
    said = edit(bureau, 2024, "2024-02-09 放假 春节（市政府通知）")
    assert "公示截止日顺延到2024-02-22" in said
    later = bureau.notice()
    assert str(later.ends_on) == "2024-02-22"
    assert later.ends_at.isoformat() == "2024-02-22T16:00:00+00:00"
    assert later.calendar != marks
    page = bureau.visitor.get(f"/notices/{notice.id}").text
    assert "公示期已变更" in page
    assert "公示截止日由2024-02-21改为2024-02-22" in page
    assert "2024年2月9日至2024年2月22日 24:00（5个工作日）" in page
    with bureau.database.reading() as session:
        event = session.scalars(select(Event).where(Event.action == "notice_recount")).one()
    assert event.diff["ends_on"] == ["2024-02-21", "2024-02-22"]
    # A make-up day would end it earlier: whoever read the later end is not shut out.
    edit(bureau, 2024, "2024-02-17 上班 测试", instead_of="2024-02-17 放假 春节")
    assert str(bureau.notice().ends_on) == "2024-02-22"
    bureau.clock.to("2024-02-23 09:00:00+08:00")
    edit(bureau, 2024, "2024-02-22 放假 测试")
    assert str(bureau.notice().ends_on) == "2024-02-22"


@pytest.mark.parametrize(
    ("day", "last"),
    [("2026-02-11", "2026-02-25"), ("2026-09-23", "2026-10-08"), ("2024-09-27", "2024-10-10")],
)
def test_five_working_days_over_the_holidays(bureau: Bureau, day: str, last: str) -> None:
    bureau.clock.to(f"{day} 10:00:00+08:00")
    assert str(bureau.published().ends_on) == last


def test_a_provisional_year_is_refused_until_it_is_official(bureau: Bureau) -> None:
    bureau.clock.to("2026-12-28 10:00:00+08:00")
    client = bureau.officer()
    bureau.draft(client)
    page = client.get(f"/work/notices/{bureau.notice().id}").text
    assert "2027年的工作日历只是暂定，官方安排录入前不能发布" in page
    refused = bureau.step(client, "publish")
    assert refused.status_code == 409
    assert "公示截止日无法确定，不能发布" in refused.text
    assert "国务院办公厅正式公布的放假安排" in refused.text
    assert bureau.notice().phase == "draft"
    # The official list is read from the notice, looked at, and saved.
    text = TEXTS[2026].replace("10月1日（周四）至7日（周三）", "10月1日至7日")
    read = bureau.post(client, "/work/calendar/2027/import", notice=text)
    assert read.status_code == 200
    assert "2027-10-07 放假 国庆节" in read.text
    assert bureau.post(client, "/work/calendar/2027/import", notice="没有").status_code == 422
    with bureau.database.reading() as session:
        before = calendar.year_of_days(session, 2027)
    saved = bureau.post(
        client, "/work/calendar/2027/edit", days="2027-01-01 放假 元旦", official="1",
        source="国办发明电〔2026〕9号", before=before.as_text,
    )  # fmt: skip
    assert saved.status_code == 303, saved.text
    assert bureau.step(client, "publish").status_code == 303
    assert str(bureau.notice().ends_on) == "2027-01-05"


def test_each_programme_has_its_own_length(bureau: Bureau) -> None:
    """CQ 第十条 7 working days; ZZ and ZJ give none, the bureau sets them."""
    lengths = {"lc-2021": (None, 5), "cq-2013": (None, 7), "zz-2021": (3, 3), "zj-2021": (6, 6)}
    for programme, (given, expected) in lengths.items():
        with bureau.database.unit_of_work() as session:
            round_ = factories.make_round(session, programme, cities=("青岛市",), year=2024)
            firm = factories.make_provider(session)
            candidacy = factories.make_candidacy(
                session, round_, firm, phase=SelectionPhase.DECISION,
                type=round_.programme.types[0].id, segment="",
                quota=factories.make_quota(session, round_),
            )  # fmt: skip
            lines = [public_notices_selection.line(candidacies.get(session, candidacy.id))]
            content = Content(title="公示", document_no="1号")
            notice = public_notices.draft(
                session, SYSTEM, "selection", round_, lines, content=content
            )
            if given is not None:
                with pytest.raises(Conflict) as refused:
                    public_notices.publish(session, SYSTEM, notice)
                assert refused.value.reasons == ["还没有填写：公示工作日数"]
                content = Content(title="公示", document_no="1号", working_days=given)
                public_notices.edit(session, SYSTEM, notice, content=content, expected_version=None)
            public_notices.publish(session, SYSTEM, notice)
            assert sum(one["working"] for one in notice.days) == expected


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_the_end_is_the_same_instant_in_every_zone(
    bureau: Bureau, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E46: 23:59:59.999 is in time, 00:00:00.000 is late, wherever the server stands."""
    notice = bureau.published()
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        open_ = []
        for moment in ("2024-02-21 23:59:59.999+08:00", "2024-02-22 00:00:00+08:00"):
            bureau.clock.to(moment)
            with bureau.database.reading() as session:
                open_.append(public_notices.accepts_objections(session, notice))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert open_ == [True, False]
