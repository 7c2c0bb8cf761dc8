"""Change notices (变更): the provider proposes, the enterprise agrees, the district may object.

A change takes effect when the enterprise agrees and not before. An objection of the district
puts the former values back, unless something changed after it.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.history import record
from marketplace.models import ChangeNotice, Project
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import ProjectPhase
from marketplace.programmes import nouns
from marketplace.services.projects import project_notices, projects
from marketplace.workflow import Data, effect, guard

LABELS = {
    "common_modules": "共性模块（N）", "custom_modules": "个性模块（X）",
    "contract_price_cny": "合同价", "starts_on": "开始日期", "ends_on": "结束日期",
    "subcontractors": "分包单位",
}  # fmt: skip
"""What a notice may change: scope, price, dates, subcontractors."""


def plain(value: Any) -> Any:
    """A value of the project as a notice keeps it."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value


def _typed(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "contract_price_cny":
        return Decimal(value)
    return date.fromisoformat(value) if name in ("starts_on", "ends_on") else value


def propose(
    session: Session, actor: Actor, project: Project, wanted: Mapping[str, Any], reason: str
) -> ChangeNotice:
    """Propose new values; those that stay as they are do not count. Raises Invalid, Conflict."""
    require(actor, Permission.PROJECT_DELIVER, project)
    project = projects.lock(session, project)
    if project.phase != ProjectPhase.RUNNING:
        raise Conflict("项目不在实施中，不能提出变更", code="wrong_state")
    changes = {
        name: [plain(getattr(project, name)), plain(value)]
        for name, value in wanted.items()
        if name in LABELS and plain(getattr(project, name)) != plain(value)
    }
    _check(project, changes, reason)
    workflow = nouns.workflow("change_notice")
    first = workflow.state(workflow.initial)
    notice = ChangeNotice(
        project=project, changes=changes, reason=reason, state=first.id, phase=first.phase,
        state_since=clock.now(),
    )  # fmt: skip
    session.add(notice)
    session.flush()
    event = record(
        session, actor, "change_propose", notice, states=("", first.id), diff=changes,
        why={"reason": reason},
    )  # fmt: skip
    project_notices.tell(session, project, notice, event)
    return notice


def _check(project: Project, changes: Mapping[str, list[Any]], reason: str) -> None:
    fields = {}
    if not reason.strip():
        fields["reason"] = ["请填写变更理由"]
    if not changes:
        fields["form"] = ["没有改动"]
    after = {name: _typed(name, pair[1]) for name, pair in changes.items()}
    starts = after.get("starts_on", project.starts_on)
    ends = after.get("ends_on", project.ends_on)
    if starts is None or ends is None or ends < starts:
        fields["ends_on"] = ["结束日期不能早于开始日期"]
    if not after.get("common_modules", project.common_modules):
        fields["common_modules"] = ["至少保留一个共性模块"]
    if fields:
        raise Invalid(fields=fields)


def _stands(notice: ChangeNotice, side: int) -> bool:
    """Whether the project has the old (0) or the new (1) values of the notice now."""
    project = notice.project
    return all(plain(getattr(project, name)) == pair[side] for name, pair in notice.changes.items())


def _put(notice: ChangeNotice, side: int) -> None:
    for name, pair in notice.changes.items():
        setattr(notice.project, name, _typed(name, pair[side]))


@guard("change_current")
def change_current(session: Session, subject: ChangeNotice, actor: Actor, data: Data) -> str | None:
    """What was agreed to is what the notice shows."""
    return None if _stands(subject, 0) else "提出之后合同内容又有变动，请服务商重新提出"


@guard("change_revertible")
def change_revertible(
    session: Session, subject: ChangeNotice, actor: Actor, data: Data
) -> str | None:
    """Only the latest values can be put back."""
    fine = subject.applied_at is None or _stands(subject, 1)
    return None if fine else "此后又有变更，不能直接恢复原状，请先处理后面的变更"


@effect("apply_change")
def apply_change(session: Session, subject: ChangeNotice, actor: Actor, data: Data) -> None:
    """The project gets the new values."""
    subject.applied_at = clock.now()
    _put(subject, 1)


@effect("revert_change")
def revert_change(session: Session, subject: ChangeNotice, actor: Actor, data: Data) -> None:
    """The project gets the former values back, if the notice had taken effect."""
    if subject.applied_at is not None:
        _put(subject, 0)
        subject.applied_at = None
