"""Credit findings of the demo in every state: one has suspended a place. Never elsewhere."""

from datetime import timedelta

from marketplace import clock
from marketplace.demo.codes import credit_code
from marketplace.services.checks import credit_checks, credit_findings
from marketplace.services.checks.credit_findings import Given
from marketplace.services.demo.demo_desk import Desk

OUTSIDE = ("青岛示例远洋软件有限公司", "青岛示例海岬科技有限公司", "青岛示例礁石数据有限公司")
"""Invented firms that were never in the pool."""


def findings(desk: Desk) -> None:
    """One of each: suspended and waiting for a human, by hand, dealt with, outside, withdrawn."""
    own, other = desk.next().provider.organisation, desk.places[-1].provider.organisation
    _checked(desk, _enter(desk, own.uscc, own.name, "X07", "列入失信联合惩戒名单。"))
    _checked(desk, _enter(desk, other.uscc, other.name, "X16", "两个季度没有报送监测数据。"))
    settled = _enter(desk, other.uscc, other.name, "X12", "股权变更没有报告。")
    _checked(desk, settled)
    _step(desk, settled, "credit_settle", "已约谈并补办手续。")
    codes = {name: credit_code(name) for name in OUTSIDE}
    waiting, outside, mistaken = codes
    _checked(desk, _enter(desk, codes[outside], outside, "X02", "行政处罚决定。"))
    wrong = _enter(desk, codes[mistaken], mistaken, "X02", "行政处罚决定。")
    _step(desk, wrong, "credit_withdraw", "同名单位，登记有误。")
    _enter(desk, codes[waiting], waiting, "X07", "发生较大安全事故。")


def _enter(desk: Desk, uscc: str, name: str, cause: str, detail: str) -> int:
    given = Given(
        uscc=uscc, name=name, cause=cause, found_on=clock.today() - timedelta(days=6),
        source=f"示例公示〔{clock.today().year}〕{len(name)}号", detail=detail,
    )  # fmt: skip
    return credit_findings.enter(desk.session, desk.officer, given).id


def _checked(desk: Desk, finding_id: int) -> None:
    credit_checks.check(desk.session, finding_id)


def _step(desk: Desk, finding_id: int, action: str, reason: str) -> None:
    row = credit_findings.get(desk.session, desk.officer, finding_id)
    credit_findings.step(desk.session, desk.officer, row, action, reason=reason)
