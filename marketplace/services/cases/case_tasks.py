"""What cases leave to do: texts to mend, cases that are missing in the hall, versions to check."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import Organisation, Provider
from marketplace.models.case_versions import CaseVersion
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import CasePhase, Role
from marketplace.services.cases import case_counts
from marketplace.services.inbox.tasks import MOST, Task, source
from marketplace.services.searching.vocabulary import Vocabulary

EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)


@source(*EDITORS)
def returned_cases(session: Session, actor: Actor) -> Iterable[Task]:
    """Providers: cases that came back, from the client or from the bureau."""
    rows = session.execute(
        visible(actor, Permission.CASE_READ, CaseVersion)
        .where(CaseVersion.phase == CasePhase.RETURNED)
        .order_by(CaseVersion.state_since, CaseVersion.id)
        .limit(MOST)
        .with_only_columns(CaseVersion.id, CaseVersion.title, CaseVersion.note)
    )
    for id_, title, note in rows:
        yield Task(f"修改案例：{title}", f"/p/cases/{id_}", None, "案例", note[:80])


@source(*EDITORS)
def missing_cases(session: Session, actor: Actor) -> Iterable[Task]:
    """Providers: places with fewer cases in the hall than they require."""
    own = session.scalar(
        select(Provider.id).where(Provider.organisation_id == actor.organisation_id)
    )
    short = [c for c in case_counts.of(session, own) if c.short] if own else []
    if not short:
        return
    words = Vocabulary.load(session)
    for counter in short:
        segment = words.name("segment", counter.segment)
        yield Task(
            f"补充案例：{segment}（{counter.type}）", "/p/cases", None, "案例",
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
