"""What the demo's enterprise keeps and chose: selection files in every state. Never elsewhere."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.errors import Forbidden
from marketplace.models import (
    Membership,
    Organisation,
    Provider,
    RoleGrant,
    SavedSearch,
    Selection,
    User,
)
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import PUBLIC_PHASES, ChoicePhase, Role
from marketplace.services.choosing import (
    favourites,
    saved_searches,
    selection_rules,
    selections,
    shortlists,
)
from marketplace.services.choosing.saved_searches import Wanted
from marketplace.services.profiles import catalogue
from marketplace.services.profiles.catalogue import Shown
from marketplace.services.searching.vocabulary import Vocabulary
from marketplace.settings import Settings

ENTERPRISE = "enterprise@demo.example"
OWNER = "owner@demo.example"
CANDIDATES = 6
NOTES = ("先看样板车间，再谈价格", "报价含一年服务费", "本地团队人数多，响应快")
REASONS = (
    "没有同规模企业的案例", "价格超出预算", "工期太长，赶不上旺季", "与现有系统不能对接",
    "本地服务力量不足",
)  # fmt: skip
FILES = (
    ("仓库条码选型", ChoicePhase.OPEN),
    ("注塑车间 MES 选型", ChoicePhase.LOCKED),
    ("设备联网选型", ChoicePhase.CHOSEN),
    ("质量追溯选型", ChoicePhase.HANDED_OVER),
    ("能耗监测选型", ChoicePhase.ABANDONED),
)
"""One selection file in every state."""


def ensure(session: Session, settings: Settings) -> int:
    """Make them if there are none; answers how many files. Raises Forbidden outside the demo."""
    if not settings.demo:
        raise Forbidden("演示选型只能在演示模式下创建")
    actor = _actor(session)
    if actor is None or session.scalars(select(Selection.id).limit(1)).first() is not None:
        return 0
    segment, ids = _market(session)
    shown = [catalogue.shown(item) for item in catalogue.load(session, ids)]
    shown.sort(key=lambda one: ids.index(one.provider.id))
    if len(shown) < 2:
        return 0
    _keep(session, actor, shown)
    search = _search(session, actor, segment, shown)
    for title, phase in FILES:
        _file(session, actor, search, title, phase, shown[:CANDIDATES])
    return len(FILES)


def _actor(session: Session) -> Actor | None:
    row = session.execute(
        select(User.id, User.name, Organisation.id, Organisation.name)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(User.login == ENTERPRISE, RoleGrant.role == Role.ENTERPRISE.value)
    ).first()
    if row is None:
        return None
    return Actor(
        role=Role.ENTERPRISE, user_id=row[0], name=row[1],
        organisation_id=row[2], organisation_name=row[3],
    )  # fmt: skip


def _market(session: Session) -> tuple[str, list[int]]:
    """A segment of the demo's own provider, and who is listed in it, that provider first."""
    own = (
        select(RoleGrant.organisation_id)
        .join(User, User.id == RoleGrant.user_id)
        .where(User.login == OWNER)
    )
    query = (
        select(Membership.provider_id, Membership.segment)
        .join(Provider, Provider.id == Membership.provider_id)
        .where(Membership.phase.in_(PUBLIC_PHASES))
        .order_by(Provider.organisation_id.in_(own).desc(), Membership.id)
    )
    rows = session.execute(query).all()
    segment = rows[0].segment if rows else ""
    ids = dict.fromkeys(row.provider_id for row in rows if row.segment == segment)
    fit = selection_rules.standing(session, ids)
    return segment, [id_ for id_ in ids if not fit[id_]]


def _keep(session: Session, actor: Actor, shown: Sequence[Shown]) -> None:
    keys = [("provider", one.provider.id) for one in shown[:3]]
    keys += [("product", one.products[0].id) for one in shown[:3] if one.products]
    keys += [("case", one.cases[0].id) for one in shown[:2] if one.cases]
    for key in keys:
        favourites.add(session, actor, key)
    row = shortlists.create(
        session, actor, name="注塑车间改造", note="两台注塑机联网，先看产量和停机。", keys=keys[:5]
    )
    for item, text in zip(row.items, NOTES, strict=False):
        shortlists.note(session, actor, row, item.id, text)
    shortlists.create(session, actor, name="二期：仓库", keys=keys[5:6])


def _search(session: Session, actor: Actor, segment: str, shown: Sequence[Shown]) -> SavedSearch:
    """A search that has told of one match since, and one that tells nothing."""
    name = Vocabulary.load(session).label("segment", segment)
    index = {"q": "", "literal": False, "filters": {"segment": [segment]}}
    wanted = Wanted("provider", [("segment", segment)], index, name)
    found = {one.provider.id: one.provider.organisation.name for one in shown}
    known = dict(list(found.items())[:-1])
    row = saved_searches.save(session, actor, wanted, known, name=f"{name}服务商", alert=True)
    saved_searches.note(session, SYSTEM, row.id, found)
    quiet = Wanted("case", [("segment", segment)], index, name)
    saved_searches.save(session, actor, quiet, {}, name=f"{name}案例", alert=False)
    return row


def _file(
    session: Session,
    actor: Actor,
    search: SavedSearch,
    title: str,
    phase: ChoicePhase,
    shown: Sequence[Shown],
) -> None:
    row = selections.start(
        session, actor, search, title=title, need="三个月内上线，预算二十万元以内。"
    )
    if phase is ChoicePhase.OPEN:
        return
    ids = [one.provider.id for one in shown]
    selections.lock(session, actor, row, ids)
    texts = dict(zip(ids[1:], REASONS, strict=False))
    if phase is ChoicePhase.LOCKED:
        texts = dict(list(texts.items())[:2])
    selections.give_reasons(session, actor, row, texts)
    if phase is ChoicePhase.ABANDONED:
        selections.abandon(session, actor, row, reason="改造推迟到明年")
    if phase in (ChoicePhase.CHOSEN, ChoicePhase.HANDED_OVER):
        selections.choose(session, actor, row, ids[0], reason="有同行业同规模案例，价格在预算内")
    if phase is ChoicePhase.HANDED_OVER:
        selections.hand_over(session, actor, row)
