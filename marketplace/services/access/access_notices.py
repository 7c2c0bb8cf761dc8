"""Who is told of a request for access, in words for his side."""

from sqlalchemy.orm import Session

from marketplace.models import AccessRequest, Event
from marketplace.models.access_requests import CLAIM, ENROL, EVALUATE, REGISTER
from marketplace.phases import AccessPhase, OrganisationKind, Role
from marketplace.services.access import team_posts, teams
from marketplace.services.inbox import inbox
from marketplace.services.inbox.inbox import Reader
from marketplace.workflow import workflow_of

APPLICANT, DESK, OWNERS = "applicant", "desk", "owners"
TOLD: dict[str, tuple[str, ...]] = {
    "access_pass_on": (APPLICANT, OWNERS),
    "access_take_over": (APPLICANT, OWNERS),
    "access_approve": (APPLICANT, OWNERS),
    "access_return": (APPLICANT,),
    "access_refuse": (APPLICANT,),
    "access_admit": (APPLICANT, OWNERS),
    "access_decline": (APPLICANT,),
}
KINDS = {
    REGISTER: "企业注册", CLAIM: "服务商认领", ENROL: "新服务商开户", EVALUATE: "评估机构开户",
}  # fmt: skip


def side(row: AccessRequest) -> OrganisationKind:
    """The side of the organisation that is asked for; a second role makes it one of a provider."""
    return OrganisationKind.ENTERPRISE if row.kind == REGISTER else OrganisationKind.PROVIDER


def desk(session: Session, row: AccessRequest) -> list[Reader]:
    """Who decides: the district's reviewers, or the bureau's officers."""
    if row.kind == REGISTER:
        return inbox.holders(session, Role.DISTRICT_REVIEWER, district=row.district)
    return inbox.holders(session, Role.CITY_OFFICER)


def sent(session: Session, row: AccessRequest, event: Event | None) -> None:
    """A request has come: its organisation's owners are told, or its desk."""
    session.flush()
    cause = f"event:{event.id}" if event else f"access:{row.id}"
    voice = OWNERS if row.phase == AccessPhase.OWNER else DESK
    _tell(session, row, voice, cause, "提出申请", "", but=row.user_id)


def tell(session: Session, row: AccessRequest, event: Event) -> None:
    """One message to each reader about ``event``, in its transaction."""
    session.flush()
    step = next(t.label for t in workflow_of(row).transitions if t.action == event.action)
    for voice in TOLD.get(event.action, ()):
        _tell(session, row, voice, f"event:{event.id}", step, event.reason, but=event.actor_id)


def second(session: Session, row: AccessRequest, other: OrganisationKind) -> None:
    """A firm has got its second role: who leads the side it had is told, but for who asked."""
    leads = teams.owners(session, row.organisation_id or 0, other)
    inbox.notify(
        session, "access", [one for one in leads if one.user_id != row.user_id],
        cause=f"access:{row.id}:second", voice="second", url=team_posts.page(other),
        facts={"kind": KINDS[row.kind], "organisation": row.name, "reason": ""},
    )  # fmt: skip


def _tell(
    session: Session,
    row: AccessRequest,
    voice: str,
    cause: str,
    step: str,
    reason: str,
    *,
    but: int | None,
) -> None:
    readers = _readers(session, row, voice)
    inbox.notify(
        session, "access", [one for one in readers if one.user_id != but], cause=cause,
        voice=voice, url=_place(row, voice),
        facts={
            "kind": KINDS[row.kind], "organisation": row.name, "step": step,
            "state": workflow_of(row).state(row.state).public_label,
            "reason": f"说明：{reason}。" if reason else "",
        },
    )  # fmt: skip


def _readers(session: Session, row: AccessRequest, voice: str) -> list[Reader]:
    if voice == APPLICANT:
        return [Reader(row.user_id)]
    if voice == DESK:
        return desk(session, row)
    if row.organisation_id is None:
        return []
    owners = teams.owners(session, row.organisation_id, side(row))
    return [one for one in owners if one.user_id != row.user_id]


def _place(row: AccessRequest, voice: str) -> str:
    if voice == OWNERS:
        return team_posts.page(side(row))
    return f"/account/requests/{row.id}" if voice == APPLICANT else f"/work/requests/{row.id}"
