"""Tasks from selection files: for the enterprise to decide, for the chosen provider to draft."""

from collections.abc import Iterable

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from marketplace.models import Organisation, Project, Provider, Selection
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import ChoicePhase, ProjectPhase, Role
from marketplace.services.choosing.selections import DRAFT_AT
from marketplace.services.inbox.tasks import MOST, Lines, Task, listed, source

NEXT: dict[str, str] = {
    ChoicePhase.OPEN: "锁定搜索结果",
    ChoicePhase.LOCKED: "写明理由，选定一家服务商",
    ChoicePhase.CHOSEN: "通知服务商起草合同",
}
"""What an enterprise does next, by phase."""


@source(Role.ENTERPRISE)
def unfinished(session: Session, actor: Actor) -> Iterable[Task]:
    """Selection files that wait for the enterprise."""
    rows = session.execute(
        visible(actor, Permission.SELECTION_RUN, Selection)
        .where(Selection.phase.in_(NEXT))
        .order_by(Selection.state_since, Selection.id)
        .limit(MOST)
        .with_only_columns(Selection.id, Selection.title, Selection.phase)
    )
    for id_, title, phase in rows:
        yield Task(f"{NEXT[phase]}：{title}", f"/me/selections/{id_}", None, "选型")


@listed(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
def to_be_drafted(actor: Actor) -> Iterable[Lines]:
    """Enterprises that chose the provider, until it began a contract with them."""
    begun = exists().where(
        Project.provider_id == Selection.chosen_provider_id,
        Project.enterprise_id == Selection.organisation_id,
        Project.created_at >= Selection.state_since,
        Project.phase != ProjectPhase.DISCARDED,
    )
    query = (
        select(Organisation.name, Organisation.uscc)
        .join(Selection, Selection.organisation_id == Organisation.id)
        .join(Provider, Provider.id == Selection.chosen_provider_id)
        .where(
            Selection.phase == ChoicePhase.HANDED_OVER,
            Provider.organisation_id == actor.organisation_id,
            ~begun,
        )
        .order_by(Selection.state_since, Selection.id)
    )
    yield Lines(
        query,
        lambda row: Task(
            f"起草合同备案：{row.one}", DRAFT_AT, None, "合同", f"信用代码 {row.two}"
        ),
        one=Organisation.name, two=Organisation.uscc,
    )  # fmt: skip
