"""The client's consent to a case, by a link that only its letter carries; no account is needed.

A link takes one answer. It stays the client's receipt, and the way to withdraw what was given.
Nobody at the provider ever sees it: the letter is sealed in the queue, the row keeps its hash.
"""

import secrets
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from marketplace import clock, mail
from marketplace.crypto import Cipher, digest
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import record
from marketplace.models import CaseConsent, CaseVersion, Provider, RoleGrant, User
from marketplace.models.case_versions import GIVEN, REFUSED
from marketplace.permissions import SYSTEM, Actor, Permission, require
from marketplace.phases import CasePhase
from marketplace.services.accounts import accounts
from marketplace.services.cases import case_studies
from marketplace.services.cases.case_rules import rules
from marketplace.services.files import files

ANSWERED = "这个链接已经答复过，不能再次答复。"
GONE = "没有这个授权链接。"
CLIENT = "案例企业（授权链接）"


def fingerprint(session: Session, version: CaseVersion) -> str:
    """A hash of everything the client sees: content, pictures with their texts, the letter."""
    pictures = [
        [row.sha256, row.purpose, row.alt]
        for row in sorted(files.of(session, version), key=lambda row: row.id)
    ]
    seen = orjson.dumps([version.content, pictures], option=orjson.OPT_SORT_KEYS)
    return digest(seen.decode())


def ask(
    session: Session, actor: Actor, cipher: Cipher, base_url: str, version: CaseVersion,
    address: str, expected_version: int,
) -> CaseConsent:  # fmt: skip
    """Send the client a link, or a new one; earlier links of the version stop working.

    Raises Conflict (incomplete, wrong state, stale), Invalid (field ``email``).
    """
    require(actor, Permission.CASE_WRITE, version)
    _check_address(session, version, address)
    if version.phase == CasePhase.CONSENT:
        if version.version != expected_version:
            raise Conflict("内容已被他人更新", code="stale_version")
        record(session, actor, "case_ask_again", version)
    else:
        case_studies.step(session, actor, version, "case_ask", expected_version=expected_version)
    row, token = issue(session, version, address)
    letter = mail.compose(
        "case_consent.txt", to=address, client=version.client_name, title=version.title,
        provider=version.provider.organisation.name, days=rules().consent.days,
        link=f"{base_url}/consents/{token}",
    )  # fmt: skip
    mail.put(session, cipher, letter)
    return row


def issue(session: Session, version: CaseVersion, address: str) -> tuple[CaseConsent, str]:
    """A new link, which nobody was told yet, and its token; earlier ones stop working."""
    end(session, version)
    token = secrets.token_urlsafe(32)
    row = CaseConsent(
        case_version=version, token_hash=digest(token), contact=_masked(address),
        content_sha256=fingerprint(session, version), expires_at=clock.now() + rules().consent,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row, token


def _check_address(session: Session, version: CaseVersion, address: str) -> None:
    """Nobody answers for a client whose mail is that of the provider's own team."""
    own = session.scalars(
        select(User.id)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(
            User.login == accounts.fold(address),
            RoleGrant.organisation_id == version.provider.organisation_id,
            RoleGrant.revoked_at.is_(None),
        )
    ).first()
    if own is not None:
        text = "这是本单位的账号邮箱，请填写案例企业的邮箱"
        raise Invalid(text, fields={"email": [text]})


def _masked(address: str) -> str:
    name, _, host = address.partition("@")
    return f"{name[:1]}***@{host}"


def find(session: Session, token: str) -> CaseConsent:
    """The question behind a link, answered or not. Raises NotFound."""
    row = session.scalars(
        select(CaseConsent)
        .where(CaseConsent.token_hash == digest(token))
        .options(
            joinedload(CaseConsent.case_version)
            .joinedload(CaseVersion.provider)
            .joinedload(Provider.organisation)
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound(GONE, "请核对邮件中的链接是否完整，或请服务商重新发送。")
    return row


def state(row: CaseConsent) -> str:
    """``open``, ``ended``, ``late``, ``given``, ``refused`` or ``withdrawn``."""
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.answer:
        return row.answer
    if row.ended_at is not None:
        return "ended"
    return "late" if row.expires_at <= clock.now() else "open"


def standing(session: Session, version: CaseVersion) -> CaseConsent | None:
    """The consent that a version has now."""
    return session.scalars(
        select(CaseConsent)
        .where(
            CaseConsent.case_version_id == version.id, CaseConsent.answer == GIVEN,
            CaseConsent.withdrawn_at.is_(None),
        )
        .order_by(CaseConsent.id.desc())
        .limit(1)
    ).one_or_none()  # fmt: skip


def asked(session: Session, version: CaseVersion) -> list[CaseConsent]:
    """Every question to the client of a version, the latest first."""
    return list(
        session.scalars(
            select(CaseConsent)
            .where(CaseConsent.case_version_id == version.id)
            .order_by(CaseConsent.id.desc())
        )
    )


def _client(actor: Actor) -> Actor:
    """Who holds the link acts for the client; there is no account behind it."""
    return replace(SYSTEM, name=CLIENT, request_id=actor.request_id, ip=actor.ip)


def _check_client(row: CaseConsent, code: str) -> None:
    if code.strip().upper() != row.case_version.client_uscc:
        raise Invalid(fields={"uscc": ["与服务商填写的统一社会信用代码不一致，请核对"]})


def answer(
    session: Session, actor: Actor, token: str, *, agrees: bool, uscc: str, signer: str,
    signer_post: str, reason: str = "",
) -> CaseVersion:  # fmt: skip
    """Take the client's one answer. Raises NotFound, Conflict (used, late, taken back), Invalid."""
    row = find(session, token)
    if (found := state(row)) != "open":
        raise Conflict(ANSWERED if row.answer else "这个链接已失效。", code=f"link_{found}")
    _check_client(row, uscc)
    if not agrees and not reason.strip():
        raise Invalid(fields={"reason": ["请写明不同意的原因"]})
    values: dict[str, Any] = {
        "answer": GIVEN if agrees else REFUSED, "answered_at": clock.now(), "signer": signer,
        "signer_post": signer_post, "reason": reason.strip(),
    }  # fmt: skip
    taken = session.execute(
        update(CaseConsent)
        .where(CaseConsent.id == row.id, CaseConsent.answer == "", CaseConsent.ended_at.is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if getattr(taken, "rowcount", 0) != 1:
        raise Conflict(ANSWERED, code="link_used")
    version = row.case_version
    action = "consent_give" if agrees else "consent_refuse"
    case_studies.step(session, _client(actor), version, action, why={"reason": reason.strip()})
    return version


def withdraw(session: Session, actor: Actor, token: str, *, uscc: str, reason: str) -> CaseVersion:
    """Take a given consent back: whatever shows the case, or waits to, stops.

    Raises NotFound, Conflict (nothing was given, or it was withdrawn before), Invalid.
    """
    row = find(session, token)
    if state(row) != GIVEN:
        raise Conflict("没有可以撤回的授权", code="nothing_given")
    _check_client(row, uscc)
    if not reason.strip():
        raise Invalid(fields={"reason": ["请写明撤回的原因"]})
    version = row.case_version
    targets = _targets(session, version)
    for target in targets:
        action = "case_withdraw" if target.phase == CasePhase.PUBLISHED else "consent_revoke"
        case_studies.step(session, _client(actor), target, action, why={"reason": reason.strip()})
        close(session, target)
    close(session, version)
    if not targets:
        record(session, _client(actor), "consent_withdraw", version, why={"reason": reason})
    return version


def _targets(session: Session, version: CaseVersion) -> list[CaseVersion]:
    """The versions of the same case that are shown, or wait to be."""
    same = CaseVersion.id == version.id
    if version.case_id is not None:
        same = same | (CaseVersion.case_id == version.case_id)
    return list(
        session.scalars(
            select(CaseVersion)
            .where(same, CaseVersion.phase.in_((CasePhase.PUBLISHED, CasePhase.CHECK)))
            .order_by(CaseVersion.id)
        )
    )


def close(session: Session, version: CaseVersion) -> None:
    """Note that consents given for a version stand no longer."""
    session.execute(
        update(CaseConsent)
        .where(
            CaseConsent.case_version_id == version.id, CaseConsent.answer == GIVEN,
            CaseConsent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=clock.now())
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def end(session: Session, version: CaseVersion) -> None:
    """Unanswered links of a version stop working."""
    session.execute(
        update(CaseConsent)
        .where(
            CaseConsent.case_version_id == version.id, CaseConsent.answer == "",
            CaseConsent.ended_at.is_(None),
        )
        .values(ended_at=clock.now())
        .execution_options(synchronize_session=False)
    )  # fmt: skip
