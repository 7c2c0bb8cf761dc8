"""The second factor: time-based codes (RFC 6238) and recovery codes, each valid once (S30)."""

import re
import secrets
import unicodedata

import pyotp
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Cipher, digest
from marketplace.history import record
from marketplace.models import RecoveryCode, User
from marketplace.permissions import Actor

STEP_SECONDS = 30
DRIFT_STEPS = (0, -1, 1)
RECOVERY_CODES = 10
RECOVERY_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RECOVERY_LENGTH = 10
ISSUER = "服务商资源池"


def place(user_id: int) -> str:
    """What the sealed secret of a user is bound to."""
    return f"users.totp_secret:{user_id}"


def normalise(typed: str) -> str:
    """A code as people type it: spaces, hyphens, full-width digits and small letters allowed."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed)).upper()


def new_secret() -> str:
    """A secret to be shown once."""
    return pyotp.random_base32()


def address(secret: str, login: str) -> str:
    """What the QR code holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def _step_of(secret: str, code: str) -> int | None:
    """The time step for which ``code`` is right, one step of drift allowed."""
    if not re.fullmatch(r"\d{6}", code):
        return None
    present = int(clock.now().timestamp()) // STEP_SECONDS
    totp = pyotp.HOTP(secret)
    for drift in DRIFT_STEPS:
        if secrets.compare_digest(totp.at(present + drift), code):
            return present + drift
    return None


def verify(session: Session, cipher: Cipher, user: User, typed: str) -> bool:
    """Whether ``typed`` is a code of now or a recovery code; either is used up by this."""
    code = normalise(typed)
    if user.totp_secret_encrypted is None:
        return False
    secret = cipher.open(user.totp_secret_encrypted, place(user.id))
    step = _step_of(secret, code)
    if step is None:
        return _use_recovery_code(session, user, code)
    # One UPDATE decides, so that the same code sent twice at once works once.
    used = session.execute(
        update(User)
        .where(User.id == user.id, User.totp_last_step < step)
        .values(totp_last_step=step)
        .execution_options(synchronize_session=False)
    )
    return getattr(used, "rowcount", 0) == 1


def _use_recovery_code(session: Session, user: User, code: str) -> bool:
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == digest(f"{user.id}:{code}"),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
    )
    return getattr(used, "rowcount", 0) == 1


def enrol(
    session: Session, cipher: Cipher, actor: Actor, user: User, *, secret: str, typed: str
) -> list[str] | None:
    """Keep ``secret`` if ``typed`` proves that the app has it; answers fresh recovery codes."""
    step = _step_of(secret, normalise(typed))
    if step is None:
        return None
    user.totp_secret_encrypted = cipher.seal(secret, place(user.id))
    user.totp_last_step = step
    session.flush()
    record(session, actor, "second_factor_enrol", user)
    return _new_recovery_codes(session, user)


def _new_recovery_codes(session: Session, user: User) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [
        "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    session.add_all(
        RecoveryCode(user_id=user.id, code_hash=digest(f"{user.id}:{code}")) for code in codes
    )
    session.flush()
    return codes


def remove(session: Session, actor: Actor, user: User) -> None:
    """Forget the second factor; it must be set up again at the next login."""
    user.totp_secret_encrypted = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    session.flush()
    record(session, actor, "second_factor_remove", user)
