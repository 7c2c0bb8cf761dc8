"""Everybody whom a step on a project concerns is told, in words for his side."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import Event, Organisation, Project, Provider
from marketplace.phases import Role
from marketplace.services.inbox import inbox
from marketplace.services.inbox.inbox import Reader
from marketplace.services.projects.project_rules import rules
from marketplace.workflow import WORKFLOW_OF, workflow_of

PROVIDER, ENTERPRISE, DISTRICT, CITY = "provider", "enterprise", "district", "city"
BOTH = (PROVIDER, ENTERPRISE)
CENTRES = {PROVIDER: "/p", ENTERPRISE: "/me", DISTRICT: "/work", CITY: "/work"}

TOLD: dict[tuple[str, str], tuple[str, ...]] = {
    ("projects", "submit"): (ENTERPRISE,),
    ("projects", "take_back"): (ENTERPRISE, DISTRICT),
    ("projects", "confirm"): (PROVIDER, DISTRICT),
    ("projects", "refuse"): (PROVIDER,),
    ("projects", "accept"): BOTH,
    ("projects", "return"): BOTH,
    ("projects", "apply"): (ENTERPRISE, DISTRICT),
    ("projects", "pass"): BOTH,
    ("projects", "fail"): BOTH,
    ("projects", "reopen"): (*BOTH, DISTRICT),
    ("projects", "terminate"): (*BOTH, DISTRICT),
    ("milestones", "finish"): (ENTERPRISE,),
    ("milestones", "confirm"): (PROVIDER,),
    ("milestones", "object"): (PROVIDER, DISTRICT),
    ("change_notices", "change_propose"): (ENTERPRISE, DISTRICT),
    ("change_notices", "confirm"): (PROVIDER, DISTRICT),
    ("change_notices", "refuse"): (PROVIDER,),
    ("change_notices", "take_back"): (ENTERPRISE,),
    ("change_notices", "object"): BOTH,
    ("acceptances", "enter"): (PROVIDER, DISTRICT),
    ("acceptances", "return"): BOTH,
    ("acceptances", "spot_check"): (*BOTH, DISTRICT),
    ("disputes", "dispute_open"): (*BOTH, DISTRICT),
    ("disputes", "settle"): BOTH,
    ("disputes", "escalate"): (*BOTH, CITY),
    ("disputes", "decide"): (*BOTH, DISTRICT),
    ("disputes", "take_back"): (*BOTH, DISTRICT),
    ("ratings", "rating_write"): (PROVIDER,),
    ("ratings", "rating_edit"): (PROVIDER,),
    ("ratings", "rating_reply"): (ENTERPRISE,),
    ("ratings", "rating_hide"): BOTH,
}
"""Who is told of which event; who did it is not told himself."""

STARTED = {
    "change_propose": "提出变更", "dispute_open": "提出争议", "rating_write": "作出评价",
    "rating_edit": "修改评价", "rating_reply": "回复评价", "rating_hide": "隐藏评价文字",
}  # fmt: skip
"""Words for events that are no transition."""


def tell(session: Session, project: Project, subject: Any, event: Event) -> None:
    """One message to each reader about ``event``, in its transaction."""
    session.flush()
    name = subject.__tablename__
    audiences = TOLD.get((name, event.action), ())
    if not audiences:
        return
    facts = _facts(session, project, subject, event)
    for audience in audiences:
        todo = rules().todo.get(f"{name}.{event.to_state}.{audience}", "")
        readers = [r for r in _readers(session, project, audience) if r.user_id != event.actor_id]
        inbox.notify(
            session, "project", readers, cause=f"event:{event.id}", voice=audience,
            url=f"{CENTRES[audience]}/projects/{project.id}", facts={**facts, "todo": todo},
        )  # fmt: skip


def _readers(session: Session, project: Project, audience: str) -> list[Reader]:
    if audience == PROVIDER:
        return inbox.team(session, _owner(session, project), *EDITORS)
    if audience == ENTERPRISE:
        return inbox.team(session, project.enterprise_id, Role.ENTERPRISE)
    if audience == CITY:
        return inbox.holders(session, Role.CITY_OFFICER)
    district = session.scalar(
        select(Organisation.district).where(Organisation.id == project.enterprise_id)
    )
    if district is None:
        return []
    return inbox.holders(session, Role.DISTRICT_REVIEWER, district=district)


EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)


def _owner(session: Session, project: Project) -> int:
    query = select(Provider.organisation_id).where(Provider.id == project.provider_id)
    return session.scalars(query).one()


def _facts(session: Session, project: Project, subject: Any, event: Event) -> dict[str, str]:
    step, state = STARTED.get(event.action, ""), ""
    if type(subject) in WORKFLOW_OF:
        workflow = workflow_of(subject)
        found = [item for item in workflow.transitions if item.action == event.action]
        step = step or found[0].label
        state = workflow.state(subject.state).public_label
    names = dict(
        session.execute(
            select(Organisation.id, Organisation.name).where(
                Organisation.id.in_([_owner(session, project), project.enterprise_id])
            )
        ).all()
    )
    return {
        "project": project.title,
        "step": step + (f"（{subject.name}）" if subject.__tablename__ == "milestones" else ""),
        "state": f"现在是“{state}”。" if state else "",
        "reason": f"说明：{event.reason}。" if event.reason else "",
        "provider": names[_owner(session, project)],
        "enterprise": names[project.enterprise_id],
    }
