"""What cases leave to do: texts to mend, cases that are missing in the hall, versions to check."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import Organisation, Provider
from marketplace.models.case_versions import CaseVersion
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import CasePhase, Role
from marketplace.services.cases import case_counts
from marketplace.services.inbox.tasks import MOST, Lines, Task, listed, source

EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)


@listed(*EDITORS)
def returned_cases(actor: Actor) -> Iterable[Lines]:
    """Providers: cases that came back, from the client or from the bureau."""
    query = (
        visible(actor, Permission.CASE_READ, CaseVersion)
        .where(CaseVersion.phase == CasePhase.RETURNED)
        .order_by(CaseVersion.state_since, CaseVersion.id)
    )
    yield Lines(
        query,
        lambda row: Task(f"修改案例：{row.one}", f"/p/cases/{row.id}", None, "案例", row.two[:80]),
        id=CaseVersion.id, one=CaseVersion.title, two=CaseVersion.note,
    )  # fmt: skip


@source(*EDITORS)
def missing_cases(session: Session, actor: Actor) -> Iterable[Task]:
    """Providers: places with fewer cases in the hall than they require."""
    own = select(Provider.id).where(Provider.organisation_id == actor.organisation_id)
    for counter in case_counts.of(session, own.scalar_subquery()):
        if counter.short:
            yield Task(
                f"补充案例：{counter.segment_name}（{counter.type}）", "/p/cases", None, "案例",
                f"展厅中 {counter.shown}/{counter.needed}",
            )  # fmt: skip


@source(Role.CITY_OFFICER)
def cases_to_check(session: Session, actor: Actor) -> Iterable[Task]:
    """Staff: versions whose clients agreed."""
    rows = session.execute(
        visible(actor, Permission.CASE_CHECK, CaseVersion)
        .join(Provider, Provider.id == CaseVersion.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(CaseVersion.phase == CasePhase.CHECK)
        .order_by(CaseVersion.state_since, CaseVersion.id)
        .limit(MOST)
        .with_only_columns(CaseVersion.id, CaseVersion.title, Organisation.name)
    )
    for id_, title, name in rows:
        yield Task(f"审核案例：{title}", f"/work/cases/versions/{id_}", None, "案例", name)
