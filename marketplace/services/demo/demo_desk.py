"""Who acts in the case files of the demo, and steps that several scenes take. Never elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import NotFound
from marketplace.history import Why
from marketplace.models import (
    Appeal,
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
from marketplace.services.demo.demo_stage import office
from marketplace.services.notices import (
    public_notices,
    public_notices_finish,
    public_notices_kinds,
)
from marketplace.services.notices import public_notices_windows as windows
from marketplace.services.notices.public_notices import Content, Ending
from marketplace.services.proceedings import (
    appeals,
    appeals_deciding,
    proceedings,
    removals,
)
from marketplace.services.proceedings import proceedings_all as _all  # noqa: F401  everything registers
from marketplace.services.proceedings.proceedings_checks import Details

LOGINS = {
    Role.CITY_OFFICER: "officer@demo.example", Role.CITY_LEADER: "leader@demo.example",
    Role.DISTRICT_REVIEWER: "district@demo.example", Role.COSIGNER: "cosigner@demo.example",
    Role.PROVIDER_OWNER: "owner@demo.example", Role.ENTERPRISE: "enterprise@demo.example",
}  # fmt: skip
K = ProceedingKind
LONG_AGO = timedelta(days=20)
"""Longer than any notice runs."""


@dataclass
class Desk:
    """Who acts in the demo's case files, and the places that are left for scenes."""

    session: Session
    places: list[Membership]

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

    def next(self, wanted: Callable[[Membership], bool] = lambda place: True) -> Membership:
        """The first place left that fits; nobody else gets it. Raises NotFound."""
        found = next((place for place in self.places if wanted(place)), None)
        if found is None:
            raise NotFound("示例席位不够")
        self.places.remove(found)
        return found

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
        desk = office(self.session, place.provider.organisation.district)
        return self.actor(Role.DISTRICT_REVIEWER, desk) if desk else self.officer

    def open(
        self, kind: ProceedingKind, by: Actor | None = None, place: Membership | None = None
    ) -> Proceeding:
        """A case file on ``place`` (the next one), with the words of its kind."""
        cause, findings = CASES[kind]
        return proceedings.open(
            self.session, by or self.officer, place or self.next(), kind, cause,
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

    def to_decision(self, place: Membership | None = None) -> Proceeding:
        """A removal that the bureaus are asked about."""
        place = place or self.next()
        case = self.open(K.REMOVAL, by=self.district(place), place=place)
        self.act(case, "open_hearing", self.officer)
        self.act(case, "reply", self.owner(case), text=WORDS["reply"])
        self.act(case, "ask_bureaus", self.officer)
        return case

    def opine(self, case: Proceeding, count: int) -> None:
        """The first ``count`` bureaus of the programme agree."""
        procedures = case.membership.round.programme.procedures
        for name in (procedures.removal.bureaus if procedures else ())[:count]:
            home = self.session.scalars(
                select(Organisation).where(Organisation.name.startswith(name)).limit(1)
            ).first()
            if home is None:
                continue
            lead = home.kind == OrganisationKind.LEAD_BUREAU
            actor = self.actor(Role.CITY_LEADER if lead else Role.COSIGNER, home)
            removals.opine(self.session, actor, case, agrees=True, text=WORDS["opinion"])

    def to_notice(self, place: Membership | None = None) -> tuple[Proceeding, PublicNotice]:
        """A removal that every bureau agreed to, on notice."""
        case = self.to_decision(place)
        self.opine(case, 3)
        self.act(case, "decide", self.leader)
        self.act(case, "open_notice", self.officer)
        return case, self.publish()

    def publish(self) -> PublicNotice:
        """Publish the newest draft."""
        notice = self.session.scalars(
            select(PublicNotice)
            .options(joinedload(PublicNotice.round))
            .order_by(PublicNotice.id.desc())
            .limit(1)
        ).one()
        content = Content(title=notice.title, document_no=WORDS["notice"].format(notice.id))
        public_notices.edit(
            self.session, self.officer, notice, content=content, expected_version=None
        )
        public_notices.publish(self.session, self.officer, notice)
        return notice

    def finish(self, notice: PublicNotice) -> None:
        """The days of a notice lie behind, as they are counted from another day; it is done."""
        published = clock.today() - LONG_AGO
        window = windows.count(self.session, published, public_notices.length(notice) or 1)
        with self.session.no_autoflush:
            notice.published_at = clock.start_of_day(published) + timedelta(hours=9)
            windows.apply(notice, window)
        self.session.flush()
        for entry in public_notices.live_entries(self.session, notice):
            public_notices_kinds.get(notice.kind).moved(self.session, SYSTEM, entry)
        ending = Ending(document_no=WORDS["document"], reason="公示无异议")
        public_notices_finish.finish(self.session, self.leader, notice, ending)

    def appeal(self, case: Proceeding, words: str = "appeal") -> Appeal:
        """The provider appeals."""
        return appeals.file(
            self.session, self.owner(case), "proceedings", case.id, text=WORDS[words]
        )

    def seat(self, appeal: Appeal, judge: Actor) -> None:
        """Somebody who did not decide before is the panel."""
        appeals_deciding.name_panel(
            self.session, self.leader, appeal, [judge.user_id or 0], reason="未参与原决定"
        )

    def judge(self, appeal: Appeal, judge: Actor, words: str, *, upheld: bool) -> None:
        """The panel decides."""
        self.seat(appeal, judge)
        why = Why(reason=WORDS[words], document_no=WORDS["document"])
        appeals_deciding.decide(self.session, judge, appeal, upheld=upheld, why=why)


def free_places(session: Session) -> list[Membership]:
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
