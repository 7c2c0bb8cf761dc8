"""The five programmes of the project: complete, clean, and what the notices say."""

from collections.abc import Mapping
from datetime import date

import pytest

from marketplace.programmes import conditions, vocabulary
from marketplace.programmes.checks import check_all
from marketplace.programmes.kinds import ConflictKind, Severity
from marketplace.programmes.library import Library
from marketplace.programmes.schema import Programme
from marketplace.programmes.snapshot import from_snapshot, to_snapshot
from tests.unit.programmes.conftest import CONFIG, EXTRA
from tests.unit.programmes.test_checks import NAMES

# Every id of the domain research, parts 2 and 3 (a letter or number after a dash continues one).
IDS = {
    "qd-2024": """
        QD-S1 QD-S2 QD-Q1 QD-Q2 QD-Q3 QD-T1 QD-T2 QD-T3 QD-B1 QD-B2 QD-B3 QD-B4 QD-B5 QD-B6 QD-B7
        QD-B8 QD-B9 QD-B10 QD-B11 QD-B12a QD-B12b QD-B12c QD-B13 QD-I1 QD-I2 QD-I3 QD-I4 QD-I5
        QD-P1 QD-P2 QD-P3 QD-P4 QD-C1 QD-C2 QD-C3 QD-C4 QD-C5 QD-F1 QD-F2 QD-F3 QD-F4 QD-F5 QD-F6
        QD-F7 QD-F8 QD-F9 QD-F10 QD-M1-1 QD-M1-2 QD-M1-3 QD-M1-4
    """,
    "zz-2021": "ZZ-Q1 ZZ-Q2 ZZ-E1 ZZ-E2 ZZ-E3 ZZ-E4 ZZ-E5 ZZ-E6 ZZ-E7 ZZ-M1-12 ZZ-F1 ZZ-F2 ZZ-F3",
    "zj-2021": """
        ZJ-E1 ZJ-E2 ZJ-E3 ZJ-E4 ZJ-E5 ZJ-E6 ZJ-E7 ZJ-F1 ZJ-F2 ZJ-F3 ZJ-F4 ZJ-F5 ZJ-Q1 ZJ-D1 ZJ-D2
        ZJ-D3 ZJ-P1 ZJ-P2 ZJ-P3 ZJ-M1-5
    """,
    "lc-2021": """
        LC-E1 LC-E2 LC-E3 LC-E4 LC-E5 LC-R1 LC-F1 LC-F2 LC-F3 LC-F4 LC-F5 LC-F6 LC-F7 LC-M1-13
        LC-P1 LC-P2 LC-D1 LC-X1 LC-X2
    """,
    "cq-2013": """
        CQ-E1 CQ-E2 CQ-E3 CQ-E4 CQ-E5 CQ-R1 CQ-M1-10 CQ-D1 CQ-P1 CQ-P2 CQ-P3 CQ-X1
    """,
}


def test_all_files_are_clean(library: Library) -> None:
    """As on 1 June 2024, when only Zhejiang's notice of 2021 had run out."""
    found = check_all(library, NAMES, date(2024, 6, 1))
    assert [(f.message, f.fatal) for f in found] == [("文件已于 2021-12-31 到期", False)]
    assert sorted(library.programmes) == [
        "cq-2013", "lc-2021", "qd-2024", "xm-2024", "zj-2021", "zz-2021",
    ]  # fmt: skip


@pytest.mark.parametrize("programme_id", IDS)
def test_every_rule_of_the_notice_is_there(
    programmes: Mapping[str, Programme], programme_id: str
) -> None:
    found = set(programmes[programme_id].clause_ids())
    assert set(IDS[programme_id].split()) - found == set()


def test_every_clause_cites_its_article(programmes: Mapping[str, Programme]) -> None:
    for programme in programmes.values():
        for clause in programme.clauses():
            assert clause.article, clause.id
            # The notice's own words, or openly ours.
            assert clause.quote or clause.proposal or "附件" in clause.article, clause.id


def test_snapshots_hold_everything(programmes: Mapping[str, Programme]) -> None:
    for programme in programmes.values():
        assert from_snapshot(to_snapshot(programme)) == programme
        assert len(programme.file_sha256) == 64


def sizes(programme: Programme) -> dict[str, int]:
    keys = ("rules", "quotas", "tiers", "deadlines", "materials", "awards", "bans")
    return {key: len(getattr(programme, key)) for key in keys}


def test_sizes(programmes: Mapping[str, Programme]) -> None:
    table = {
        "qd-2024": (33, 3, 2, 3, 18, 1, 4),
        "zz-2021": (9, 1, 2, 1, 13, 1, 3),
        "zj-2021": (9, 1, 3, 3, 5, 0, 3),
        "lc-2021": (7, 0, 2, 2, 13, 1, 4),
        "cq-2013": (7, 0, 2, 2, 10, 1, 3),
    }
    assert {id_: tuple(sizes(programmes[id_]).values()) for id_ in table} == table


def test_materials_keep_the_order_of_the_notice(programmes: Mapping[str, Programme]) -> None:
    for id_, count in (("zz-2021", 12), ("lc-2021", 13), ("cq-2013", 10)):
        prefix = id_[:2].upper()
        listed = [m.id for m in programmes[id_].materials if m.id.startswith(f"{prefix}-M1-")]
        assert listed == [f"{prefix}-M1-{n:02}" for n in range(1, count + 1)]
    assert [m.paper_copies for m in programmes["zj-2021"].materials] == [3, 3, 3, 3, 3]


def test_publicity_validity_and_review(programmes: Mapping[str, Programme]) -> None:
    table = {
        id_: (
            p.publicity.working_days,
            p.validity and p.validity.years,
            p.re_review and p.re_review.every_years,
            p.survey and p.survey.min_sample,
            tuple(str(tier.site_visit) for tier in p.tiers),
            p.instrument.expires_on,
        )
        for id_, p in programmes.items()
    }
    assert table == {
        "qd-2024": (5, None, None, None, ("none", "none"), None),
        "zz-2021": (None, 3, 3, 10, ("none", "none"), date(2024, 11, 26)),
        "zj-2021": (None, 3, 3, None, ("none", "none", "required"), date(2021, 12, 31)),
        "lc-2021": (5, 3, 3, 10, ("none", "optional"), date(2026, 12, 31)),
        "cq-2013": (7, None, 3, None, ("none", "none"), None),
        "xm-2024": (3, 2, None, None, ("none",), None),
    }


def test_awards_of_zaozhuang(programmes: Mapping[str, Programme]) -> None:
    (award,) = programmes["zz-2021"].awards
    assert [(tier.label, tier.amount_cny, tier.places) for tier in award.tiers] == [
        ("一等奖", 300_000, None),
        ("二等奖", 200_000, None),
        ("三等奖", 100_000, None),
    ]


def test_bans(programmes: Mapping[str, Programme]) -> None:
    years = {
        reason: (ban.years, ban.proposal)
        for ban in programmes["lc-2021"].bans
        for reason in ban.reasons
    }
    # The only length that a notice gives is Liaocheng's, for violations.
    assert years["X02"] == (3, False)
    qingdao = {reason: ban.years for ban in programmes["qd-2024"].bans for reason in ban.reasons}
    assert qingdao == {
        **dict.fromkeys(("X01", "X02", "X06", "X08", "X13"), 3),
        **dict.fromkeys(("X03", "X04", "X05", "X14", "X15", "X16", "X17"), 1),
        **dict.fromkeys(("X07", "X09", "X11", "X12"), None),
        "X10": 0,
    }


def test_soft_rules_and_preferences(programmes: Mapping[str, Programme]) -> None:
    soft = {
        rule.id: rule.severity
        for programme in programmes.values()
        for rule in programme.rules
        if rule.severity is not Severity.HARD and not rule.id.startswith("XM")
    }
    assert soft == {
        "QD-B12a": Severity.SOFT,
        "QD-B12c": Severity.SOFT,
        "QD-I5": Severity.SOFT,
        "QD-C2": Severity.SOFT,
        "QD-C3": Severity.SOFT,
        "QD-C5": Severity.PREFERENCE,
        "ZJ-E7": Severity.SOFT,
    }


def test_conflicts(qingdao: Programme, programmes: Mapping[str, Programme]) -> None:
    found = {
        rule.id: (rule.conflict.kind, rule.conflict.limit, rule.types)
        for rule in qingdao.rules
        if rule.conflict
    }
    assert found == {
        "QD-B3": (ConflictKind.ONE_PER_AFFILIATE_GROUP, None, ()),
        "QD-B12a": (ConflictKind.MAX_DISTINCT_SEGMENTS, 2, ("integrator", "product")),
        "QD-B12b": (ConflictKind.OWN_SEGMENT_ONLY, 1, ("chain_leader",)),
        "QD-B12c": (ConflictKind.TYPES_TOGETHER, None, ()),
        "QD-B13": (ConflictKind.ROLES_SEPARATE, None, ()),
    }
    repeat = programmes["zz-2021"].rule("ZZ-F3").conflict
    assert repeat is not None
    assert (repeat.kind, repeat.years) == (ConflictKind.NO_REPEAT_WITHIN_YEARS, 3)


def test_the_sources_contradict_themselves_where_we_say_so(
    programmes: Mapping[str, Programme],
) -> None:
    applied = {
        (id_, gap.topic): gap.applied
        for id_, programme in programmes.items()
        for gap in programme.conflicts_in_source
    }
    assert applied["zz-2021", "服务人员数"] == "不少于4人"
    assert applied["lc-2021", "服务企业数"] == "80家"
    assert applied["lc-2021", "服务人员数"] == "10人"
    assert len([key for key in applied if key[0] == "qd-2024"]) == 9


def test_evaluation_of_qingdao(qingdao: Programme) -> None:
    scheme = qingdao.evaluation
    assert scheme is not None
    assert [(d.id, d.points, [i.points for i in d.indicators]) for d in scheme.dimensions] == [
        ("D1", 25, [10, 7, 8]),
        ("D2", 35, [10, 12, 8, 5]),
        ("D3", 20, [8, 5, 4, 3]),
        ("D4", 20, [10, 5, 3, 2]),
    ]
    assert [(g.id, g.min) for g in scheme.grades] == [
        ("excellent", 90), ("good", 80), ("pass", 60), ("fail", 0),
    ]  # fmt: skip
    assert scheme.vetoes == ("X01", "X02", "X06", "X07", "X08")
    assert scheme.failed.first == ("rectification", "block_new_contracts", "block_enquiries")
    assert not scheme.failed.search_boost
    levels = scheme.dimensions[1].indicators[1]
    assert (levels.full_at_percent, levels.zero_at_percent) == (90, 50)


def test_intake_sheet_of_qingdao(qingdao: Programme) -> None:
    sheet = qingdao.review
    assert sheet is not None
    assert [tuple(criterion.points.values()) for criterion in sheet.criteria] == [
        (25, 30, 15), (15, 30, 10), (25, 5, 15), (15, 15, 10), (10, 15, 5), (0, 0, 35), (10, 5, 10),
    ]  # fmt: skip
    assert (sheet.min_reviews, sheet.pass_mark, sheet.blind, sheet.see_others) == (
        3,
        60,
        True,
        False,
    )


def test_no_question_of_the_bank_is_idle(library: Library) -> None:
    used = {id_ for programme in library.programmes.values() for id_ in programme.questions}
    bank = {
        path.stem for folder in (CONFIG, EXTRA) for path in (folder / "questions").glob("*.yml")
    }
    assert bank == used


def test_vocabulary_codes_meet_the_programmes(programmes: Mapping[str, Programme]) -> None:
    words = vocabulary.load(CONFIG / "vocabulary")
    assert {w.kind for w in words} >= {
        "category", "deployment", "district", "exit_reason", "outcome_metric", "pricing_model",
        "process_link", "provider_type", "scene", "segment", "service_area", "synonym",
    }  # fmt: skip
    links = next(
        check
        for check in conditions.checks(programmes["qd-2024"].rule("QD-P2").test)
        if check["metric"] == "product_process_links"
    )
    assert frozenset(links["value"]) == vocabulary.codes(words, "process_link")


def test_scenes_districts_and_categories() -> None:
    words = {w.kind: w.terms for w in vocabulary.load(CONFIG / "vocabulary")}
    scenes = words["scene"]
    assert len(scenes) == 16
    assert sum(scene.data["binding"] for scene in scenes) == 10
    assert {scene.data["process_link"] for scene in scenes} <= {
        w.code for w in words["process_link"]
    }
    assert len(words["district"]) == 12
    assert {w.data["scene"] for w in words["category"]} == {scene.code for scene in scenes}
    assert [w.code for w in words["exit_reason"]] == [f"X{n:02}" for n in range(1, 18)]
    assert all(w.short_name and w.data["ban"] for w in words["exit_reason"])
