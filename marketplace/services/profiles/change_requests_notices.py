"""Who is told of a change that waits for a check, of its outcome, and of changes in force."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from marketplace.models import ChangeRequest, Event, Provider
from marketplace.phases import Role
from marketplace.services.inbox import inbox
from marketplace.services.profiles.change_requests_subjects import FIELDS
from marketplace.workflow import workflow_of

EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
ASKED = "change_ask"
ANSWERED = ("change_approve", "change_return")


def tell(session: Session, request: ChangeRequest, event: Event) -> None:
    """One message to each reader about ``event``, in its transaction."""
    session.flush()
    firm = request.provider.organisation
    if event.action == ASKED:
        labels = [FIELDS[request.subject_type][name].label for name in request.fields]
        labels += ["标志"] if request.logo else []
        new = request.subject_id is None
        inbox.notify(
            session, "change_check", inbox.holders(session, Role.CITY_OFFICER),
            cause=f"event:{event.id}", voice="bureau", url=f"/work/changes/{request.id}",
            facts={
                "provider": firm.name, "subject": request.title,
                "what": "登记新产品" if new else "修改" + "、".join(labels),
            },
        )  # fmt: skip
    elif event.action in ANSWERED:
        steps = workflow_of(request).transitions
        inbox.notify(
            session, "change", _others(inbox.team(session, firm.id, *EDITORS), event.actor_id),
            cause=f"event:{event.id}", voice="provider", url=f"/p/profile/changes/{request.id}",
            facts={
                "subject": request.title,
                "step": next(step.label for step in steps if step.action == event.action),
                "reason": f"说明：{event.reason}" if event.reason else "",
            },
        )  # fmt: skip


def tell_edit(
    session: Session, provider: Provider, title: str, labels: Sequence[str], event: Event
) -> None:
    """The bureau, and the rest of the team, hear of a change that took effect at once."""
    session.flush()
    facts = {
        "provider": provider.organisation.name, "subject": title, "fields": "、".join(labels),
    }  # fmt: skip
    team = _others(inbox.team(session, provider.organisation_id, *EDITORS), event.actor_id)
    for voice, readers, url in (
        ("bureau", inbox.holders(session, Role.CITY_OFFICER), f"/work/providers/{provider.id}"),
        ("team", team, "/p/profile"),
    ):
        inbox.notify(
            session, "profile_edit", readers, cause=f"event:{event.id}", voice=voice, url=url,
            facts=facts,
        )  # fmt: skip


def _others(readers: Sequence[inbox.Reader], actor_id: int | None) -> list[inbox.Reader]:
    return [reader for reader in readers if reader.user_id != actor_id]
