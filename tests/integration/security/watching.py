"""What no answer may do, watched while everybody asks for every route.

One sweep serves them all: asking costs far more than looking at what came back.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import (
    Acceptance,
    ChangeNotice,
    Dispute,
    Milestone,
    OneTimeLink,
    Project,
    Provider,
    RecoveryCode,
    StoredFile,
    User,
    UserSession,
)
from marketplace.services.accounts import second_factor
from marketplace.web.headers import BASE
from tests import factories
from tests.support.world import ANONYMOUS

BADGES = ("public.badge_json", "public.badge_svg")
"""Made to be shown by other sites; they hold nothing that is not public."""

SEED = "4KQJ2XFAKESECRET"
HASH = b"argon2id"
WORDS = re.compile(rb"[\w-]{10,}")
MARK = "紫貂松针"
PRICE = Decimal("31415926.00")
MARKS = [text.encode() for text in (MARK, "31415926", "3,141.59", "3141.59")]
FRIENDS = {"provider_owner", "enterprise", "district_reviewer", "city_officer"}
STRANGERS = {
    ANONYMOUS, "no_role", "enterprise_other", "provider_owner_other", "district_reviewer_other",
    "expert", "third_party",
}  # fmt: skip

TEXTS = ("text/html", "text/plain", "application/json", "application/xml", "text/xml")
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
RESIDENT = re.compile(r"(?<![0-9A-Za-z])[1-9]\d{16}[\dXx](?![0-9A-Za-z])")
INLINE = re.compile(
    r"<style\b|<script(?![^>]*\bsrc=|[^>]*\btype=\"application/ld\+json\")"
    r"|<[^>]*\s(?:style|on[a-z]+)\s*=|javascript:",
    re.I,
)


def plant_secrets(app, session: Session, world) -> set[bytes]:
    """Give every account secrets; answers what must never be seen."""
    secrets = {SEED}
    for user in session.scalars(select(User)):
        user.password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$aGFzaA"
        user.totp_secret_encrypted = app.extensions["cipher"].seal(
            SEED, f"users.totp_secret:{user.id}"
        )
        secrets |= set(second_factor._new_recovery_codes(session, user))
    session.flush()
    for model, column in (
        (UserSession, UserSession.token_hash),
        (OneTimeLink, OneTimeLink.token_hash),
        (RecoveryCode, RecoveryCode.code_hash),
    ):
        found = set(session.scalars(select(column)))
        assert found, model
        secrets |= found
    return {word.encode() for word in secrets | set(world.tokens.values())}


def plant_contract(session: Session, world) -> None:
    """Marked words in every text of a project that is not public."""
    project = session.get_one(Project, world.ids["project_id"])
    project.provider = session.get_one(Provider, project.provider_id)
    factories.make_project_parts(session, project)
    session.flush()
    project.title, project.contract_no = f"{MARK}改造", f"{MARK}-1"
    project.common_modules, project.custom_modules = [f"{MARK}模块"], [f"{MARK}定制"]
    project.subcontractors = [{"name": f"{MARK}分包", "uscc": factories.uscc()}]
    project.contract_price_cny = project.list_price_cny = PRICE
    for model, column in (
        (Milestone, "name"), (Milestone, "note"), (ChangeNotice, "reason"),
        (Acceptance, "summary"), (Dispute, "subject"), (Dispute, "text"),
    ):  # fmt: skip
        for row in session.scalars(select(model)):
            setattr(row, column, f"{MARK}文字")
    session.add(
        StoredFile(
            sha256="2" * 64, name=f"{MARK}.pdf", media_type="application/pdf", size=1,
            purpose="contract_scan", subject_type="projects", subject_id=project.id,
        )
    )  # fmt: skip


def plant_numbers(session: Session, world) -> None:
    """Numbers of persons, in places the public has no business with."""
    factories.make_user(session, name="13800001111")
    factories.make_person(session, session.get_one(Provider, world.ids["provider_id"]))


class Watch:
    """Looks at answers; ``found`` is what should not be: {check: {"actor: METHOD rule": what}}."""

    def __init__(self, secrets: set[bytes]) -> None:
        self.secrets = secrets
        self.friends: set[str] = set()
        """Who saw a marked word and may: the control that there was something to see."""
        self.checks: dict[str, Callable[[str, Any, Any], object]] = {
            "s01 headers": _lacking,
            "s03 inline": _inline,
            "s05 kept": lambda actor, rule, answer: (
                actor != ANONYMOUS
                and rule.endpoint != "static"
                and answer.headers.get("Cache-Control") != "no-store"
            ),
            "s15 broken": lambda _actor, _rule, answer: answer.status_code >= 500,
            "s44 secrets": self._secrets,
            "s45 contract": self._contract,
            "s81 numbers": _numbers,
        }
        self.found: dict[str, dict[str, object]] = {name: {} for name in self.checks}

    def see(self, actor: str, method: str, rule: Any, answer: Any) -> None:
        """Look at one answer. Only pages are searched; headers are on everything."""
        for name, check in self.checks.items():
            if method != "GET" and name not in ("s01 headers", "s15 broken"):
                continue
            if what := check(actor, rule, answer):
                self.found[name][f"{actor}: {method} {rule.rule}"] = what

    def _secrets(self, _actor: str, _rule: Any, answer: Any) -> set[bytes]:
        page = answer.data
        return (self.secrets & set(WORDS.findall(page))) | ({HASH} if HASH in page else set())

    def _contract(self, actor: str, _rule: Any, answer: Any) -> list[bytes]:
        shown = [mark for mark in MARKS if mark in answer.data]
        if shown and actor in FRIENDS:
            self.friends.add(actor)
        return shown if actor in STRANGERS else []


def missing(answer) -> set[str]:
    """Names of the headers of every answer that are not there as they should be."""
    return {name for name, value in BASE.items() if answer.headers.get(name) != value}


def _lacking(_actor: str, rule: Any, answer: Any) -> set[str]:
    lacking = missing(answer)
    # A page may be stricter about where its address goes, a file about what it may do.
    if answer.headers.get("Referrer-Policy") == "no-referrer":
        lacking -= {"Referrer-Policy"}
    if answer.headers.get("Content-Disposition", "").startswith("attachment"):
        lacking -= {"Content-Security-Policy"}
    if rule.endpoint in BADGES:
        lacking -= {"Content-Security-Policy", "Cross-Origin-Resource-Policy"}
    return lacking


def _inline(_actor: str, _rule: Any, answer: Any) -> str | None:
    found = INLINE.search(answer.get_data(as_text=True)) if answer.mimetype == "text/html" else None
    return found and found.group()


def _numbers(actor: str, _rule: Any, answer: Any) -> list[str]:
    if actor != ANONYMOUS or answer.mimetype not in TEXTS:
        return []
    text = answer.get_data(as_text=True)
    return MOBILE.findall(text) + RESIDENT.findall(text)
