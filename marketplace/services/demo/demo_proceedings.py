"""Case files of the demo: a place in every state of the life cycle. Never elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Forbidden
from marketplace.history import Why
from marketplace.models import (
    Membership,
    Organisation,
    Proceeding,
    Provider,
    PublicNotice,
    RoleGrant,
    User,
)
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import OrganisationKind, ProceedingKind, Role, StandingPhase
from marketplace.services.demo.demo_proceedings_words import CASES, WORDS
from marketplace.services.notices import public_notices, public_notices_finish
from marketplace.services.notices.public_notices import Content, Ending
from marketplace.services.proceedings import (
    appeals,
    appeals_deciding,
    exits,
    proceedings,
    rectifications,
    removals,
)
from marketplace.services.proceedings import proceedings_all as _all  # noqa: F401  everything registers
from marketplace.services.proceedings.proceedings_checks import Details
from marketplace.settings import Settings

LOGINS = {
    Role.CITY_OFFICER: "officer@demo.example", Role.CITY_LEADER: "leader@demo.example",
    Role.DISTRICT_REVIEWER: "district@demo.example", Role.COSIGNER: "cosigner@demo.example",
    Role.PROVIDER_OWNER: "owner@demo.example",
}  # fmt: skip
K = ProceedingKind


@dataclass
class Desk:
    """Who acts in the demo's case files, and the places that are left for scenes."""

    session: Session
    places: Iterator[Membership]

    def actor(self, role: Role, organisation: Organisation | None = None) -> Actor:
        """The demo's account in this role; for providers and offices, of ``organisation``."""
        user = self.session.scalars(select(User).where(User.login == LOGINS[role])).one()
        home = (
            organisation
            or self.session.scalars(
                select(Organisation)
                .join(RoleGrant, RoleGrant.organisation_id == Organisation.id)
                .where(RoleGrant.user_id == user.id, RoleGrant.role == role.value)
            ).first()
        )
        return Actor(
            role=role, user_id=user.id, name=user.name,
            organisation_id=home.id if home else None,
            organisation_name=home.name if home else "",
            district=home.district if home else None,
        )  # fmt: skip

    @property
    def officer(self) -> Actor:
        return self.actor(Role.CITY_OFFICER)

    @property
    def leader(self) -> Actor:
        return self.actor(Role.CITY_LEADER)

    def owner(self, case: Proceeding) -> Actor:
        return self.actor(Role.PROVIDER_OWNER, case.provider.organisation)

    def district(self, place: Membership) -> Actor:
        """The office of the provider's district; the city stands in where there is none."""
        desk = self.session.scalars(
            select(Organisation).where(
                Organisation.kind == OrganisationKind.DISTRICT_OFFICE,
                Organisation.district == place.provider.organisation.district,
            )
        ).first()
        return self.actor(Role.DISTRICT_REVIEWER, desk) if desk else self.officer

    def open(self, kind: ProceedingKind, by: Actor | None = None) -> Proceeding:
        """A case file on the next place, with the words of its kind."""
        cause, findings = CASES[kind]
        return proceedings.open(
            self.session, by or self.officer, next(self.places), kind, cause,
            Why(reason=WORDS["reason"], document_no=""), Details(findings=findings),
        )  # fmt: skip

    def act(self, case: Proceeding, action: str, by: Actor, **data: Any) -> None:
        """One step with plain words."""
        why = Why(reason=WORDS["reason"], document_no=WORDS["document"])
        if by.role == Role.PROVIDER_OWNER:
            why = Why()
        proceedings.act(self.session, by, case, action, why=why, **data)

    def past(self, case: Proceeding) -> None:
        """Let the running clock have ended an hour ago."""
        case.due_at = clock.now() - timedelta(hours=1)
        self.session.flush()


def ensure(session: Session, settings: Settings) -> int:
    """Make them if there are none; answers how many. Raises Forbidden outside the demo."""
    if not settings.demo:
        raise Forbidden("演示案卷只能在演示模式下创建")
    known = session.scalars(select(Proceeding.id).limit(1)).first()
    desk = Desk(session, iter(_places(session)))
    if known is not None or not _ready(session):
        return 0
    for scene in SCENES:
        scene(desk)
    return len(session.scalars(select(Proceeding.id)).all())


def _ready(session: Session) -> bool:
    found = session.scalars(select(User.id).where(User.login.in_(LOGINS.values()))).all()
    return len(found) == len(LOGINS)


def _places(session: Session) -> list[Membership]:
    """Listed products of firms with an office in their district, not the demo account's own."""
    own = (
        select(RoleGrant.organisation_id)
        .join(User, User.id == RoleGrant.user_id)
        .where(User.login == LOGINS[Role.PROVIDER_OWNER])
    )
    rows = session.scalars(
        select(Membership)
        .join(Provider, Provider.id == Membership.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(
            Membership.phase == StandingPhase.LISTED, Membership.type == "product",
            Organisation.district.is_not(None), Organisation.id.not_in(own),
        )
        .options(
            joinedload(Membership.round), joinedload(Membership.quota),
            joinedload(Membership.provider).joinedload(Provider.organisation),
        )
        .order_by(Membership.segment, Membership.id.desc())
    ).all()  # fmt: skip
    spread: dict[str, list[Membership]] = {}
    for row in rows:
        spread.setdefault(row.segment, []).append(row)
    turns = max((len(found) for found in spread.values()), default=0)
    return [found[n] for n in range(turns) for found in spread.values() if n < len(found)]


def mending(desk: Desk) -> None:
    """Rectifications: ordered, under way with a request for more days, reported, mended."""
    desk.open(K.RECTIFICATION)
    planned = desk.open(K.RECTIFICATION)
    desk.act(planned, "submit_plan", desk.owner(planned), text=WORDS["plan"])
    rectifications.ask_extension(
        desk.session, desk.owner(planned), planned, days=5, reason=WORDS["extension"]
    )
    for last in ("report_mended", "check_pass", "confirm_mended"):
        case = desk.open(K.RECTIFICATION)
        desk.act(case, "submit_plan", desk.owner(case), text=WORDS["plan"])
        desk.act(case, "report_mended", desk.owner(case), text=WORDS["report"])
        if last != "report_mended":
            desk.act(case, "check_pass", desk.district(case.membership))
        if last == "confirm_mended":
            desk.act(case, "confirm_mended", desk.officer)


def overdue(desk: Desk) -> None:
    """A rectification that ran out: the removal stands at its hearing."""
    case = desk.open(K.RECTIFICATION)
    desk.past(case)
    proceedings.act(desk.session, SYSTEM, case, "lapse", why=Why(reason="期限已到"))
    following = proceedings.current(desk.session, case.membership_id)
    if following is not None:
        desk.act(following, "open_hearing", desk.officer)


def suspended(desk: Desk) -> None:
    """Suspensions: found by a check and waiting for a human, confirmed, lifted by appeal."""
    desk.open(K.SUSPENSION, by=SYSTEM)
    desk.open(K.SUSPENSION)
    case = desk.open(K.SUSPENSION)
    appeals.file(desk.session, desk.owner(case), "proceedings", case.id, text=WORDS["appeal"])
    for upheld in (True, False):
        case = desk.open(K.SUSPENSION)
        _appealed(desk, case, upheld=upheld)


def _appealed(desk: Desk, case: Proceeding, *, upheld: bool) -> None:
    row = appeals.file(desk.session, desk.owner(case), "proceedings", case.id, text=WORDS["appeal"])
    judge = desk.actor(Role.COSIGNER)
    appeals_deciding.name_panel(
        desk.session, desk.leader, row, [judge.user_id or 0], reason="未参与原决定"
    )
    why = Why(reason=WORDS["upheld" if upheld else "rejected"], document_no=WORDS["document"])
    appeals_deciding.decide(desk.session, judge, row, upheld=upheld, why=why)


def _to_decision(desk: Desk) -> Proceeding:
    place = next(desk.places)
    desk.places = _first(place, desk.places)
    case = desk.open(K.REMOVAL, by=desk.district(place))
    desk.act(case, "open_hearing", desk.officer)
    desk.act(case, "reply", desk.owner(case), text=WORDS["reply"])
    desk.act(case, "ask_bureaus", desk.officer)
    return case


def _first(place: Membership, rest: Iterator[Membership]) -> Iterator[Membership]:
    yield place
    yield from rest


def _opine(desk: Desk, case: Proceeding, count: int) -> None:
    procedures = case.membership.round.programme.procedures
    names = procedures.removal.bureaus if procedures else ()
    for name in names[:count]:
        home = desk.session.scalars(
            select(Organisation).where(Organisation.name.startswith(name)).limit(1)
        ).first()
        if home is None:
            continue
        lead = home.kind == OrganisationKind.LEAD_BUREAU
        actor = desk.actor(Role.CITY_LEADER if lead else Role.COSIGNER, home)
        removals.opine(desk.session, actor, case, agrees=True, text=WORDS["opinion"])


def removing(desk: Desk) -> None:
    """Removals: proposed, before the bureaus, on notice, announced, dismissed."""
    place = next(desk.places)
    desk.places = _first(place, desk.places)
    desk.open(K.REMOVAL, by=desk.district(place))
    _opine(desk, _to_decision(desk), 2)
    for over in (False, True):
        case = _to_decision(desk)
        _opine(desk, case, 3)
        desk.act(case, "decide", desk.leader)
        desk.act(case, "open_notice", desk.officer)
        notice = _publish(desk)
        if over:
            notice.ends_at = clock.now() - timedelta(hours=1)
            desk.session.flush()
            ending = Ending(document_no=WORDS["document"], reason="公示无异议")
            public_notices_finish.finish(desk.session, desk.leader, notice, ending)
    kept = _to_decision(desk)
    desk.act(kept, "dismiss", desk.officer)


def _publish(desk: Desk) -> PublicNotice:
    notice = desk.session.scalars(
        select(PublicNotice)
        .options(joinedload(PublicNotice.round))
        .order_by(PublicNotice.id.desc())
        .limit(1)
    ).one()
    content = Content(title=notice.title, document_no=WORDS["notice"].format(notice.id))
    public_notices.edit(desk.session, desk.officer, notice, content=content, expected_version=None)
    public_notices.publish(desk.session, desk.officer, notice)
    return notice


def leaving(desk: Desk) -> None:
    """Voluntary exits: asked for, in their days of notice."""
    for accepted in (False, True):
        place = next(desk.places)
        actor = desk.actor(Role.PROVIDER_OWNER, place.provider.organisation)
        case = exits.request(desk.session, actor, place, reason=WORDS["leaving"])
        if accepted:
            desk.act(case, "accept_request", desk.officer)


SCENES = (mending, overdue, suspended, removing, leaving)
