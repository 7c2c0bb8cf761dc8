"""One's own personal data: handed out as a file, or erased with the account (PIPL 45, 47; S84).

What belongs to an organisation (contracts, cases, enquiries) stays with it. The history of
commands cannot be changed; it names people outside the offices by number only, and behind the
number of an erased account nobody stands any more.
"""

import io
import json
import zipfile

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.errors import Conflict, Forbidden
from marketplace.history import record
from marketplace.models import User
from marketplace.permissions import Actor
from marketplace.phases import STAFF_ROLES
from marketplace.services.access import access_decisions, access_requests, teams
from marketplace.services.accounts import personal_data, personal_names, personal_parts, sessions

PARTS = (personal_parts, personal_names)
"""Read here, so that nothing is handed out or erased without what accounts themselves keep."""

STAFF_STAY = "工作人员账号由用户管理员停用，办理记录依法留存，不能自行注销"
README = """这是您在服务商资源池中的个人信息（个人信息保护法第45条）。
data.json 是 UTF-8 编码的 JSON：每一部分有名称（label）和内容（rows），时间为 UTC。
单位的合同、案例、咨询等资料属于单位，不在其中。口令只存不可还原的摘要，不能导出。
"""


def labels() -> list[str]:
    """What an export holds, in words."""
    return [label for label, _ in personal_data.KEPT.values()]


def export(session: Session, actor: Actor, cipher: Cipher, user: User) -> bytes:
    """A ZIP with ``data.json``: everything kept about ``user``, who alone may ask for it."""
    _require_self(actor, user)
    parts = {
        key: {"label": label, "rows": keeper(session, user.id, cipher)}
        for key, (label, keeper) in personal_data.KEPT.items()
    }
    content = {"made_at": clock.now().isoformat(), "user": user.id, "parts": parts}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("说明.txt", README)
        archive.writestr("data.json", json.dumps(content, ensure_ascii=False, indent=1))
    record(session, actor, "own_data_export", user)
    return out.getvalue()


def why_not(session: Session, user: User) -> list[str]:
    """Every reason why the account cannot be deleted now."""
    held = sessions.live_grants(session, user.id)
    staff = [STAFF_STAY] if any(grant.role in STAFF_ROLES for grant in held) else []
    return staff + teams.why_not_leave(session, user.id)


def erase(session: Session, actor: Actor, user: User) -> None:
    """Delete the account: roles end, everything personal goes, the number stays.

    Raises Conflict with every reason, as while an organisation would be left without owner.
    """
    _require_self(actor, user)
    held = sessions.live_grants(session, user.id)
    # The organisations first, as everywhere: nobody else can stop being owner meanwhile.
    teams.lock(session, [grant.organisation_id for grant in held])
    if reasons := why_not(session, user):
        raise Conflict("；".join(reasons), code="cannot_erase", reasons=reasons)
    for row in access_requests.open_of(session, user.id):
        access_decisions.act(session, actor, row, "access_withdraw", expected_version=row.version)
    for grant in held:
        teams.end(session, actor, grant, "本人注销账号")
    for forget in personal_data.ERASERS:
        forget(session, user)
    user.login, user.name = f"erased-{user.id}@erased.invalid", personal_data.GONE_NAME
    user.password_hash, user.totp_secret_encrypted, user.preferences = "", None, {}
    user.active, user.erased_at = False, clock.now()
    session.flush()
    sessions.end_all(session, user.id, "logout")
    record(session, actor, "account_erase", user)


def _require_self(actor: Actor, user: User) -> None:
    if actor.user_id != user.id:
        raise Forbidden
