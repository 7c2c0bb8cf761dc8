"""Who is told of a step of a case, in words for his side."""

from sqlalchemy.orm import Session

from marketplace.models import CaseVersion, Event
from marketplace.phases import Role
from marketplace.services.inbox import inbox
from marketplace.workflow import workflow_of

PROVIDER, BUREAU = "provider", "bureau"
TOLD: dict[str, tuple[str, ...]] = {
    "consent_give": (PROVIDER, BUREAU),
    "consent_refuse": (PROVIDER,),
    "consent_revoke": (PROVIDER, BUREAU),
    "case_publish": (PROVIDER,),
    "case_return": (PROVIDER,),
    "case_withdraw": (PROVIDER, BUREAU),
}
EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)


def tell(session: Session, version: CaseVersion, event: Event) -> None:
    """One message to each reader about ``event``, in its transaction."""
    session.flush()
    workflow = workflow_of(version)
    step = next(t.label for t in workflow.transitions if t.action == event.action)
    facts = {
        "title": version.title, "step": step, "provider": version.provider.organisation.name,
        "state": workflow.state(version.state).public_label,
        "reason": f"说明：{event.reason}。" if event.reason else "",
    }  # fmt: skip
    for voice in TOLD.get(event.action, ()):
        own = voice == PROVIDER
        readers = (
            inbox.team(session, version.provider.organisation_id, *EDITORS)
            if own
            else inbox.holders(session, Role.CITY_OFFICER)
        )
        inbox.notify(
            session, "case", [r for r in readers if r.user_id != event.actor_id],
            cause=f"event:{event.id}", voice=voice, facts=facts,
            url=f"/p/cases/{version.id}" if own else f"/work/cases/versions/{version.id}",
        )  # fmt: skip
