"""The staff pages: upload, check by the worker's process, apply, report; and the calendar."""

import io
import time
from datetime import date

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from marketplace.models import Event, ImportJob, Product, StoredFile, User
from marketplace.phases import Role
from marketplace.services.calendar import calendar
from marketplace.services.importing import uploads
from marketplace.services.upkeep import seeding
from marketplace.storage import open_storage
from tests.integration.importing import books
from tests.support.timing import until

KEY = "0123456789abcdefghijk"


@pytest.fixture
def ready(database):
    """Vocabulary, calendar and a round."""
    database.run(books.prepare)
    database.run(seeding.seed_calendar)
    return database


@pytest.fixture
def officer(ready, login_as):
    return login_as(Role.CITY_OFFICER)


def send(client, path, name=None):
    return client.post(
        "/work/imports",
        data={"file": (io.BytesIO(path.read_bytes()), name or path.name)},
        content_type="multipart/form-data",
    )


def work(database, settings):
    """What the worker's process does for the job that waits."""
    with database.reading() as session:
        [(job_id, _)] = uploads.waiting(session)
    return uploads.work_on(database, settings, job_id, lambda rows: None)


def test_from_upload_to_data(ready, settings, officer, tmp_path):
    answer = send(officer, books.write(ready, tmp_path / "数据.xlsx", books.SMALL))
    assert (answer.status_code, answer.location) == (303, "/work/imports/1")
    assert "正在检查" in officer.get("/work/imports/1").text

    assert work(ready, settings).phase == "staged"
    page = officer.get("/work/imports/1").text
    assert "检查通过" in page
    assert "确认导入 14 行" in page
    with ready.reading() as session:
        assert session.scalar(select(func.count()).select_from(Product)) == 0

    answer = officer.post("/work/imports/1/apply", data={"form_key": KEY})
    assert (answer.status_code, answer.location) == (303, "/work/imports/1")
    assert "正在导入" in officer.get("/work/imports/1").text
    # The same form again: the same answer, not a second import.
    assert officer.post("/work/imports/1/apply", data={"form_key": KEY}).status_code == 303

    assert work(ready, settings).phase == "done"
    page = officer.get("/work/imports/1").text
    assert "全部数据已经写入" in page
    assert "数据.xlsx" in officer.get("/work/imports").text
    with ready.reading() as session:
        assert session.scalar(select(func.count()).select_from(Product)) == 3
        assert uploads.waiting(session) == []
        made = session.scalars(select(Event).where(Event.action == "import_create")).all()
        assert {event.actor_id for event in made} == {officer.user.id}
        stored = session.scalars(select(StoredFile)).one()
        assert (stored.name, stored.purpose, stored.subject_id) == ("数据.xlsx", "import", 1)


def test_errors_come_back_in_the_file(ready, settings, officer, tmp_path):
    rows = books.small()
    rows["products"][1]["category"] = "没有的类别"
    send(officer, books.write(ready, tmp_path / "数据.xlsx", rows))
    assert work(ready, settings).phase == "refused"

    page = officer.get("/work/imports/1").text
    assert "没有导入任何数据" in page
    assert "产品 第3行：产品类别：“没有的类别”不在选项中" in page
    answer = officer.get("/work/imports/1/report.xlsx")
    assert answer.status_code == 200
    assert "%E9%94%99%E8%AF%AF.xlsx" in answer.headers["Content-Disposition"]
    with CalamineWorkbook.from_filelike(io.BytesIO(answer.data)) as book:
        assert book.get_sheet_by_name("产品").to_python()[2][0].startswith("产品类别")
    assert officer.post("/work/imports/1/apply", data={"form_key": KEY}).status_code == 409


@pytest.mark.parametrize(
    ("content", "name", "text"),
    [
        (b"", "空.xlsx", "文件是空的"),
        (b"hello", "假.xlsx", "不是 Excel 工作簿"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧.xlsx", "旧版 Excel"),
        (b"PK\x03\x04" + b"\0" * 600, "破.xlsx", "文件已损坏"),
    ],
)
def test_what_is_no_workbook_is_refused_at_once(ready, officer, tmp_path, content, name, text):
    path = tmp_path / name
    path.write_bytes(content)
    answer = send(officer, path)
    assert answer.status_code == 422
    assert text in answer.text
    with ready.reading() as session:
        assert session.scalar(select(func.count()).select_from(ImportJob)) == 0


def test_a_workbook_under_another_name_and_no_file_at_all(ready, officer, tmp_path):
    path = books.write(ready, tmp_path / "数据.xlsx", books.SMALL)
    assert send(officer, path, "数据.xlsm").status_code == 422
    answer = officer.post("/work/imports", data={}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "请选择要导入的 Excel 文件" in answer.text


def test_a_refused_file_says_why_on_its_page(ready, settings, officer, tmp_path):
    send(officer, books.raw(tmp_path / "表.xlsx", {"Sheet1": ["a"]}, {}))
    assert work(ready, settings).phase == "refused"
    assert "有不认识的工作表：Sheet1" in officer.get("/work/imports/1").text


def test_the_template_is_a_workbook_with_our_sheets(officer):
    answer = officer.get("/work/imports/template.xlsx")
    assert answer.status_code == 200
    with CalamineWorkbook.from_filelike(io.BytesIO(answer.data)) as book:
        titles = ["机构", "关联关系", "产品", "案例", "人员", "入池", "候选"]
        assert book.sheet_names == ["填写说明", "选项", *titles]
        options = [cell for row in book.get_sheet_by_name("选项").to_python() for cell in row]
        assert {"制造执行系统", books.ROUND, "汽车零部件及配件制造"} <= set(options)


def test_a_checked_file_can_be_given_up(ready, settings, officer, tmp_path):
    send(officer, books.write(ready, tmp_path / "数据.xlsx", books.SMALL))
    work(ready, settings)
    assert officer.post("/work/imports/1/discard", data={"form_key": KEY}).status_code == 303
    assert "已放弃" in officer.get("/work/imports/1").text
    assert officer.post("/work/imports/1/apply", data={"form_key": KEY + "x"}).status_code == 409


def test_only_those_who_may_import(ready, settings, officer, login_as, tmp_path):
    send(officer, books.write(ready, tmp_path / "数据.xlsx", books.SMALL))
    work(ready, settings)
    for role in (Role.DISTRICT_REVIEWER, Role.AUDITOR, Role.PROVIDER_OWNER):
        client = login_as(role)
        assert client.get("/work/imports").status_code == 403
        assert client.get("/work/imports/1/report.xlsx").status_code == 403
        assert client.post("/work/imports/1/apply", data={"form_key": KEY}).status_code == 403
    assert officer.get("/work/imports/99").status_code == 404
    assert officer.get("/work/imports/99999999999999999999").status_code == 404


def test_an_import_of_somebody_who_left_does_not_go_on(ready, settings, officer, tmp_path):
    send(officer, books.write(ready, tmp_path / "数据.xlsx", books.SMALL))
    work(ready, settings)
    officer.post("/work/imports/1/apply", data={"form_key": KEY})
    with ready.unit_of_work() as session:
        session.get_one(User, officer.user.id).active = False

    assert work(ready, settings).phase == "refused"
    with ready.reading() as session:
        job = session.get_one(ImportJob, 1)
        assert job.summary["refusal"] == "办理这次导入的用户已停用，或不再有导入权限"
        assert session.scalar(select(func.count()).select_from(Product)) == 0


def test_imports_of_the_command_line_have_no_page(ready, officer, tmp_path):
    books.load(ready, books.write(ready, tmp_path / "数据.xlsx", books.SMALL))
    assert officer.get("/work/imports/1").status_code == 404


def test_the_worker_starts_a_process_for_a_waiting_job(ready, settings, officer, tmp_path):
    """A program that only notes its arguments stands in for ``marketplace``."""
    note = tmp_path / "note"
    script = tmp_path / "program"
    script.write_text(f'#!/bin/sh\necho "$@" >> {note}\n')
    script.chmod(0o755)
    launcher = uploads.Launcher(ready, [str(script)])
    assert launcher.step() == 0
    send(officer, books.write(ready, tmp_path / "数据.xlsx", books.SMALL))

    assert launcher.step() == 0
    until(lambda: note.exists() and note.read_text())
    for _ in range(3):
        assert launcher.step() == 0
        time.sleep(0.1)
    assert note.read_text() == "import job 1\n"


def test_names_of_uploads_are_shown_and_not_believed(ready, settings, officer, tmp_path):
    path = books.write(ready, tmp_path / "数据.xlsx", books.SMALL)
    send(officer, path, "..\\..\\<b>数据\u202e.xlsx")
    page = officer.get("/work/imports/1").text
    assert "<title>导入：b数据.xlsx - " in page
    assert "\u202e" not in page
    with ready.reading() as session:
        row = session.scalars(select(StoredFile)).one()
        with open_storage(settings.storage_url).open(row.sha256) as file:
            assert file.read() == path.read_bytes()


# ---------------------------------------------------------------- calendar


def test_a_count_is_explained_day_by_day(officer):
    page = officer.get("/work/calendar?start=2024-02-08&count=5").text
    assert "期满日：<strong>2024-02-21（周三）</strong>" in page
    assert "调休上班（春节）" in page
    assert "第5个工作日" in page


def test_a_provisional_year_says_so_and_an_unknown_year_is_refused(officer):
    assert "不能据此发布公示" in officer.get("/work/calendar?start=2026-12-28&count=5").text
    page = officer.get("/work/calendar?start=2027-12-29&count=5").text
    assert "工作日历中没有2028年的数据" in page
    assert "请先在日历中录入该年的放假安排" in page
    assert "应在1至60之间" in officer.get("/work/calendar?start=2026-01-01&count=99").text


def test_staff_enter_a_year_and_seeding_leaves_it_alone(ready, officer):
    sent = {
        "form_key": KEY, "official": "1", "source": "国办发明电〔2027〕1号", "before": "",
        "days": "2028-01-01 放假 元旦\n2028-01-02  上班  调休上班（元旦）",
    }  # fmt: skip
    assert officer.post("/work/calendar/2028/edit", data=sent).status_code == 303
    page = officer.get("/work/calendar/2028").text
    assert "2028-01-01（周六）" in page
    assert "国办发明电〔2027〕1号" in page
    ready.run(seeding.seed_calendar)
    with ready.reading() as session:
        loaded = calendar.load(session)
        assert (loaded.is_working(date(2028, 1, 1)), loaded.is_working(date(2028, 1, 2))) == (
            False, True,
        )  # fmt: skip
        event = session.scalars(select(Event).where(Event.action == "calendar_edit")).one()
        assert (event.subject_id, event.diff["official"]) == (2028, [False, True])


def test_wrong_lines_are_all_named(officer):
    sent = {"form_key": KEY, "official": "1", "before": "",
            "days": "2028-02-30 放假 春节\n2029-01-01 放假 元旦\n随便\n2028-01-01 放假 元旦\n"
                    "2028-01-01 放假 元旦"}  # fmt: skip
    answer = officer.post("/work/calendar/2028/edit", data=sent)
    assert answer.status_code == 422
    for text in (
        "第1行：“2028-02-30”不是日期",
        "第2行：2029-01-01 不在2028年",
        "第3行：请写成",
        "第5行：2028-01-01 写了两次",
    ):
        assert text in answer.text


def test_a_year_changed_meanwhile_is_not_overwritten(ready, officer):
    sent = {"form_key": KEY, "source": "x", "before": "", "days": "2027-01-01 放假 元旦"}
    answer = officer.post("/work/calendar/2027/edit", data=sent)
    assert answer.status_code == 409
    assert "该年的日历已被他人修改" in answer.text
    with ready.reading() as session:
        assert len(calendar.year_of_days(session, 2027).days) == 19


def test_an_official_year_needs_its_ground(officer):
    sent = {"form_key": KEY, "official": "1", "before": "", "days": "2028-01-01 放假 元旦"}
    answer = officer.post("/work/calendar/2028/edit", data=sent)
    assert answer.status_code == 422
    assert "官方安排须填写依据的通知和文号" in answer.text


def test_who_may_read_and_who_may_edit_the_calendar(ready, login_as):
    district = login_as(Role.DISTRICT_REVIEWER)
    assert district.get("/work/calendar").status_code == 200
    assert district.get("/work/calendar/2026").status_code == 200
    assert district.get("/work/calendar/2026/edit").status_code == 403
    assert login_as(Role.ENTERPRISE).get("/work/calendar").status_code == 403
    assert district.get("/work/calendar/1066").status_code == 404
