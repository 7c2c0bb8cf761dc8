"""Forms of proceedings, appeals and replacements: shown, and shown once more when refused."""

from collections.abc import Sequence
from typing import Any

from flask import Response, render_template

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Proceeding
from marketplace.phases import ProceedingPhase
from marketplace.programmes.workflows import Transition
from marketplace.schemas.projects import Field
from marketplace.services.proceedings import proceedings_rules
from marketplace.web import uploads

FORM = "projects/form.html"

PHASE_LABELS = [
    ("open", "在办"),
    (ProceedingPhase.PROVIDER.value, "待服务商办理"),
    (ProceedingPhase.DISTRICT.value, "待区市办理"),
    (ProceedingPhase.CITY.value, "待市级办理"),
    (ProceedingPhase.BUREAUS.value, "部门会签"),
    (ProceedingPhase.NOTICE.value, "公示中"),
    (ProceedingPhase.CLOSED.value, "已办结"),
]

EFFECTS = {
    "suspend_place": "席位暂停：从搜索和公开名单中撤下，已签项目继续履行。",
    "begin_removal": "随即启动退出程序。",
    "begin_rectification": "随即责令整改。",
    "end_rectification": "席位恢复在池。",
    "lift_suspension": "席位恢复在池。",
    "keep_place": "席位恢复原来的状态。",
    "open_replacement": "空出的席位随即办理递补。",
    "fail_place": "按方案撤销或期满失效。",
    "draft_notice": "拟出公示草稿，到“公示”中补充文号后发布。",
}
"""What follows from a step, told before it is taken."""


def effect_text(row: Proceeding, transition: Transition) -> str:
    """What a step brings about, in words."""
    told = [EFFECTS[name] for name in transition.effects if name in EFFECTS]
    if "remove_place" in transition.effects:
        ban = proceedings_rules.ban_text(row.membership.round.programme, row.cause)
        told.insert(0, f"席位移出，释放一个名额。{ban}" if ban else "席位移出，释放一个名额。")
    return "".join(told) or transition.note


def _labels(fields: Sequence[Field]) -> dict[str, str]:
    return {item.name: item.label for item in fields}


def show(fields: Sequence[Field], *, subject: Any = None, **page: Any) -> str:
    """A form as it is opened."""
    session = current_session()
    slots = [item.name for item in fields if item.widget == "upload"]
    # Every step adds files; those that stand are listed on the page of the case itself.
    return render_template(
        FORM, **{"lead": "", **page}, fields=fields, errors={}, values={},
        uploads={slot: uploads.show(session, slot) for slot in slots}, labels=_labels(fields),
    )  # fmt: skip


def again(
    fields: Sequence[Field], error: Invalid | Conflict, *, subject: Any = None, **page: Any
) -> Response:
    """The form once more: what was typed, what was uploaded, what is wrong."""
    sent = [uploads.posted(item.name) for item in fields if item.widget == "upload"]
    if isinstance(error, Invalid):
        wrong = error
    else:
        wrong = Invalid(error.message, fields={"form": error.reasons})
    answer = uploads.again(
        FORM, wrong, *sent, **{"lead": "", **page}, fields=fields, labels=_labels(fields)
    )
    if isinstance(error, Conflict):
        answer.status_code = 409
    return answer
