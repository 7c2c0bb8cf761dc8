"""Cases of the demo in every state, made by the steps that people take. Invented firms."""

import io
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock, uscc
from marketplace.errors import Forbidden
from marketplace.models import CaseVersion, Organisation, Provider, RoleGrant, User
from marketplace.permissions import NOBODY, Actor
from marketplace.phases import Role
from marketplace.programmes.loader import read_yaml
from marketplace.services.cases import case_checks as _checks  # noqa: F401  guards register themselves
from marketplace.services.cases import case_studies, consents
from marketplace.services.demo.demo_stage import LOGINS
from marketplace.services.files import files
from marketplace.services.upkeep.seeding import CONFIG
from marketplace.settings import Settings
from marketplace.storage import Kept

FILE = CONFIG / "demo" / "case_versions.yml"
ALTS = ("车间看板：各机台的产量柱形图", "一条产线的五个工位，第三个工位亮红灯")
INK, PAPER, BAR, RED = "#22303c", "#f4f7fa", "#2f6f9f", "#b3261e"


def pictures() -> list[bytes]:
    """Two drawings as PNG: a board with bars, and a line with a red light."""
    return [_board(), _line()]


def _board() -> bytes:
    image = Image.new("RGB", (960, 540), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 40, 920, 500), outline=INK, width=6)
    for place, height in enumerate((180, 260, 220, 320, 290, 350, 240)):
        left = 90 + place * 115
        draw.rectangle((left, 460 - height, left + 75, 460), fill=BAR)
    draw.line((70, 460, 890, 460), fill=INK, width=4)
    return _png(image)


def _line() -> bytes:
    image = Image.new("RGB", (960, 540), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 380, 920, 420), fill=INK)
    for place in range(5):
        left = 80 + place * 170
        draw.rectangle((left, 220, left + 120, 380), outline=INK, width=5)
        draw.ellipse((left + 40, 140, left + 80, 180), fill=RED if place == 2 else BAR)
    return _png(image)


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True)
class Put:
    """Who acts, and the files that lie in storage already."""

    session: Session
    owner: Actor
    officer: Actor
    letter: Kept
    pictures: tuple[Kept, ...]

    def draft(self, writer: Actor, content: dict[str, Any]) -> CaseVersion:
        """A whole draft with its files."""
        made = case_studies.create(self.session, writer, content)
        files.add(self.session, writer, self.letter, case_studies.LETTER, made)
        for kept, alt in zip(self.pictures, ALTS, strict=True):
            files.add(self.session, writer, kept, case_studies.PICTURE, made).alt = alt
        self.session.flush()
        return made

    def step(self, actor: Actor, version: CaseVersion, action: str, why: str = "") -> None:
        """One step."""
        case_studies.step(self.session, actor, version, action, why={"reason": why})

    def ask(self, writer: Actor, version: CaseVersion) -> str:
        """The client's token; no letter leaves the demo."""
        self.step(writer, version, "case_ask")
        return consents.issue(self.session, version, "office@client.example")[1]

    def agree(self, writer: Actor, version: CaseVersion, why: str = "") -> str:
        """The client's answer: yes, or no with a reason."""
        token = self.ask(writer, version)
        consents.answer(
            self.session, NOBODY, token, agrees=not why, uscc=version.client_uscc,
            signer="示例联系人", signer_post="生产负责人", reason=why,
        )  # fmt: skip
        return token


def ensure(session: Session, settings: Settings, letter: Kept, shots: tuple[Kept, ...]) -> int:
    """Make the versions if there are none; answers how many. Raises Forbidden outside the demo."""
    if not settings.demo:
        raise Forbidden("演示案例只能在演示模式下创建")
    if session.scalars(select(CaseVersion.id).limit(1)).first() is not None:
        return 0
    owner = _actor(session, Role.PROVIDER_OWNER)
    rival = _rival(session, owner)
    put = Put(session, owner, _actor(session, Role.CITY_OFFICER), letter, shots)
    data = read_yaml(FILE)
    for number, given in enumerate(data["cases"], 1):
        content = _content(data["common"], given, number)
        writer = rival if given["end"] == "twice" else owner
        _make(put, writer, put.draft(writer, content), given)
    session.flush()
    return len(data["cases"])


def _make(put: Put, writer: Actor, version: CaseVersion, given: dict[str, Any]) -> None:
    end, why = given["end"], given.get("why", "")
    if end == "discarded":
        put.step(writer, version, "case_discard")
    elif end == "consent":
        put.ask(writer, version)
    elif end == "refused":
        put.agree(writer, version, why)
    elif end != "draft":
        _decided(put, writer, version, given)


def _decided(put: Put, writer: Actor, version: CaseVersion, given: dict[str, Any]) -> None:
    """What the bureau did after the client agreed."""
    end, why = given["end"], given.get("why", "")
    token = put.agree(writer, version)
    if end == "returned":
        put.step(put.officer, version, "case_return", why)
    elif end in ("published", "newer", "withdrawn"):
        put.step(put.officer, version, "case_publish")
    if end == "withdrawn":
        code = version.client_uscc
        consents.withdraw(put.session, NOBODY, token, uscc=code, reason=why)
    elif end == "newer":
        _newer(put, writer, version)


def _newer(put: Put, writer: Actor, version: CaseVersion) -> None:
    """Two more versions: one took the place of the first, one waits beside it."""
    for text, shown in (("试点一年后复核，数据没有回落。", True), ("第二车间正在推广。", False)):
        fresh = case_studies.revise(put.session, writer, version.case_id or 0)
        content = {**fresh.content, "client_uscc": version.client_uscc, "replicability": text}
        case_studies.edit(put.session, writer, fresh, content, fresh.version)
        put.agree(writer, fresh)
        if shown:
            put.step(put.officer, fresh, "case_publish")


def _content(common: dict[str, Any], given: dict[str, Any], number: int) -> dict[str, Any]:
    finish = clock.today() - timedelta(days=60 + number * 20)
    # Two claims of one project name one client, so its code follows from its name.
    place = sum(given["client"].encode()) % 10**7
    body = f"91990000MB{place:07d}"
    year = finish.year
    metrics = [
        {
            "metric": name, "before": before, "after": after, "unit": unit,
            "measured_by": measured, "period": f"{year - 1}年对比{year}年",
        }
        for name, before, after, unit, measured in given["metrics"]
    ]  # fmt: skip
    return {
        **common,
        "title": given["title"], "client_name": given["client"],
        "client_uscc": body + uscc.check_digit(body), "client_anonymous": False,
        "start_on": (finish - timedelta(days=120)).isoformat(), "finish_on": finish.isoformat(),
        "investment_cny": f"{Decimal(given['investment']):.2f}", "metrics": metrics,
        **{name: given[name] for name in ("background", "pains", "solution")},
    }  # fmt: skip


def _actor(session: Session, role: Role) -> Actor:
    user, grant = session.execute(
        select(User, RoleGrant)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(User.login == LOGINS[role], RoleGrant.role == role.value)
    ).one()
    return Actor(role=role, user_id=user.id, name=user.name, organisation_id=grant.organisation_id)


def _rival(session: Session, owner: Actor) -> Actor:
    """Another provider of the demo, acting by somebody who has no account."""
    organisation_id = session.scalars(
        select(Organisation.id)
        .join(Provider, Provider.organisation_id == Organisation.id)
        .where(Organisation.id != owner.organisation_id)
        .order_by(Organisation.id)
        .limit(1)
    ).one()
    return replace(owner, user_id=None, name="示例同行", organisation_id=organisation_id)
