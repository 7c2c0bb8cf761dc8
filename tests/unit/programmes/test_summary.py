"""The summary in words, and what differs between two programmes."""

from collections.abc import Mapping
from dataclasses import replace

from marketplace.programmes.difference import Difference, differences
from marketplace.programmes.schema import Programme
from marketplace.programmes.summary import sections
from marketplace.programmes.summary_parts import Row


def rows(programme: Programme, title: str) -> dict[str, Row]:
    found = next(section for section in sections(programme) if section.title == title)
    return {row.id or row.text: row for row in found.rows}


def test_sections_of_qingdao(qingdao: Programme) -> None:
    assert [section.title for section in sections(qingdao)] == [
        "文件", "申报对象", "名额", "条件", "材料", "期限", "流程", "评审",
        "扶持与奖励", "有效期、复核与报告", "动态评价", "退出与禁报", "原文冲突与采用的理解",
    ]  # fmt: skip


def test_a_rule_with_its_words(qingdao: Programme) -> None:
    assert rows(qingdao, "条件")["QD-C3"] == Row(
        id="QD-C3",
        text="主营业务收入不低于 10 亿元：上一年度主营业务收入不少于10亿元",
        article="二(四)1",
        quote="上一年度主营业务收入原则上不低于10亿元",
        tags=("链主型", "原则上满足", "区县初审"),
    )


def test_quotas_and_dates_in_words(programmes: Mapping[str, Programme]) -> None:
    assert rows(programmes["qd-2024"], "名额")["QD-Q2"].text == "产品型名额：每个细分行业 10–20 家"
    assert rows(programmes["zz-2021"], "名额")["ZZ-Q1"].text == "年度认定数量：每个年度 不超过 6 家"
    assert (
        rows(programmes["qd-2024"], "期限")["QD-F2"].text
        == "服务商在线申报截止：2024年1月31日24:00前"
    )
    assert rows(programmes["cq-2013"], "期限")["CQ-D1"].text == "区县报送市局：每年2月最后一日前"
    award = rows(programmes["zz-2021"], "扶持与奖励")["ZZ-Q2"]
    assert award.text == "分级资金扶持：一等奖 30万元，二等奖 20万元，三等奖 10万元"


def test_relaxations_and_options_have_rows_of_their_own(
    programmes: Mapping[str, Programme],
) -> None:
    wings = rows(programmes["cq-2013"], "条件")["CQ-R1"]
    assert wings.text.endswith("所在区域为“渝东北、渝东南（“两翼”）”，年服务中小企业数不少于30家")
    option = rows(programmes["lc-2021"], "条件")["LC-F4"]
    assert option.text == "— 培训服务：是否有完善的培训服务评价机制：是；年培训人次不少于800人次"
    assert option.article == "第八条（四）"


def test_every_clause_is_shown(programmes: Mapping[str, Programme]) -> None:
    for programme in programmes.values():
        shown = {row.id for section in sections(programme) for row in section.rows}
        untitled = {item.id for item in (*programme.types, *programme.tiers)}
        assert set(programme.clause_ids()) - untitled - shown == set(), programme.id


def test_no_raw_code_is_shown(programmes: Mapping[str, Programme]) -> None:
    for programme in programmes.values():
        texts = [row.text for section in sections(programme) for row in section.rows]
        assert not [text for text in texts if "_" in text]


def test_a_programme_equals_itself(programmes: Mapping[str, Programme]) -> None:
    for programme in programmes.values():
        assert differences(programme, replace(programme, file_sha256="other")) == []


def test_differences_are_found_by_id(qingdao: Programme) -> None:
    first, second, third = qingdao.quotas
    changed = replace(qingdao, quotas=(third, replace(first, cap=8)))
    assert differences(qingdao, changed) == [
        Difference(("quotas", "QD-Q1", "cap"), 6, 8),
        Difference(("quotas", "QD-Q2"), differences_of(second), None),
    ]


def differences_of(quota: object) -> object:
    from marketplace.programmes.structure import dump

    return dump(quota)


def test_a_changed_answer_option_is_named(qingdao: Programme) -> None:
    question = qingdao.questions["segment_cases"]
    questions = {**qingdao.questions, "segment_cases": replace(question, max=9)}
    changed = replace(qingdao, questions=questions)
    assert differences(qingdao, changed) == [
        Difference(("questions", "segment_cases", "max"), 100000, 9)
    ]
