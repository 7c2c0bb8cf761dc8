"""Tasks of the pool: rectifications, ended publicity, checked imports."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Candidacy, ImportJob, Membership, Organisation, Provider
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import ImportPhase, Role, SelectionPhase, StandingPhase
from marketplace.services.inbox.tasks import MOST, Lines, Task, listed, source

TEAM = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)


def _rectifying(actor: Actor) -> Select[int, int, date | None, str]:
    return (
        visible(actor, Permission.MEMBERSHIP_READ, Membership)
        .join(Provider, Provider.id == Membership.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(Membership.phase == StandingPhase.RECTIFYING)
        .order_by(Membership.rectify_by.is_(None), Membership.rectify_by, Membership.id)
        .limit(MOST)
        .with_only_columns(
            Membership.id, Membership.provider_id, Membership.rectify_by, Organisation.name
        )
    )


@source(Role.CITY_OFFICER, Role.DISTRICT_REVIEWER)
def rectifications(session: Session, actor: Actor) -> Iterable[Task]:
    """Staff: rectifications to follow up."""
    for id_, _, due, name in session.execute(_rectifying(actor)):
        yield Task(f"跟进整改：{name}", f"/work/memberships/{id_}", due, "整改")


@listed(*TEAM)
def own_rectifications(actor: Actor) -> Iterable[Lines]:
    """Providers: what they have to rectify."""
    yield Lines(
        _rectifying(actor),
        lambda row: Task("完成整改并报告", f"/providers/{row.id}", row.day, "整改"),
        id=Membership.provider_id, day=Membership.rectify_by,
    )  # fmt: skip


@source(Role.CITY_OFFICER)
def ended_publicity(session: Session, actor: Actor) -> Iterable[Task]:
    """Candidacies whose publicity has ended wait to be listed; an officer lists."""
    rows = session.execute(
        visible(actor, Permission.CANDIDACY_LIST, Candidacy)
        .join(Provider, Provider.id == Candidacy.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(
            Candidacy.phase == SelectionPhase.PUBLICITY, Candidacy.publicity_until < clock.today()
        )
        .order_by(Candidacy.publicity_until, Candidacy.id)
        .limit(MOST)
        .with_only_columns(Candidacy.id, Candidacy.publicity_until, Organisation.name)
    )
    for id_, until, name in rows:
        yield Task(
            f"公示期满，办理入池：{name}", f"/work/candidacies/{id_}", None, "公示",
            f"公示至 {until}",
        )  # fmt: skip


@source(Role.CITY_OFFICER)
def checked_imports(session: Session, actor: Actor) -> Iterable[Task]:
    """Files that the actor handed in and that wait to be written."""
    rows = session.execute(
        select(ImportJob.id, ImportJob.file_name, ImportJob.invalid_rows)
        .where(ImportJob.created_by == actor.user_id, ImportJob.phase == ImportPhase.STAGED)
        .order_by(ImportJob.id)
        .limit(MOST)
    )
    for id_, name, invalid in rows:
        text = f"{invalid} 行有错误" if invalid else "没有错误"
        yield Task(f"确认导入：{name}", f"/work/imports/{id_}", None, "导入", text)
