"""Selection files (选型档案): search → lock → reasons → choice → contract (F-V10).

The results are locked once, as a snapshot with its hash. A provider that may take no new contract
is refused in the transaction of the choice, under the locks that actions on its standing take.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import (
    Organisation,
    Project,
    Provider,
    SavedSearch,
    Selection,
    SelectionEntry,
)
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import ChoicePhase, Role
from marketplace.programmes import nouns
from marketplace.services.choosing import snapshots
from marketplace.services.choosing.selection_rules import NOUN
from marketplace.services.inbox import inbox
from marketplace.services.pool import applicants
from marketplace.workflow import locked, perform

MOST = 30
"""Candidates of one file: more cannot be weighed one by one."""

MOST_FILES = 200
EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
DRAFT_AT = "/p/projects/new"
"""Where a provider drafts the filing of a contract."""


def listed(actor: Actor) -> Select[Selection]:
    """SELECT of the actor's own, the last moved first."""
    query = visible(actor, Permission.SELECTION_RUN, Selection)
    return query.order_by(Selection.state_since.desc(), Selection.id.desc())


def get(session: Session, actor: Actor, selection_id: int) -> Selection:
    """One of the actor's own with its candidates. Raises NotFound."""
    query = visible(actor, Permission.SELECTION_RUN, Selection).where(Selection.id == selection_id)
    found = session.scalars(query.options(selectinload(Selection.entries))).one_or_none()
    if found is None:
        raise NotFound("没有这份选型档案")
    return found


def start(
    session: Session, actor: Actor, search: SavedSearch, *, title: str, need: str = ""
) -> Selection:
    """A new file from a saved search of providers. Raises Invalid, Conflict (too many)."""
    require(actor, Permission.SELECTION_RUN)
    require(actor, Permission.SEARCH_SAVE, search)
    if actor.user_id is None or actor.organisation_id is None:
        raise Forbidden
    if search.kind != "provider":
        raise Invalid("选型档案只能从服务商搜索建立", remedy="请到“找服务商”搜索并保存。")
    if (
        session.scalar(select(func.count()).select_from(listed(actor).subquery())) or 0
    ) >= MOST_FILES:
        raise Conflict(f"最多{MOST_FILES}份选型档案", code="too_many")
    workflow = nouns.workflow(NOUN)
    first = workflow.state(workflow.initial)
    row = Selection(
        organisation_id=actor.organisation_id, title=title, need=need,
        saved_search_id=search.id, params=search.params, wanted=search.wanted,
        conditions=search.conditions,
        state=first.id, phase=first.phase, state_since=clock.now(), created_by=actor.user_id,
    )  # fmt: skip
    row.entries = []
    session.add(row)
    session.flush()
    record(session, actor, "selection_start", row, states=("", first.id), diff={"title": title})
    return row


def lock(
    session: Session, actor: Actor, selection: Selection, provider_ids: Sequence[int]
) -> Selection:
    """Keep what the search finds now (``provider_ids``, in its order) and never change it again.

    Raises Invalid (none, or more than 30), Conflict (locked already).
    """
    require(actor, Permission.SELECTION_RUN, selection)
    if len(provider_ids) > MOST:
        raise Invalid(
            f"结果有{len(provider_ids)}家，最多锁定{MOST}家",
            remedy="请增加条件重新搜索，把范围缩小后再建立选型档案。",
        )
    row: Selection = locked(session, Selection, selection.id)
    if row.phase == ChoicePhase.OPEN:
        row.snapshot = snapshots.take(session, provider_ids, row.conditions)
        row.snapshot_sha256 = snapshots.digest(row.snapshot)
        row.locked_at = clock.now()
        for seq, candidate in enumerate(row.snapshot["candidates"], 1):
            row.entries.append(
                SelectionEntry(provider_id=candidate["id"], seq=seq, name=candidate["name"])
            )
        session.flush()
    perform(
        session, actor, row, "lock",
        sha256=row.snapshot_sha256, candidates=[entry.provider_id for entry in row.entries],
    )  # fmt: skip
    return row


def give_reasons(
    session: Session, actor: Actor, selection: Selection, reasons: Mapping[int, str]
) -> int:
    """Why candidates (by provider) are not chosen; answers how many changed. Raises Conflict."""
    require(actor, Permission.SELECTION_RUN, selection)
    row: Selection = locked(session, Selection, selection.id)
    if row.phase != ChoicePhase.LOCKED:
        raise Conflict("现在不能修改理由", code="wrong_state", remedy="需要修改的，请先重新选择。")
    changed = {}
    for entry in row.entries:
        text = reasons.get(entry.provider_id, entry.reason)
        if text != entry.reason:
            changed[str(entry.provider_id)] = [entry.reason, text]
            entry.reason = text
    if changed:
        row.updated_at = clock.now()
        session.flush()
        record(session, actor, "selection_reasons", row, diff=changed)
    return len(changed)


def choose(
    session: Session,
    actor: Actor,
    selection: Selection,
    provider_id: int,
    *,
    reason: str,
    expected_version: int | None = None,
) -> Selection:
    """Choose one candidate. Raises Conflict with every reason that forbids it, Invalid."""
    require(actor, Permission.SELECTION_RUN, selection)
    _hold(session, provider_id)
    perform(
        session, actor, selection, "choose", why=Why(reason=reason.strip()),
        provider_id=provider_id, expected_version=expected_version,
    )  # fmt: skip
    return get(session, actor, selection.id)


def hand_over(session: Session, actor: Actor, selection: Selection) -> Selection:
    """Tell the chosen provider to draft the contract filing. Raises Conflict."""
    require(actor, Permission.SELECTION_RUN, selection)
    if selection.chosen_provider_id is not None:
        _hold(session, selection.chosen_provider_id)
    event = perform(session, actor, selection, "hand_over")
    session.flush()
    organisation = session.scalars(
        select(Provider.organisation_id).where(Provider.id == selection.chosen_provider_id)
    ).one()
    enterprise = session.get_one(Organisation, selection.organisation_id)
    inbox.notify(
        session, "selection", inbox.team(session, organisation, *EDITORS),
        cause=f"event:{event.id}", voice="provider", url=DRAFT_AT,
        facts={"enterprise": enterprise.name, "uscc": enterprise.uscc},
    )  # fmt: skip
    return get(session, actor, selection.id)


def reconsider(session: Session, actor: Actor, selection: Selection, *, reason: str) -> Selection:
    """Take the choice back; a provider that was told hears of it. Raises Conflict, Invalid."""
    require(actor, Permission.SELECTION_RUN, selection)
    provider_id, told = selection.chosen_provider_id, selection.phase == ChoicePhase.HANDED_OVER
    event = perform(session, actor, selection, "reconsider", why=Why(reason=reason.strip()))
    if told and provider_id is not None:
        session.flush()
        organisation = session.scalars(
            select(Provider.organisation_id).where(Provider.id == provider_id)
        ).one()
        enterprise = session.get_one(Organisation, selection.organisation_id)
        inbox.notify(
            session, "selection", inbox.team(session, organisation, *EDITORS),
            cause=f"event:{event.id}", voice="taken_back", url="/p",
            facts={"enterprise": enterprise.name},
        )  # fmt: skip
    return get(session, actor, selection.id)


def abandon(session: Session, actor: Actor, selection: Selection, *, reason: str) -> Selection:
    """End the file without a choice; it can still be read. Raises Conflict, Invalid."""
    require(actor, Permission.SELECTION_RUN, selection)
    perform(session, actor, selection, "abandon", why=Why(reason=reason.strip()))
    return get(session, actor, selection.id)


def contracts(session: Session, actor: Actor, selection: Selection) -> Sequence[Project]:
    """Contracts that came of the choice, as far as the actor may know of them.

    Entered by the chosen provider after it was told, and signed no earlier than the results were
    locked: an older contract that is only filed late came of nothing here. Where the enterprise
    has chosen the same provider again since, what follows belongs to the later file.
    """
    if selection.phase != ChoicePhase.HANDED_OVER or selection.locked_at is None:
        return []
    same = (
        Selection.organisation_id == selection.organisation_id,
        Selection.chosen_provider_id == selection.chosen_provider_id,
        Selection.phase == ChoicePhase.HANDED_OVER,
        Selection.state_since > selection.state_since,
    )
    again = session.scalar(select(func.min(Selection.state_since)).where(*same))
    query = visible(actor, Permission.PROJECT_READ, Project).where(
        Project.provider_id == selection.chosen_provider_id,
        Project.enterprise_id == selection.organisation_id,
        Project.created_at >= selection.state_since,
        or_(
            Project.signed_on.is_(None),
            Project.signed_on >= clock.beijing(selection.locked_at).date(),
        ),
    )  # fmt: skip
    if again is not None:
        query = query.where(Project.created_at < again)
    return session.scalars(query.order_by(Project.id)).all()


def _hold(session: Session, provider_id: int) -> None:
    """Lock the provider's organisation: its standing cannot move before this transaction ends."""
    organisation = session.scalar(
        select(Provider.organisation_id).where(Provider.id == provider_id)
    )
    if organisation is not None:
        applicants.lock(session, [organisation])
