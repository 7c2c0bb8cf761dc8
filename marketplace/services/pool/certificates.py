"""Certificates of places in the pool: a PDF while the place stands, a page that says so (F-P19).

Everybody may check and fetch one who has its number, which nobody can make up. The paper is of
the day it was made; the page behind its QR code always says what holds today.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session, selectinload

from marketplace import clock
from marketplace.crypto import keyed_hash
from marketplace.errors import NotFound
from marketplace.models import Membership
from marketplace.phases import PUBLIC_PHASES, StandingPhase
from marketplace.services.documents import typeset
from marketplace.services.documents.parts import HEAD, Part
from marketplace.services.evaluation import grades
from marketplace.services.pool.badges import places
from marketplace.services.profiles.catalogue import state_of

PURPOSE = "certificate"
CODE = re.compile(r"([0-9]{1,9})-([0-9A-F]{10})")
UNKNOWN = "没有这个编号，请核对后再试"
OVER = "有效期已过"
OPEN_END = "通知未规定期限"
DEMO = "演示数据，不作证明"


def number(secret: str, membership_id: int) -> str:
    """The number of a certificate: nobody can make one up. ``secret``: this installation's."""
    check = keyed_hash(secret, PURPOSE, str(membership_id))[:10].upper()
    return f"{membership_id}-{check}"


@dataclass(frozen=True)
class Certificate:
    """A place as its certificate stands on the day ``on``.

    ``since``, ``reason``: from when, and why, it does not hold; of a valid one None and empty.
    """

    number: str
    membership: Membership
    on: date
    valid: bool
    standing: str
    note: str
    since: date | None
    reason: str

    @property
    def warned(self) -> bool:
        """Whether it holds, but with a warning or an order to put something right."""
        return self.valid and self.membership.phase != StandingPhase.LISTED

    @property
    def name(self) -> str:
        """What it is called, in the words of its programme."""
        return f"{self.membership.round.programme.short_name}证书"

    @property
    def term(self) -> str:
        """How long the title holds, as the notice says."""
        if self.membership.valid_until is not None:
            return f"至{written(self.membership.valid_until)}"
        validity = self.membership.round.programme.validity
        return (validity.renewal_window if validity else "") or OPEN_END

    @property
    def grade(self) -> str:
        """The latest published grade with its cycle; empty without one."""
        found = grades.of(self.membership)
        return f"{found.name}（{found.cycle}）" if found and found.rank is not None else ""

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What it certifies, line by line, with the labels."""
        row = self.membership
        programme, organisation = row.round.programme, row.provider.organisation
        lines = (
            ("证书编号", self.number),
            ("服务商", organisation.name),
            ("统一社会信用代码", organisation.uscc),
            ("类型", programme.type_label(row.type)),
            ("细分行业", programme.segment_label(row.segment)),
            ("批次", row.round.label),
            ("列入日期", written(row.listed_on)),
            ("有效期", self.term),
            ("评价等级", self.grade),
        )
        return tuple((label, text) for label, text in lines if text)

    @property
    def digest(self) -> str:
        """SHA-256 of ``label：text`` lines of the facts: paper and page can be held together."""
        text = "\n".join(f"{label}：{value}" for label, value in self.facts)
        return hashlib.sha256(text.encode()).hexdigest()


def check(session: Session, secret: str, typed: str) -> Certificate:
    """The certificate behind a number as people type it. Raises NotFound."""
    compact = "".join(typed.split()).upper().replace("－", "-")
    found = CODE.fullmatch(compact)
    if found is None or number(secret, int(found[1])) != compact:
        raise NotFound(UNKNOWN)
    query = places().options(selectinload(Membership.graded))
    row = session.scalars(query.where(Membership.id == int(found[1]))).one_or_none()
    if row is None:
        raise NotFound(UNKNOWN)
    return of(row, compact)


def of(row: Membership, code: str) -> Certificate:
    """The certificate of a place whose round, provider and grades are loaded; any standing."""
    state, today = state_of(row), clock.today()
    if row.phase not in PUBLIC_PHASES:
        since = row.exited_on or clock.beijing(row.state_since).date()
        return Certificate(
            code, row, today, False, state.public_label, state.note, since, row.public_reason
        )
    if row.valid_until is not None and row.valid_until < today:
        over = row.valid_until + timedelta(days=1)
        return Certificate(code, row, today, False, OVER, "", over, "")
    return Certificate(code, row, today, True, state.public_label, state.note, None, "")


def written(day: date) -> str:
    """A day as certificates write it."""
    return f"{day.year}年{day.month}月{day.day}日"


def qr(address: str) -> str:
    """The address as a QR code: an SVG picture of its own, four modules of white around it."""
    import segno  # few requests draw one

    out = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(out, kind="svg", scale=4, border=4, light="#fff")
    return out.getvalue().decode()


def pdf(certificate: Certificate, address: str, *, demo: bool) -> bytes:
    """The certificate on one A4 page; ``address`` is the page that checks it.

    Raises NotFound for a place that does not stand today: there is nothing to certify.
    """
    if not certificate.valid:
        raise NotFound(f"{certificate.standing}，不出具证书。现状见核验页")
    programme = certificate.membership.round.programme
    document = programme.instrument
    warning = DEMO if demo else ""
    basis = f"依据：《{document.title}》（{document.number}）"
    facts = {
        "title": certificate.name,
        "name": certificate.membership.provider.organisation.name,
        "claim": _claim(certificate),
        "basis": basis,
        "rows": certificate.facts[2:],
        "number": certificate.number,
        "standing": certificate.standing,
        "issuers": document.issued_by,
        "dated": written(certificate.on),
        "address": address,
        "qr": qr(address),
        "digest": certificate.digest,
        "demo": warning,
    }
    plain = _plain(certificate, warning, basis, address)
    return typeset.pdf("certificate", facts, day=certificate.on, plain=plain)


def _claim(certificate: Certificate) -> str:
    row = certificate.membership
    return (
        f"于{written(row.listed_on)}列入“{row.round.programme.short_name}”名单（{row.round.label}），"
        f"截至{written(certificate.on)}状态为“{certificate.standing}”。"
    )


def _plain(certificate: Certificate, warning: str, basis: str, address: str) -> Iterator[Part]:
    """The same in lines, for a machine without a Chinese font."""
    yield Part(certificate.name, "center", HEAD, heading=True)
    yield Part(warning, "center")
    for label, text in certificate.facts:
        yield Part(f"{label}：{text}", "left")
    for text in (_claim(certificate), basis, f"核验：{address}", f"校验值：{certificate.digest}"):
        yield Part(text, "left")
