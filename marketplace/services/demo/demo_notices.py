"""Notices of the demo in every state, with objections in every state. Never elsewhere."""

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.clock import BEIJING
from marketplace.crypto import Cipher
from marketplace.errors import Conflict, Forbidden
from marketplace.history import Why
from marketplace.models import (
    Candidacy,
    Membership,
    NoticeEntry,
    Objection,
    Provider,
    PublicNotice,
    RoleGrant,
    Round,
    User,
)
from marketplace.permissions import NOBODY, SYSTEM, Actor
from marketplace.phases import EntryPhase, NoticePhase, Role, SelectionPhase
from marketplace.programmes import nouns
from marketplace.services.audit import receipts
from marketplace.services.notices import objections, objections_desk, public_notices
from marketplace.services.notices import public_notices_windows as windows
from marketplace.services.notices.objections import Contact, Filing
from marketplace.services.notices.public_notices import Content
from marketplace.services.notices.public_notices_kinds import Line
from marketplace.services.notices.public_notices_selection import SELECTION, line
from marketplace.services.pool import candidacies, rounds
from marketplace.settings import Settings

OFFICER, OWNER = "officer@demo.example", "owner@demo.example"
FIRST_LIST = 6
LEFT_BY_ITSELF = "X10"
TITLE = "关于拟入池数字化转型服务商名单的公示"
FACTS = "示例：申报材料中列出的一个案例没有查到验收记录，请核实。"


def ensure(session: Session, settings: Settings, cipher: Cipher) -> int:
    """Make them if there are none; answers how many notices. Raises Forbidden outside the demo."""
    if not settings.demo:
        raise Forbidden("演示公示只能在演示模式下创建")
    officer = session.scalars(select(User).where(User.login == OFFICER)).one_or_none()
    round_ = rounds.current(session, settings.home_programme)
    made = select(PublicNotice.id).where(PublicNotice.kind == SELECTION)
    known = session.scalars(made.limit(1)).first()
    if officer is None or round_ is None or known is not None:
        return 0
    city = Actor(role=Role.CITY_OFFICER, user_id=officer.id, name=officer.name)
    scene = Scene(session, cipher, round_, city)
    shown = [scene.finished(), *scene.given_up(), scene.draft(), *scene.ended(), scene.running()]
    session.flush()
    return len([notice for notice in shown if notice is not None])


@dataclass
class Scene:
    """The bureau of the demo, and what it decided."""

    session: Session
    cipher: Cipher
    round: Round
    city: Actor

    def _decided(self, phase: SelectionPhase) -> list[Candidacy]:
        rows = self.session.scalars(
            select(Candidacy)
            .options(joinedload(Candidacy.provider).joinedload(Provider.organisation))
            .where(Candidacy.round_id == self.round.id, Candidacy.phase == phase)
            .order_by(Candidacy.id)
        )
        return list(rows)

    def _made(self, number: str, lines: list[Line], title: str = TITLE) -> PublicNotice:
        content = Content(title=f"{title}（示例）", document_no=f"示例〔{number}号")
        return public_notices.draft(
            self.session, self.city, SELECTION, self.round, lines, content=content
        )

    def _state(self, row: PublicNotice | NoticeEntry, noun: str, phase: str) -> None:
        state = next(one for one in nouns.workflow(noun).states if one.phase == phase)
        row.state, row.phase = state.id, state.phase

    def _past(self, notice: PublicNotice, published: date, phase: NoticePhase) -> None:
        """A notice of another day: its window is counted from there, as it was then."""
        window = windows.count(self.session, published, public_notices.length(notice) or 1)
        with self.session.no_autoflush:
            notice.published_at = datetime.combine(published, time(17), tzinfo=BEIJING)
            windows.apply(notice, window)
            self._state(notice, "public_notice", phase)
            notice.finished_at = window.ends_at if phase is NoticePhase.FINISHED else None
        self.session.flush()

    def _entries(self, notice: PublicNotice, phase: EntryPhase) -> list[NoticeEntry]:
        rows = public_notices.live_entries(self.session, notice)
        for row in rows:
            self._state(row, "notice_entry", phase)
        self.session.flush()
        return rows

    def _file(self, entry: NoticeEntry, *, named: bool = True) -> Objection:
        contact = Contact(name="示例异议人", phone="0532-00000000") if named else None
        filing = Filing(
            entry_id=entry.id, facts=FACTS, digest=receipts.make_code().digest, contact=contact
        )
        return objections.file_(self.session, NOBODY, self.cipher, entry.notice_id, filing)

    def _step(self, row: Objection, action: str, reason: str = "", document: str = "") -> None:
        objections_desk.step(
            self.session, self.city, row, action, why=Why(reason=reason, document_no=document),
            expected_version=None,
        )  # fmt: skip

    def _publish(self, notice: PublicNotice) -> bool:
        """Whether it could be published: near the end of a year the next one may be 暂定."""
        try:
            with self.session.begin_nested():
                public_notices.publish(self.session, self.city, notice)
        except Conflict:
            return False
        return True

    def finished(self) -> PublicNotice | None:
        """The first list, over the Spring Festival of 2024; one objection was rejected."""
        members = self.session.scalars(
            select(Membership)
            .options(joinedload(Membership.provider).joinedload(Provider.organisation))
            .where(Membership.round_id == self.round.id)
            .order_by(Membership.id)
            .limit(FIRST_LIST)
        ).all()
        if not members:
            return None
        notice = self._made("2024〕第2", [_member(row) for row in members])
        self._past(notice, clock.today(), NoticePhase.RUNNING)
        first = public_notices.live_entries(self.session, notice)[0]
        row = self._file(first)
        self._step(row, "objection_accept")
        self._step(row, "objection_reject", "示例：验收记录已补充，与申报材料一致。")
        for entry, member in zip(
            self._entries(notice, EntryPhase.DONE), members, strict=True
        ):  # fmt: skip
            entry.membership_id = member.id
        self._past(notice, date(2024, 2, 8), NoticePhase.FINISHED)
        return notice

    def given_up(self) -> list[PublicNotice]:
        """A draft that was discarded, and a notice that was withdrawn with its reason."""
        lines = [line(row) for row in self._decided(SelectionPhase.DECISION)]
        dropped = self._made("2026〕第18", lines)
        public_notices.discard(self.session, self.city, dropped, expected_version=None)
        back = self._made("2026〕第19", lines)
        if not self._publish(back):
            return [dropped, back]
        why = Why(reason="示例：附件有误，更正后重新公示。", document_no="示例〔2026〕第20号")
        public_notices.withdraw(self.session, self.city, back, why, expected_version=None)
        return [dropped, back]

    def draft(self) -> PublicNotice:
        """One that is being written."""
        return self._made("2026〕第23", [], "关于下一批拟入池服务商名单的公示")

    def ended(self) -> list[PublicNotice]:
        """Two whose window is over: one partly done, with an objection that is looked into."""
        waiting = self._decided(SelectionPhase.PUBLICITY)
        if len(waiting) < 2:
            return []
        days = [row.publicity_from for row in waiting if row.publicity_from is not None]
        published = date.fromordinal(min(days).toordinal() - 1) if days else clock.today()
        over = self._made("2026〕第17", [line(waiting[1])], "关于拟入池“链主”企业型服务商的公示")
        self._past(over, published, NoticePhase.RUNNING)
        partly = self._made("2026〕第16", [line(waiting[0])], "关于补充入池服务商名单的公示")
        self._past(partly, clock.today(), NoticePhase.RUNNING)
        row = self._file(public_notices.live_entries(self.session, partly)[0])
        self._step(row, "objection_accept")
        self._past(partly, published, NoticePhase.PARTLY)
        return [over, partly]

    def running(self) -> PublicNotice:
        """One that runs now, with objections in the other states, one of them upheld."""
        rows = [*self._decided(SelectionPhase.DECISION), *self._own()]
        notice = self._made("2026〕第21", [line(row) for row in rows])
        if not rows or not self._publish(notice):
            return notice
        entries = public_notices.live_entries(self.session, notice)
        first, own = entries[0], entries[-1]
        self._file(first)
        self._step(self._file(first), "objection_refuse", "示例：反映的事项与公示条目无关。")
        self._file(first, named=False)
        self._step(self._file(first, named=False), "lead_note", "示例：经查证，线索不属实。")
        asked = self._file(own)
        self._step(asked, "objection_accept")
        objections_desk.ask(
            self.session, self.city, asked, question="示例：请说明申报案例的验收情况。", days=5,
            expected_version=None,
        )  # fmt: skip
        if len(entries) > 2:
            gone = self._file(entries[1])
            self._step(gone, "objection_accept")
            self._step(gone, "objection_uphold", "示例：案例未验收。", "示例〔2026〕第22号")
        return notice

    def _own(self) -> list[Candidacy]:
        """Two more decided places: one that an objection takes off, one of the demo's provider."""
        found = [self._enter(provider) for provider in (self._outsider(), self._provider())]
        return [row for row in found if row is not None]

    def _provider(self) -> Provider | None:
        return self.session.scalars(
            select(Provider)
            .join(RoleGrant, RoleGrant.organisation_id == Provider.organisation_id)
            .join(User, User.id == RoleGrant.user_id)
            .where(User.login == OWNER)
        ).first()

    def _outsider(self) -> Provider | None:
        # Who left by itself may come back; who was removed may not, for now.
        inside = select(Membership.provider_id).where(Membership.reason_code != LEFT_BY_ITSELF)
        waiting = select(Candidacy.provider_id)
        return self.session.scalars(
            select(Provider)
            .where(Provider.id.not_in(inside), Provider.id.not_in(waiting))
            .order_by(Provider.id)
            .limit(1)
        ).first()

    def _enter(self, provider: Provider | None) -> Candidacy | None:
        """A decided place in the first cell that has room for it."""
        if provider is None:
            return None
        taken = self.session.scalars(
            select(Membership.segment).where(Membership.provider_id == provider.id)
        ).all()
        for segment in self.round.programme.segments:
            if segment.id in taken:
                continue
            entry = candidacies.Entry(
                round=self.round, provider=provider, type="product", segment=segment.id,
                phase=SelectionPhase.DECISION.value, day=clock.today(),
            )  # fmt: skip
            try:
                with self.session.begin_nested():
                    row = candidacies.enter(self.session, SYSTEM, entry)
            except Conflict:
                continue  # full
            return candidacies.get(self.session, row.id)
        return None


def _member(row: Membership) -> Line:
    return Line(
        subject=row, provider_id=row.provider_id, name=row.provider.organisation.name,
        type=row.type, segment=row.segment, membership_id=row.id,
    )  # fmt: skip
