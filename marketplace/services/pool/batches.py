"""One step on many things of a staff queue: a plan that says what is possible, then item by item.

There is no second path: each item goes the way that its own page goes, in a savepoint of its own,
so that one refusal leaves the others alone. Places have a plan of their own (``bulk``), which also
foresees quotas.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from marketplace.errors import Conflict, Invalid, MarketplaceError
from marketplace.history import Why
from marketplace.models import CaseVersion, ChangeRequest, Project, Provider
from marketplace.permissions import Actor, Permission, visible
from marketplace.services.cases import case_studies
from marketplace.services.pool import applicants
from marketplace.services.profiles import change_requests
from marketplace.services.projects import independence, projects
from marketplace.workflow import LOADING, refusals

MOST = 50
Take = Callable[[Session, Actor, Any, str, int, Why], object]


@dataclass(frozen=True)
class Step:
    """What may be done to many: ``action`` on rows of ``model``, read by who has ``reading``."""

    model: type[Any]
    action: str
    label: str
    permission: Permission
    reading: Permission
    take: Take
    name: Callable[[Any], str]
    reason: bool = False
    """Whether everybody concerned is told one reason, which must be given."""


@dataclass(frozen=True)
class Planned:
    """One item of a batch; ``reasons`` say why the step cannot be taken on it."""

    subject: Any
    name: str
    reasons: tuple[str, ...]


def _project(
    session: Session, actor: Actor, row: Any, action: str, version: int, why: Why
) -> object:
    return projects.act(session, actor, row, row, action, why=why, expected_version=version)


def _case(session: Session, actor: Actor, row: Any, action: str, version: int, why: Why) -> object:
    return case_studies.step(session, actor, row, action, expected_version=version, why=why)


def _change(
    session: Session, actor: Actor, row: Any, action: str, version: int, why: Why
) -> object:
    return change_requests.step(
        session, actor, row, action, expected_version=version, reason=why.get("reason", "")
    )


def _of_project(action: str, label: str, *, reason: bool = False) -> Step:
    return Step(
        Project, action, label, Permission.PROJECT_FILE, Permission.PROJECT_READ, _project,
        lambda row: f"{row.title}（{row.provider.organisation.name}）", reason,
    )  # fmt: skip


def _of_case(action: str, label: str, *, reason: bool = False) -> Step:
    return Step(
        CaseVersion, action, label, Permission.CASE_CHECK, Permission.CASE_READ, _case,
        lambda row: f"{row.title}（{row.provider.organisation.name}）", reason,
    )  # fmt: skip


def _of_change(action: str, label: str, *, reason: bool = False) -> Step:
    return Step(
        ChangeRequest, action, label, Permission.CHANGE_DECIDE, Permission.CHANGE_READ, _change,
        lambda row: f"{row.title}（{row.provider.organisation.name}）", reason,
    )  # fmt: skip


STEPS: dict[str, Step] = {
    "file-projects": _of_project("accept", "同意备案"),
    "return-projects": _of_project("return", "退回修改", reason=True),
    "publish-cases": _of_case("case_publish", "审核通过，公开"),
    "return-cases": _of_case("case_return", "退回修改", reason=True),
    "approve-changes": _of_change("change_approve", "审核通过，更新公开页"),
    "return-changes": _of_change("change_return", "退回修改", reason=True),
}
"""By the word in addresses."""


def plan(session: Session, actor: Actor, step: Step, ids: Sequence[int]) -> list[Planned]:
    """What stands against the step now, item by item in the order of ids. Writes nothing.

    Things that the actor may not know of are left out. Raises Invalid for more than ``MOST``.
    """
    if len(ids) > MOST:
        raise Invalid(f"一次最多办理{MOST}项")
    rows = session.scalars(
        visible(actor, step.reading, step.model)
        .where(step.model.id.in_(ids))
        .options(*LOADING[step.model])
        .order_by(step.model.id)
    )
    return [
        Planned(row, step.name(row), tuple(refusals(session, actor, row, step.action)[1]))
        for row in rows
    ]


def run(
    session: Session, actor: Actor, step: Step, versions: Mapping[int, int], why: Why
) -> list[dict[str, Any]]:
    """Take the step; ``versions`` maps each id to the version that the plan showed.

    Reports ``{id, name, done, reasons}`` per item in the order of ids. Raises Invalid before
    anything is done when the reason is missing.
    """
    if step.reason and not why.get("reason", "").strip():
        raise Invalid(fields={"reason": ["请填写理由"]})
    planned = plan(session, actor, step, list(versions))
    _lock(session, [item.subject for item in planned])
    report = []
    for item in planned:
        id_ = item.subject.id
        reasons = _attempt(session, actor, step, item.subject, versions[id_], why)
        report.append({"id": id_, "name": item.name, "done": not reasons, "reasons": reasons})
    return report


def _lock(session: Session, rows: Sequence[Any]) -> None:
    """Everybody concerned, in one order, before the first item: two batches cannot block each
    other."""
    concerned: set[int] = set()
    for row in rows:
        if isinstance(row, Project):
            concerned |= set(independence.concerned(session, row))
    applicants.lock(session, sorted(concerned))
    owners = [row.provider_id for row in rows if isinstance(row, ChangeRequest)]
    wanted = select(Provider.id).where(Provider.id.in_(owners)).order_by(Provider.id)
    session.execute(wanted.with_for_update())


def _attempt(
    session: Session, actor: Actor, step: Step, row: Any, version: int, why: Why
) -> list[str]:
    try:
        with session.begin_nested():
            step.take(session, actor, row, step.action, version, why)
    except Conflict as error:
        return error.reasons or [error.message]
    except MarketplaceError as error:
        return [error.message]
    except (IntegrityError, StaleDataError):
        return ["内容已被他人更新"]
    return []
