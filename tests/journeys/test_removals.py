"""J9 from the failed evaluation on, through the pages: rectification, removal, replacement.

Qingdao with its hearing, three bureaus and notice; the other four programmes each with its own
steps, days and bans (domain.md §3.2-3.5).
"""

import io
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.models import Ban, Candidacy, Membership, Replacement
from marketplace.phases import ProceedingKind
from marketplace.services.proceedings import exits, proceedings_tick
from marketplace.services.webhooks import signing
from tests import factories
from tests.support import sample_files
from tests.support.proceedings_pages import plain, town
from tests.support.receiver import Receiver, receiving
from tests.support.world_proceedings import BUREAUS, Time
from tests.support.world_webhooks import SECRET, fan_out, make_endpoint, sender

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


def bans(database) -> list[tuple[str, date, date | None]]:
    with database.reading() as session:
        rows = session.scalars(select(Ban).order_by(Ban.id))
        return [(row.reason_code, row.since, row.until) for row in rows]


def waiting(database, made) -> tuple[list[int], int]:
    """Two of the reserve, the better second, and a place of the firm in another segment."""
    with database.unit_of_work() as session:
        providers = [factories.make_provider(session) for _ in range(2)]
        for provider, (rank, score) in zip(providers, ((2, 70), (1, 81)), strict=True):
            factories.make_candidacy(session, made.round, provider, rank=rank, score=score)
            for _ in range(3):
                factories.make_case(session, provider, segment="home_appliance")
        other = factories.make_membership(
            session, made.round, made.provider, type="product", segment="auto_parts"
        )
        return [provider.id for provider in providers], other.id


@pytest.fixture
def outside(database) -> Iterator[Receiver]:
    """A system outside that is told of all this, at two addresses."""
    with receiving() as receiver:
        with database.unit_of_work() as session:
            for number in range(2):
                make_endpoint(session, f"{receiver.origin}/{number}")
        yield receiver


def test_qingdao_from_the_order_to_mend_to_the_next_of_the_reserve(
    database, login_as, time, settings, outside
):
    here, made = town(database, login_as, time, factories.QINGDAO)
    seats, kept = waiting(database, made)
    case = here.open("officer", "rectification", "X03")
    assert here.place() == ("rectifying", 1)
    page = here.who("owner").get(f"/providers/{here.provider}")
    assert "警告" in plain(page)
    here.step("owner", case, "submit_plan", text="三月底前补齐")
    time.set(here.case(case).due_at)
    assert here.who("owner").get(f"/p/proceedings/{case}/report_mended").status_code == 409
    assert proceedings_tick.run(database) == 1
    assert proceedings_tick.run(database) == 0
    removal = here.newest()
    assert (removal.kind, removal.cause, here.place()) == ("removal", "X05", ("suspended", 1))

    here.step("officer", removal.id, "open_hearing")
    here.step("owner", removal.id, "reply", text="已完成大部分整改")
    here.step("officer", removal.id, "ask_bureaus")
    for bureau in ("leader", BUREAUS[1], BUREAUS[2]):
        here.step(bureau, removal.id, "opine", agrees="1", text="同意移出")
    here.step("leader", removal.id, "decide", document_no="测试〔2026〕8号")
    here.step("officer", removal.id, "open_notice")
    notice = here.publish()
    assert (notice.working_days, notice.ends_on) == (5, date(2026, 4, 10))
    here.finish(notice)
    today = clock.today()
    assert here.place() == ("removed", 0)
    assert bans(database) == [("X05", today, today.replace(year=2027) - timedelta(days=1))]
    with database.reading() as session:
        assert session.get_one(Membership, here.membership).public_reason == "限期整改未完成"
        assert session.get_one(Membership, kept).state == "listed"
        row = session.scalars(select(Replacement)).one()

    page = plain(here.who("officer").get(f"/work/replacements/{row.id}"))
    assert "得分 81.00" in page
    with database.reading() as session:
        first = session.scalars(select(Candidacy).where(Candidacy.rank == 1)).one()
    here.ok(
        here.who("officer"), f"/work/replacements/{row.id}/choose", candidacy=str(first.id),
        check_eligibility="符合", check_credit_report="2026-04-10", reason="得分第一",
    )  # fmt: skip
    with database.reading() as session:
        quota = session.get_one(Membership, here.membership).quota_id
        cell = session.get_one(type(made.membership.quota), quota)
        assert (cell.used, cell.held) == (0, 1)
    second = here.publish()
    assert (second.kind, second.working_days) == ("replacement", 5)
    here.finish(second, by="officer")
    with database.reading() as session:
        row = session.get_one(Replacement, row.id)
        listed = session.get_one(Membership, row.listed_id)
        assert (row.state, listed.state, listed.provider_id) == ("filled", "listed", seats[1])
        cell = session.get_one(type(made.membership.quota), quota)
        assert (cell.used, cell.held) == (1, 0)
    letters = plain(here.who("owner").get(f"/p/proceedings/{removal.id}"))
    assert "移出决定书" in letters
    _told_once(database, settings, outside, here)


def _told_once(database, settings, receiver, here):
    """J9: what the public saw was told to each system outside once, genuine and in order."""
    for _ in range(2):
        fan_out(database)
        turns = sender(database, settings, receiver.origin)
        turns.step()
        turns.wait()
    for number in range(2):
        got = [one for one in receiver.got if one.path == f"/{number}"]
        assert [one.json["type"] for one in got] == [
            "provider.warned", "provider.suspended", "notice.published", "provider.removed",
            "notice.closed", "notice.published", "provider.listed", "notice.closed",
        ]  # fmt: skip
        removed = got[3].json["data"]
        assert (removed["provider"]["id"], removed["place"]["id"], removed["way"]) == (
            here.provider, here.membership, "removed",
        )  # fmt: skip
        for one in got:
            stamp = int(one.headers["webhook-timestamp"])
            genuine = signing.headers([SECRET], one.id, stamp, one.body)
            assert one.headers["webhook-signature"] == genuine["webhook-signature"]
            forged = signing.headers([signing.new_secret()], one.id, stamp, one.body)
            assert one.headers["webhook-signature"] != forged["webhook-signature"]
    feed = here.who("owner").get("/notices.rss").text
    assert feed.count("<item>") == 2


def test_qingdao_mends_on_the_last_day_and_is_back(database, login_as, time):
    here, _ = town(database, login_as, time, factories.QINGDAO)
    case = here.open("officer", "rectification", "X03")
    here.step("owner", case, "submit_plan", text="方案")
    here.step("owner", case, "ask-extension", days="5", reason="停产检修")
    here.step("officer", case, "extend", days="5")
    time.set(here.case(case).due_at - timedelta(seconds=1))
    assert here.case(case).extended_days == 5
    refused = here.send(here.who("owner"), f"/p/proceedings/{case}/report_mended", text="完成")
    assert refused.status_code == 422
    assert "请上传附件" in plain(refused)
    assert here.case(case).phase == "provider"
    page = f"/p/proceedings/{case}/report_mended"
    here.ok(here.who("owner"), page, text="完成", proceeding_answer=_paper())
    here.step("district", case, "check_pass")
    here.step("officer", case, "confirm_mended")
    assert here.place() == ("listed", 1)
    assert here.who("auditor").get(f"/work/proceedings/{case}").status_code == 200
    assert here.who("auditor").post(f"/work/proceedings/{case}/extend").status_code == 403


def _paper() -> tuple[io.BytesIO, str]:
    return io.BytesIO(sample_files.pdf()), "报告.pdf"


def test_liaocheng_removes_in_two_steps_and_bans_for_three_years(database, login_as, time):
    here, _ = town(
        database, login_as, time, "lc-2021", cities=("聊城市",), valid_until=date(2027, 2, 28)
    )
    path = f"/work/memberships/{here.membership}/proceedings/removal"
    alone = here.send(
        here.who("officer"), path, cause="X03", findings="服务质量检查不合格", reason="检查不合格"
    )
    assert (alone.status_code, "须由区市或第三方提出" in plain(alone)) == (422, True)
    unnumbered = here.send(
        here.who("district"), path, cause="X03", findings="服务质量检查不合格", reason="检查不合格"
    )
    assert (unnumbered.status_code, "请填写提出撤销的文号" in plain(unnumbered)) == (422, True)
    unproved = here.send(
        here.who("district"), path, cause="X03", findings="服务质量检查不合格",
        reason="检查不合格", document_no="县工信〔2026〕3号",
    )  # fmt: skip
    assert (unproved.status_code, "请上传证据材料" in plain(unproved)) == (422, True)
    case = here.open("district", "removal", "X03", document_no="县工信〔2026〕3号")
    assert here.place() == ("titled", 1)
    here.step("officer", case, "verify")
    # 第二十条：查实前称号仍然有效。
    assert here.place() == ("removal_proposed", 1)
    assert here.who("officer").get(f"/work/proceedings/{case}/open_hearing").status_code == 409
    here.step("leader", case, "announce", document_no="聊工信〔2026〕5号")
    today = clock.today()
    assert (here.place(), here.case(case).state) == (("revoked", 0), "removed")
    assert bans(database) == [("X03", today, today.replace(year=2027) - timedelta(days=1))]

    # 第二十一条：市级抽查查实违法违规，撤销，3年内不得申报。
    there, _ = town(database, login_as, time, "lc-2021", cities=("聊城市",))
    spot = there.open("officer", "removal", "X02")
    there.step("officer", spot, "verify")
    there.step("leader", spot, "announce", document_no="聊工信〔2026〕6号")
    assert bans(database)[1] == ("X02", today, today.replace(year=2029) - timedelta(days=1))
    assert there.who("officer").get(
        f"/work/memberships/{there.membership}/proceedings/rectification"
    ).status_code == 409  # fmt: skip


def test_chongqing_reviews_after_three_years_and_notices_for_seven_days(database, login_as, time):
    here, _ = town(database, login_as, time, "cq-2013", listed_on=date(2023, 5, 8))
    # 第十四条：与年度申报同时，2月底前；提前60天通知。
    time.on(date(2025, 12, 30))
    assert proceedings_tick.run(database) == 1
    review = here.newest()
    assert (review.kind, review.due_at) == ("re_review", clock.end_of_day(date(2026, 2, 28)))
    page = plain(here.who("owner").get(f"/p/proceedings/{review.id}"))
    assert "复核通知书" in page
    here.ok(here.who("owner"), f"/p/proceedings/{review.id}/send_papers", text="三年总结等",
            proceeding_answer=_paper())  # fmt: skip
    here.step("district", review.id, "recommend_two")
    assert here.who("district").get(
        f"/work/proceedings/{review.id}/recommend_three").status_code in (403, 409)  # fmt: skip
    here.step("officer", review.id, "fail_review")
    removal = here.newest()
    assert (removal.kind, removal.cause, removal.predecessor_id) == ("removal", "X04", review.id)
    assert here.place() == ("titled", 1)
    here.step("officer", removal.id, "open_notice")
    notice = here.publish()
    assert notice.working_days == 7
    here.finish(notice)
    today = clock.today()
    assert here.place() == ("revoked", 0)
    assert bans(database) == [("X04", today, today.replace(year=2027) - timedelta(days=1))]

    there, _ = town(database, login_as, time, "cq-2013", listed_on=date(2023, 5, 8))
    time.on(date(2026, 2, 20))
    assert proceedings_tick.run(database) == 1
    passed = there.newest()
    there.ok(there.who("owner"), f"/p/proceedings/{passed.id}/send_papers", text="三年总结等",
             proceeding_answer=_paper())  # fmt: skip
    there.step("district", passed.id, "recommend_two")
    there.step("officer", passed.id, "confirm_review", document_no="渝中小企〔2026〕1号")
    assert (there.case(passed.id).state, there.place()) == ("confirmed", ("titled", 1))
    with database.reading() as session:
        assert exits.due_for_review(session, date(2028, 12, 1)) == []
        ((_, due),) = exits.due_for_review(session, date(2029, 1, 15))
    assert due == date(2029, 2, 28)


def test_zhejiang_renews_after_three_years_through_three_levels_or_the_title_ends(
    database, login_as, time
):
    end = date(2026, 5, 20)
    here, _ = town(database, login_as, time, "zj-2021", cities=("青岛市",),
                   listed_on=date(2023, 5, 21), valid_until=end)  # fmt: skip
    time.on(date(2026, 3, 20))
    assert proceedings_tick.run(database) == 0
    time.on(date(2026, 3, 21))
    assert proceedings_tick.run(database) == 1
    review = here.newest()
    assert (review.kind, review.cause, review.due_at) == ("re_review", "X11", clock.end_of_day(end))
    here.ok(here.who("owner"), f"/p/proceedings/{review.id}/send_papers", text="继续申报",
            proceeding_answer=_paper())  # fmt: skip
    here.step("district", review.id, "recommend_three")
    here.step("officer", review.id, "recommend_up")
    here.step("officer", review.id, "confirm_review", document_no="浙经信〔2026〕2号")
    with database.reading() as session:
        row = session.get_one(Membership, here.membership)
        assert (row.listed_on, row.valid_until, row.state) == (
            date(2023, 5, 21), date(2029, 5, 20), "titled",
        )  # fmt: skip

    there, _ = town(database, login_as, time, "zj-2021", cities=("青岛市",),
                    listed_on=date(2023, 5, 21), valid_until=end)  # fmt: skip
    assert proceedings_tick.run(database) == 1
    time.set(clock.end_of_day(end))
    assert proceedings_tick.run(database) == 1
    assert there.place() == ("expired", 0)
    assert bans(database) == []
    # 期满失效不是移出：原因X11，下一年度可以再申报。
    with database.reading() as session:
        assert session.get_one(Membership, there.membership).reason_code == "X11"


def test_zaozhuang_hears_third_parties_and_re_evaluates_after_three_years(database, login_as, time):
    here, _ = town(database, login_as, time, "zz-2021", cities=("枣庄市",), year=2023,
                   listed_on=date(2023, 6, 1), valid_until=date(2026, 5, 31))  # fmt: skip
    case = here.open("officer", "removal", "X01", proposer="third_party", proposer_name="衡鉴评测")
    here.step("officer", case, "verify")
    here.step("leader", case, "announce", document_no="枣工信〔2026〕4号")
    today = clock.today()
    assert here.place() == ("revoked", 0)
    assert bans(database) == [("X01", today, today.replace(year=2029) - timedelta(days=1))]

    there, _ = town(database, login_as, time, "zz-2021", cities=("枣庄市",), year=2023,
                    listed_on=date(2023, 6, 1), valid_until=date(2026, 5, 31))  # fmt: skip
    time.on(date(2026, 4, 2))
    assert proceedings_tick.run(database) == 1
    review = there.newest()
    assert review.kind == ProceedingKind.RE_REVIEW
    there.ok(there.who("owner"), f"/p/proceedings/{review.id}/send_papers", text="复评材料",
             proceeding_answer=_paper())  # fmt: skip
    there.step("district", review.id, "recommend_two")
    there.step("officer", review.id, "fail_review")
    assert there.place() == ("expired", 0)


def test_a_provider_leaves_after_its_days_of_notice(database, login_as, time):
    here, _ = town(database, login_as, time, factories.QINGDAO)
    where = here.ok(
        here.who("owner"), "/p/proceedings/withdrawal", membership=str(here.membership),
        reason="业务调整",
    )  # fmt: skip
    case = int(where.rpartition("/")[2])
    here.step("officer", case, "accept_request")
    assert here.case(case).due_at == clock.end_of_day(clock.today() + timedelta(days=30))
    early = here.who("officer").get(f"/work/proceedings/{case}/complete")
    assert (early.status_code, "期满后才能办理" in plain(early)) == (409, True)
    time.set(here.case(case).due_at)
    here.step("officer", case, "complete")
    assert here.place() == ("withdrawn", 0)
    assert bans(database) == []
