"""A veto found by a check suspends at once and waits for a human; graver cases replace lesser."""

import pytest
from sqlalchemy import select

from marketplace.errors import Conflict
from marketplace.history import Why
from marketplace.models import Proceeding
from marketplace.phases import ProceedingKind
from marketplace.services.proceedings import proceedings
from tests import factories
from tests.support.world_proceedings import SYSTEM, WHY

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SUSPENSION = ProceedingKind.SUSPENSION
FOUND = Why(reason="每日核查：列入失信联合惩戒名单")


def test_a_veto_suspends_at_once_and_a_human_confirms(qingdao, session):
    sister = factories.make_membership(
        session, qingdao.round, qingdao.provider, type="product", segment="auto_parts"
    )
    mending = qingdao.open(ProceedingKind.RECTIFICATION, "X03")
    case = qingdao.open(SUSPENSION, "X07", by=SYSTEM, why=FOUND)
    session.refresh(mending)
    assert (case.state, mending.state) == ("found", "superseded")
    assert qingdao.place() == ("suspended", 1)
    assert qingdao.membership.public_reason == "不再符合基本条件"
    session.refresh(sister)
    assert sister.state == "listed"
    with pytest.raises(Conflict, match="已有在办的暂停案卷"):
        qingdao.open(ProceedingKind.RECTIFICATION, "X03")

    qingdao.act(case, "confirm_suspension", qingdao.officer)
    qingdao.act(case, "open_removal", qingdao.officer)
    following = proceedings.current(session, qingdao.membership.id)
    assert (case.state, following.kind, following.cause) == ("removal_opened", "removal", "X07")
    assert (following.proposer, following.proposer_name) == ("rule", "")  # the scheme's veto
    assert qingdao.place() == ("suspended", 1)


def test_what_no_rule_orders_is_proposed_by_somebody(qingdao, session):
    # X17 is no veto: the scheme lets districts and third parties propose a removal for it.
    unproven = qingdao.open(SUSPENSION, "X17")
    with pytest.raises(Conflict, match="这项原因须由区市或第三方提出移出"):
        qingdao.act(unproven, "open_removal", qingdao.officer)
    qingdao.act(unproven, "lift", qingdao.officer)
    case = qingdao.open(SUSPENSION, "X09")
    qingdao.act(case, "open_removal", qingdao.officer)
    following = proceedings.current(session, qingdao.membership.id)
    assert (following.proposer, following.proposer_name) == ("city", "青岛市民营经济发展局（测试）")
    assert following.predecessor_id == case.id


def test_a_mistake_is_lifted_and_an_order_to_mend_may_follow(qingdao, session):
    wrong = qingdao.open(SUSPENSION, "X07", by=SYSTEM, why=FOUND)
    qingdao.act(wrong, "lift", qingdao.officer)
    assert (wrong.state, qingdao.place()) == ("lifted", ("listed", 1))

    # Who suspends himself has confirmed it with that.
    own = qingdao.open(SUSPENSION, "X17")
    assert own.state == "held_back"
    qingdao.act(own, "order_mending", qingdao.officer)
    following = proceedings.current(session, qingdao.membership.id)
    assert (following.kind, following.predecessor_id) == ("rectification", own.id)
    assert qingdao.place() == ("rectifying", 1)


def test_two_cases_are_never_open_on_one_place(qingdao, session):
    qingdao.open(SUSPENSION, "X17")
    with pytest.raises(Conflict, match="刚刚由他人立案"):
        proceedings.begin(
            session, qingdao.membership, SUSPENSION, "X17", WHY,
            proceedings.Details(proposer="city"),
        )  # fmt: skip
    session.rollback()
    assert session.scalars(select(Proceeding)).all() == []
