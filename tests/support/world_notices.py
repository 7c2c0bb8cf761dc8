"""Notices and objections without the steps that lead to them, for tests and for ``world``."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.models import (
    Candidacy,
    Membership,
    NoticeEntry,
    Objection,
    Provider,
    PublicNotice,
    Round,
)
from marketplace.phases import EntryPhase, NoticePhase, ObjectionPhase
from marketplace.programmes import nouns
from marketplace.services.audit import receipts

CODE = "AAAA-BBBB-CCCC-DDDD"


def _state(noun: str, phase: str) -> dict[str, Any]:
    state = next(one for one in nouns.workflow(noun).states if one.phase == phase)
    return {"state": state.id, "phase": state.phase, "state_since": clock.now()}


def make_notice(
    session: Session, round_: Round, *, phase: NoticePhase = NoticePhase.RUNNING, **given: Any
) -> PublicNotice:
    """A notice of five days; one that runs was published just now. ``ends_at`` may be given."""
    now = clock.now()
    ends_at = given.pop("ends_at", now + timedelta(days=5))
    values: dict[str, Any] = {
        "kind": "selection", "title": "关于拟入池服务商名单的公示", "body": [], "extra_days": 0,
        "document_no": "青民发字〔2024〕3号", "working_days": 5, "days": [], "calendar": [],
        **_state("public_notice", phase),
    }  # fmt: skip
    if phase not in (NoticePhase.DRAFT, NoticePhase.DISCARDED):
        last = clock.last_day(ends_at)
        values |= {
            "published_at": now, "starts_on": min(clock.today(), last), "ends_on": last,
            "ends_at": ends_at, "finished_at": now if phase is NoticePhase.FINISHED else None,
        }  # fmt: skip
    notice = PublicNotice(round=round_, **{**values, **given})
    session.add(notice)
    session.flush()
    return notice


def make_entry(
    session: Session, notice: PublicNotice, subject: Candidacy | Membership, provider: Provider,
    *, phase: EntryPhase = EntryPhase.NOTICED, **given: Any,
) -> NoticeEntry:  # fmt: skip
    """One line of a notice about ``subject``."""
    values: dict[str, Any] = {
        "seq": 1, "name": "青岛测试软件有限公司", "type": subject.type, "segment": subject.segment,
        **_state("notice_entry", phase), **given,
    }  # fmt: skip
    entry = NoticeEntry(
        notice=notice, subject_type=subject.__tablename__, subject_id=subject.id,
        provider_id=provider.id, **values,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    return entry


def make_objection(
    session: Session, entry: NoticeEntry, provider: Provider, *,
    phase: ObjectionPhase = ObjectionPhase.RECEIVED, code: str = "", asked: bool = False,
    **given: Any,
) -> Objection:  # fmt: skip
    """An objection in any phase; anonymous only where the phase asks for it."""
    now = clock.now()
    lead = phase in (ObjectionPhase.LEAD, ObjectionPhase.NOTED)
    decided = phase not in (
        ObjectionPhase.RECEIVED, ObjectionPhase.LEAD, ObjectionPhase.CHECKING,
        ObjectionPhase.REPLYING,
    )  # fmt: skip
    receipt = receipts.make_code()
    sealed = Cipher(["test-only-key-of-the-world-of-one-of-each"]).seal("{}", "objections")
    values: dict[str, Any] = {
        "facts": "案例没有验收。", "filed_at": now, "anonymous": lead,
        "contact_encrypted": None if lead else sealed,
        "contact_masked": "" if lead else "王** 138****1234",
        "accepted_at": None if phase is ObjectionPhase.RECEIVED or lead else now,
        "decided_at": now if decided else None,
        **_state("objection", phase),
    }  # fmt: skip
    if asked or phase is ObjectionPhase.REPLYING:
        values |= {
            "asked_at": now,
            "reply_by": now + timedelta(days=3),
            "question": "请说明验收情况。",
        }
    row = Objection(
        notice=entry.notice, entry=entry, provider=provider,
        receipt_hash=receipts.digest_of(code) if code else receipt.digest, **{**values, **given},
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def keep(
    session: Session, round_: Round, candidacy: Candidacy, provider: Provider
) -> dict[str, Any]:
    """A running notice, an objection its provider is asked about, and a decided one."""
    notice = make_notice(session, round_)
    entry = make_entry(session, notice, candidacy, provider)
    asked = make_objection(session, entry, provider, phase=ObjectionPhase.REPLYING)
    make_objection(
        session, entry, provider, phase=ObjectionPhase.REJECTED, code=CODE, decision="材料齐全。"
    )
    return {
        "notice_id": notice.id, "entry_id": entry.id, "objection_id": asked.id,
        "objections.code": CODE, "objections.kind": "pdf", "objections.name": "acceptance",
        "objections.action": "objection_go_on",
    }  # fmt: skip
