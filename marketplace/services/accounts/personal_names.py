"""Names of people that stand beside what they wrote for their organisation.

The text is the organisation's and stays; the name goes with the account. Such rows know no number
of a person: a name is taken as his where he ever had a role in that organisation.
"""

from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from marketplace.models import (
    PeriodicReport,
    Project,
    Provider,
    Rating,
    RatingVersion,
    ReportVersion,
    RoleGrant,
    User,
)
from marketplace.services.accounts.personal_data import GONE_NAME, erased


def _places(user: User) -> Select[Any]:
    return select(RoleGrant.organisation_id).where(RoleGrant.user_id == user.id)


@erased
def forget_in_ratings(session: Session, user: User) -> None:
    """Versions of ratings by the person's enterprises."""
    rated = (
        select(Rating.id)
        .join(Project, Project.id == Rating.project_id)
        .where(Project.enterprise_id.in_(_places(user)))
    )
    session.execute(
        update(RatingVersion)
        .where(RatingVersion.rating_id.in_(rated), RatingVersion.by_name == user.name)
        .values(by_name=GONE_NAME)
        .execution_options(synchronize_session=False)
    )


@erased
def forget_in_reports(session: Session, user: User) -> None:
    """Versions of reports of the person's providers."""
    reported = (
        select(PeriodicReport.id)
        .join(Provider, Provider.id == PeriodicReport.provider_id)
        .where(Provider.organisation_id.in_(_places(user)))
    )
    session.execute(
        update(ReportVersion)
        .where(ReportVersion.report_id.in_(reported), ReportVersion.by_name == user.name)
        .values(by_name=GONE_NAME)
        .execution_options(synchronize_session=False)
    )
