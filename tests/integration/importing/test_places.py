"""Places asked for by a file: refused at the check for what admission would refuse them for."""

import random
from datetime import date

import pytest
from sqlalchemy import func, select

from marketplace import clock
from marketplace.models import Ban, Candidacy, Event, Membership, Organisation, Round
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import Role, RoundPhase, SelectionPhase
from marketplace.services.importing import rehearsal
from marketplace.services.importing.rehearsal import FROM_THE_FILE
from tests import factories
from tests.integration.importing import books
from tests.integration.importing.books import ALPHA, BETA, GAMMA

OFFICER = Actor(role=Role.CITY_OFFICER, name="经办人")
SEGMENTS = ("auto_parts", "rail_equipment", "home_appliance", "general_parts")
BANNED = {"standing": "exited", "reason_code": "X01", "reason": "查实", "document_no": "一号"}


def messages(store, path, actor=SYSTEM):
    return books.errors(store, books.check(store, path, actor))


def pool_book(store, tmp_path, memberships, candidacies=(), affiliates=(), **firms):
    """A workbook with providers, their links and their places; ``firms``: columns by code."""
    linked = {row[name] for row in affiliates for name in ("uscc", "affiliate_uscc")}
    codes = sorted({row["uscc"] for row in (*memberships, *candidacies)} | linked)
    rows = {
        "organisations": [
            books.provider(code, f"青岛池{code[-4:]}软件有限公司", **firms.get(code, {}))
            for code in codes
        ],
        "affiliates": list(affiliates),
        "memberships": list(memberships),
        "candidacies": list(candidacies),
    }
    return books.write(store, tmp_path / "池.xlsx", rows)


def test_more_members_than_places(store, tmp_path):
    firms = [factories.uscc(9200000 + number) for number in range(23)]
    members = [books.membership(code, "home_appliance") for code in firms]
    members[4].update(standing="exited", reason_code="X10", reason="自愿退出")
    held = [books.candidacy(factories.uscc(9300001), "home_appliance", phase="publicity")]
    found = messages(store, pool_book(store, tmp_path, members, held))

    full = "“小快轻准”产品型服务商 · 家用电器及配件制造：名额已满（上限20，已用20）" + FROM_THE_FILE
    assert found == {
        ("memberships", 23): full, ("memberships", 24): full, ("candidacies", 2): full,
    }  # fmt: skip


def test_places_of_affiliates_beside_each_other(store, tmp_path):
    link = {"uscc": BETA, "affiliate_uscc": ALPHA, "relation": "parent"}
    members = [books.membership(ALPHA, "home_appliance"), books.membership(BETA, "auto_parts")]
    found = messages(store, pool_book(store, tmp_path, members, affiliates=[link]))
    assert found == {
        ("memberships", 3): f"关联单位“青岛池{ALPHA[-4:]}软件有限公司”已在池或拟入池，"
        f"同一主体不得重复参与{FROM_THE_FILE}"
    }


@pytest.mark.parametrize(
    ("given", "actor", "message"),
    [
        ({"type": "platform"}, SYSTEM, "服务商类型：这个批次没有这个类型"),
        ({"segment": "general"}, SYSTEM, "细分行业：这个批次没有这个细分行业"),
        ({"standing": "warned"}, SYSTEM, "理由：状态不是“在池”时必填"),
        ({"standing": "exited", "reason": "x"}, SYSTEM,
         "在池状态：这个批次没有这种状态，或与所填原因不符"),
        ({"standing": "exited", "reason": "x", "reason_code": "X01", "document_no": ""}, SYSTEM,
         "文号：这种状态须有依据文号"),
        ({"standing": "exited", "reason": "x", "reason_code": "X01"}, OFFICER,
         "在池状态：您没有“移出”的权限，请先以在池导入，再由签发人办理"),
        ({"waiver": "专家同意"}, OFFICER, "豁免理由：请由签发人先在系统中登记豁免，文件中不填"),
        ({"valid_until": date(2020, 1, 1)}, SYSTEM, "有效期至：不能早于入池日期"),
        ({"exited_on": date(2025, 6, 30)}, SYSTEM, "退出日期：状态是“退出”时才填写"),
        ({**BANNED, "exited_on": date(2024, 2, 1)}, SYSTEM, "退出日期：不能早于入池日期"),
        ({**BANNED, "exited_on": date(2999, 1, 1)}, SYSTEM, "退出日期：不能晚于今天"),
        ({"rectify_by": date(2025, 6, 30)}, SYSTEM, "整改期限：状态是“限期整改”时才填写"),
        ({"round": "没有的批次"}, SYSTEM,
         "批次：“没有的批次”不在选项中，可填：青岛第一批"),
    ],
)  # fmt: skip
def test_wrong_places(store, tmp_path, given, actor, message):
    members = [{**books.membership(ALPHA, "home_appliance"), **given}]
    path = pool_book(store, tmp_path, members)
    assert messages(store, path, actor) == {("memberships", 2): message}


def test_places_that_exist_need_no_permission_again(store, tmp_path):
    """An officer may repeat what a leader imported: nothing is asked for."""
    members = [
        books.membership(ALPHA, segment)
        for segment in ("home_appliance", "auto_parts", "rail_equipment")
    ]
    members[0].update(standing="exited", reason="查实", reason_code="X01")
    members[2].update(waiver="案例成熟")
    path = pool_book(store, tmp_path, members)
    assert books.load(store, path).summary["memberships"] == {"applied": 3}
    again = books.load(store, path, OFFICER)
    assert again.summary["memberships"] == {"unchanged": 3}


def test_former_members_only_pass_through_a_full_cell(store, tmp_path):
    firms = [factories.uscc(9400000 + number) for number in range(21)]
    members = [books.membership(code, "home_appliance") for code in firms]
    members[20].update(standing="exited", reason_code="X10", reason="自愿退出")
    job = books.load(store, pool_book(store, tmp_path, members))
    assert job.summary["memberships"] == {"applied": 21}
    with store.reading() as session:
        phases = session.execute(
            select(Membership.phase, func.count()).group_by(Membership.phase)
        ).all()
        assert sorted(tuple(row) for row in phases) == [("exited", 1), ("listed", 20)]


def test_places_that_exist_are_left_to_their_managers(store, book, tmp_path):
    books.load(store, book)
    rows = books.small()
    rows["memberships"][0].update(standing="suspended", reason="另有说法")
    rows["candidacies"][0].update(phase="publicity")
    job = books.load(store, books.write(store, tmp_path / "二.xlsx", rows))
    assert job.summary["memberships"] == {"unchanged": 2, "kept": 1}
    assert books.errors(store, job) == {
        ("memberships", 2): "已保留人工修改：在池状态",
        ("candidacies", 2): "已保留人工修改：阶段",
    }
    with store.reading() as session:
        assert session.scalars(select(Candidacy.phase)).one() == "reserve"


def test_every_rule_of_admission_is_asked_at_the_check(store, tmp_path):
    """Each row against what the rows before leave; rows that are refused take no place."""
    delta, epsilon = factories.uscc(9500001), factories.uscc(9500002)
    members = [
        books.membership(ALPHA, "home_appliance"),
        books.membership(ALPHA, "auto_parts"),
        books.membership(ALPHA, "rail_equipment"),
        books.membership(ALPHA, "general_parts", waiver="案例成熟，经会商同意"),
        books.membership(BETA, "auto_parts", type="chain_leader", chain_mode="self_led"),
        books.membership(BETA, "home_appliance", type="chain_leader", chain_mode="self_led"),
        books.membership(BETA, "home_appliance"),
        books.membership(delta, "auto_parts", **BANNED, exited_on=date(2025, 1, 1)),
        books.membership(delta, "rail_equipment", listed_on=date(2025, 1, 2)),
        books.membership(epsilon, "rail_equipment", listed_on=date(2025, 1, 2)),
    ]
    link = {"uscc": epsilon, "affiliate_uscc": ALPHA, "relation": "parent"}
    path = pool_book(
        store, tmp_path, members, affiliates=[link], **{BETA: {"segment": "home_appliance"}}
    )
    assert messages(store, path) == {
        ("memberships", 4): "该服务商已在2个细分行业（汽车零部件及配件制造、家用电器及配件制造），"
        f"原则上最多2个；确需入池的，由签发人先登记豁免{FROM_THE_FILE}",
        ("memberships", 6): "只能申报本行业方向：该单位登记的行业是“家用电器及配件制造”",
        ("memberships", 8): "“小快轻准”产品型服务商与已在池的“链主”企业型服务商不能兼任；"
        f"确需入池的，由签发人先登记豁免{FROM_THE_FILE}",
        ("memberships", 10): f"该服务商处于禁报期至2027-12-31{FROM_THE_FILE}",
        ("memberships", 11): f"关联单位“青岛池{ALPHA[-4:]}软件有限公司”已在池或拟入池，"
        f"同一主体不得重复参与{FROM_THE_FILE}",
    }
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Organisation)) == 0


def test_what_is_stored_stands_against_a_row_as_well(store, tmp_path):
    """A ban, a closed round, a full cell, an affiliate's decided place: none is from the file."""
    delta, epsilon = factories.uscc(9500001), factories.uscc(9500002)
    with store.unit_of_work() as session:
        round_ = session.scalars(select(Round)).one()
        firms = {
            code: factories.make_provider(session, factories.make_organisation(session, uscc=code))
            for code in (ALPHA, BETA, GAMMA, delta, epsilon)
        }
        alpha = firms[ALPHA].organisation
        session.add(
            Ban(
                organisation_id=alpha.id, programme_id=round_.programme_id, reason_code="X01",
                since=date(2024, 1, 1), until=date(2026, 12, 31),
            )
        )  # fmt: skip
        factories.make_affiliation(session, firms[BETA].organisation, firms[GAMMA].organisation)
        factories.make_candidacy(session, round_, firms[GAMMA], phase=SelectionPhase.PUBLICITY)
        for _ in range(3):
            factories.make_membership(
                session, round_, factories.make_provider(session),
                type="chain_leader", segment="auto_parts",
            )  # fmt: skip
        gamma_name = firms[GAMMA].organisation.name
    members = [
        books.membership(ALPHA, "home_appliance"),
        books.membership(BETA, "auto_parts"),
        books.membership(delta, "auto_parts", type="chain_leader", chain_mode="self_led"),
    ]
    rows = {"memberships": members}
    path = books.write(store, tmp_path / "池.xlsx", rows)
    assert messages(store, path) == {
        ("memberships", 2): "该服务商处于禁报期至2026-12-31",
        ("memberships", 3): f"关联单位“{gamma_name}”已在池或拟入池，同一主体不得重复参与",
        ("memberships", 4): "“链主”企业型服务商 · 汽车零部件及配件制造：名额已满（上限3，已用3）",
    }
    with store.unit_of_work() as session:
        session.scalars(select(Round).order_by(Round.id)).first().phase = RoundPhase.CLOSED.value
        session.scalars(select(Ban)).one().lifted_on = date(2024, 2, 1)
    closed = "青岛第一批已经关闭"
    assert messages(store, path) == {
        ("memberships", 2): closed,
        ("memberships", 3): f"{closed}；关联单位“{gamma_name}”已在池或拟入池，同一主体不得重复参与",
        ("memberships", 4): f"{closed}；“链主”企业型服务商 · 汽车零部件及配件制造："
        "名额已满（上限3，已用3）",
    }


def crowd(seed):
    """Rows of few firms that get in each other's way in every fashion."""
    chance = random.Random(seed)
    firms = [factories.uscc(9600000 + number) for number in range(8)]
    links = [{"uscc": firms[0], "affiliate_uscc": firms[1], "relation": "branch"},
             {"uscc": firms[1], "affiliate_uscc": firms[2], "relation": "parent"}]  # fmt: skip
    places = [
        (code, type_, segment)
        for code in firms
        for type_ in ("product", "integrator", "chain_leader")
        for segment in SEGMENTS
    ]
    members = []
    for code, type_, segment in chance.sample(places, 60):
        row = books.membership(code, segment, type=type_)
        row["listed_on"] = date(2024 + chance.randrange(3), 3, 1)
        row["valid_until"] = None
        row["waiver"] = chance.choice(["", "", "", "经会商同意"])
        if chance.random() < 0.15:
            row |= {**BANNED, "listed_on": date(2024, 3, 1), "exited_on": date(2025, 6, 30)}
        members.append(row)
    own = {code: {"segment": chance.choice(["", *SEGMENTS])} for code in firms}
    return members, links, own


def test_the_check_refuses_exactly_what_applying_would(store, tmp_path, monkeypatch):
    """The control: without the rehearsal the same rows fail one by one, for the same reasons."""
    members, links, own = crowd(4)
    path = pool_book(store, tmp_path, members, affiliates=links, **own)
    found = messages(store, path)
    monkeypatch.setattr(rehearsal.Rehearsal, "play", lambda self, source: [])

    job = books.load(store, path)

    failed = books.errors(store, job)
    assert {place: text.replace(FROM_THE_FILE, "") for place, text in found.items()} == failed
    counts = job.summary["memberships"]
    assert (counts["failed"], counts["applied"]) == (len(found), 60 - len(found))
    reasons = "".join(found.values())
    words = ("关联单位", "原则上最多", "本行业方向", "不能兼任", "禁报期")
    assert [word for word in words if word not in reasons] == []


def test_dates_of_the_past_are_applied_as_stated(store, tmp_path):
    """The exit, the ban that it begins, and the last day of a rectification."""
    members = [
        books.membership(ALPHA, "home_appliance", **BANNED, exited_on=date(2025, 6, 30)),
        books.membership(
            BETA, "auto_parts", standing="rectifying", reason="评价不合格",
            rectify_by=date(2025, 9, 30),
        ),
        books.membership(GAMMA, "auto_parts", **{**BANNED, "reason_code": "X10"}),
    ]  # fmt: skip
    books.load(store, pool_book(store, tmp_path, members))

    with store.reading() as session:
        rows = {row.segment + row.phase: row for row in session.scalars(select(Membership))}
        gone, rectifying = rows["home_applianceexited"], rows["auto_partsrectifying"]
        assert (gone.exited_on, gone.rectify_by) == (date(2025, 6, 30), None)
        assert (rectifying.exited_on, rectifying.rectify_by) == (None, date(2025, 9, 30))
        assert rows["auto_partsexited"].exited_on == clock.today()
        ban = session.scalars(select(Ban)).one()
        assert (ban.since, ban.until, ban.membership_id) == (
            date(2025, 6, 30), date(2028, 6, 29), gone.id,
        )  # fmt: skip
        [event] = session.scalars(
            select(Event).where(Event.subject_id == gone.id, Event.to_state == gone.state)
        )
        assert event.diff == {"exited_on": "2025-06-30"}
