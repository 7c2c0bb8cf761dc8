"""Pages of case files: strangers see nothing, wrong states are told, queries stay constant."""

import pytest
from sqlalchemy import select

from marketplace.models import Membership, Proceeding, Round
from marketplace.phases import ProceedingKind, Role
from marketplace.services.proceedings import proceedings
from marketplace.services.proceedings.proceedings_checks import Details
from marketplace.workflow import LOADING
from tests import factories
from tests.support.proceedings_pages import plain, town
from tests.support.statements import asked
from tests.support.world_proceedings import WHY

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MOST = {"/work/proceedings": 6, "/work/appeals": 6, "/work/replacements": 6}


def test_letters_files_and_pages_are_for_those_concerned(database, login_as, time):
    here, _ = town(database, login_as, time, factories.QINGDAO)
    case = here.open("officer", "suspension", "X17")
    owner = here.who("owner")
    page = owner.get(f"/p/proceedings/{case}")
    assert "暂停通知书" in plain(page)
    letter = page.text.partition("/letters/")[2].partition(".docx")[0]
    for kind, begins in (("docx", b"PK"), ("pdf", b"%PDF")):
        answer = owner.get(f"/p/proceedings/{case}/letters/{letter}.{kind}")
        assert (answer.status_code, answer.data[: len(begins)]) == (200, begins)
    assert owner.get(f"/p/proceedings/{case}/letters/{letter}.exe").status_code == 404
    stranger = login_as(Role.PROVIDER_OWNER)
    for path in (f"/p/proceedings/{case}", f"/p/proceedings/{case}/letters/{letter}.pdf",
                 f"/p/appeals/new/proceedings/{case}"):  # fmt: skip
        assert stranger.get(path).status_code == 404, path

    filed = here.ok(owner, f"/p/appeals/new/proceedings/{case}", text="名单中的不是本公司")
    appeal = int(filed.rpartition("/")[2])
    assert stranger.get(f"/p/appeals/{appeal}").status_code == 404
    seat = here.who("leader").get(f"/work/appeals/{appeal}/panel")
    assert (seat.status_code, here.who("officer").get(
        f"/work/appeals/{appeal}/decision").status_code) == (200, 409)  # fmt: skip
    assert here.who("owner").get(f"/p/appeals/new/proceedings/{case}").status_code == 409


def test_a_stale_page_and_a_wrong_step_are_conflicts(database, login_as, time):
    here, _ = town(database, login_as, time, factories.QINGDAO)
    case = here.open("officer", "suspension", "X17")
    officer = here.who("officer")
    stale = here.send(officer, f"/work/proceedings/{case}/lift", version="99", reason="误判")
    assert (stale.status_code, "内容已被他人更新" in plain(stale)) == (409, True)
    assert here.place() == ("suspended", 1)
    for step, status in (("announce", 404), ("supersede", 404), ("confirm_suspension", 409)):
        assert officer.get(f"/work/proceedings/{case}/{step}").status_code == status, step
    assert here.who("district").get(f"/work/proceedings/{case}/lift").status_code == 403


@pytest.mark.timeout(300)
def test_as_many_queries_for_fifty_rows_as_for_five(database, login_as, time):
    here, made = town(database, login_as, time, factories.QINGDAO)

    def counts() -> dict[str, int]:
        client = here.who("officer")
        with database.reading() as session:
            last = session.scalars(select(Proceeding.id).order_by(Proceeding.id.desc())).first()
        paths = {path: path for path in MOST} | {"case": f"/work/proceedings/{last}"}
        return {name: asked(client, path) for name, path in paths.items()}

    results = []
    for number in (5, 15):
        with database.unit_of_work() as session:
            round_ = session.get_one(Round, session.get_one(Membership, here.membership).round_id)
            quota = factories.quota_of(session, round_, "product", "home_appliance")
            quota.cap = 200
            for _ in range(number):
                row = factories.make_membership(session, round_, factories.make_provider(session))
                found = session.get_one(Membership, row.id, options=LOADING[Membership])
                proceedings.open(
                    session, made.officer, found, ProceedingKind.SUSPENSION, "X17", WHY, Details()
                )
        results.append(counts())
    assert results[0] == results[1]
    assert {path: n for path, n in results[0].items() if n > MOST.get(path, 10)} == {}, results[0]
