"""Ratings (满意度评价): by the enterprise of a filed contract, once a project, never bought.

Between affiliates they are marked and not counted, whether the link was known when the rating was
written or entered later. Below the declared minimum there is no average (domain.md §1.3, F-V14).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import Organisation, Project, Provider, Rating, RatingVersion
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import ProjectPhase
from marketplace.services.pool import applicants
from marketplace.services.projects import project_notices, projects
from marketplace.services.projects.project_rules import rules

ENDED = (ProjectPhase.ACCEPTED, ProjectPhase.TERMINATED)
BEST = 5
LONGEST = 1000
PER_PAGE = 10


@dataclass(frozen=True)
class Line:
    """One rating with what is public of its author. ``affiliated`` as it is known now."""

    rating: Rating
    segment: str
    district: str | None
    affiliated: bool
    ended: str
    edited: bool


@dataclass(frozen=True)
class Summary:
    """``averages`` is None below the minimum; ``counted`` leaves affiliates out."""

    counted: int
    affiliated: int
    minimum: int
    averages: Mapping[str, float] | None
    overall: float | None


def of(session: Session, project: Project) -> Rating | None:
    """The rating of a project, with the project and its parties."""
    query = select(Rating).where(Rating.project_id == project.id)
    return session.scalars(query.options(*projects.of_project(Rating))).one_or_none()


def beside(session: Session, actor: Actor, project_id: int) -> tuple[Project, Rating | None]:
    """A project the actor may know of, and its rating, in one query. Raises NotFound."""
    query = visible(actor, Permission.PROJECT_READ, Project).where(Project.id == project_id)
    found = session.execute(
        query.outerjoin(Rating, Rating.project_id == Project.id)
        .add_columns(Rating)
        .options(*projects.PARTIES, joinedload(Project.evaluator))
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个项目")
    project, rating = found
    if rating is not None:
        set_committed_value(rating, "project", project)
    return project, rating


def write(
    session: Session, actor: Actor, project: Project, scores: Mapping[str, int], text: str
) -> Rating:
    """The first and only rating of a project that ended. Raises Conflict, Invalid, Forbidden."""
    require(actor, Permission.RATING_WRITE, project)
    _check(scores, text)
    project = projects.lock(session, project)
    if project.phase not in ENDED or project.filed_on is None:
        raise Conflict("合同备案并验收或终止之后才能评价", code="not_ended")
    owner = project.provider.organisation_id
    rating = Rating(
        project=project, provider_id=project.provider_id, scores=dict(scores), text=text,
        affiliated=owner in applicants.group_of(session, project.enterprise_id),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(rating)
    except IntegrityError:
        raise Conflict("这个项目已经评价过", code="rated", remedy="可以修改原来的评价。") from None
    return _kept(session, actor, project, rating, "rating_write")


def edit(
    session: Session, actor: Actor, rating: Rating, scores: Mapping[str, int], text: str, *,
    expected_version: int,
) -> Rating:  # fmt: skip
    """Say it anew; what was said before stays in the history. Raises Conflict, Invalid."""
    require(actor, Permission.RATING_WRITE, rating)
    _check(scores, text)
    project = projects.lock(session, rating.project)
    _fresh(session, rating, expected_version)
    rating.scores, rating.text = dict(scores), text
    session.flush()
    return _kept(session, actor, project, rating, "rating_edit")


def _kept(session: Session, actor: Actor, project: Project, rating: Rating, action: str) -> Rating:
    number = session.scalar(
        select(func.count()).select_from(RatingVersion).where(RatingVersion.rating_id == rating.id)
    )
    session.add(
        RatingVersion(
            rating_id=rating.id, number=(number or 0) + 1, scores=dict(rating.scores),
            text=rating.text, by_name=actor.name,
        )
    )  # fmt: skip
    event = record(session, actor, action, rating, diff={"scores": dict(rating.scores)})
    project_notices.tell(session, project, rating, event)
    return rating


def _check(scores: Mapping[str, int], text: str) -> None:
    fields = {
        f"score_{name}": ["请选择1至5分"]
        for name in rules().scores
        if scores.get(name) not in range(1, BEST + 1)
    }
    if set(scores) - set(rules().scores):
        fields["form"] = ["有不认识的分项"]
    if len(text) > LONGEST:
        fields["text"] = [f"不超过{LONGEST}个字"]
    if fields:
        raise Invalid(fields=fields)


def _fresh(session: Session, rating: Rating, expected_version: int) -> None:
    session.refresh(rating, with_for_update={"of": Rating})
    if rating.version != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")


def reply(session: Session, actor: Actor, rating: Rating, text: str) -> None:
    """The provider answers, once. Raises Conflict, Invalid, Forbidden."""
    require(actor, Permission.RATING_REPLY, rating)
    if not text.strip() or len(text) > LONGEST:
        raise Invalid(fields={"reply": [f"请填写回复，不超过{LONGEST}个字"]})
    project = projects.lock(session, rating.project)
    _fresh(session, rating, rating.version)
    if rating.replied_at is not None:
        raise Conflict("已经回复过，只能回复一次", code="replied")
    rating.reply, rating.replied_at = text, clock.now()
    session.flush()
    event = record(session, actor, "rating_reply", rating)
    project_notices.tell(session, project, rating, event)


def hide_text(session: Session, actor: Actor, rating: Rating, reason: str) -> None:
    """Take the words off the public page; scores stay and count. Raises Invalid, Conflict."""
    require(actor, Permission.RATING_HIDE, rating)
    if not reason.strip():
        raise Invalid(fields={"reason": ["请填写理由"]})
    project = projects.lock(session, rating.project)
    _fresh(session, rating, rating.version)
    if rating.text_hidden_at is not None:
        raise Conflict("文字已经隐藏", code="wrong_state")
    rating.text_hidden_at, rating.hidden_reason = clock.now(), reason
    session.flush()
    event = record(session, actor, "rating_hide", rating, why=Why(reason=reason))
    project_notices.tell(session, project, rating, event)


def show_text(session: Session, actor: Actor, rating: Rating, reason: str) -> None:
    """Put hidden words back. Raises Invalid, Conflict."""
    require(actor, Permission.RATING_HIDE, rating)
    if not reason.strip():
        raise Invalid(fields={"reason": ["请填写理由"]})
    projects.lock(session, rating.project)
    _fresh(session, rating, rating.version)
    if rating.text_hidden_at is None:
        raise Conflict("文字没有隐藏", code="wrong_state")
    rating.text_hidden_at, rating.hidden_reason = None, ""
    session.flush()
    record(session, actor, "rating_show", rating, why=Why(reason=reason))


def versions(session: Session, rating: Rating) -> list[RatingVersion]:
    """Everything it said, newest first."""
    query = select(RatingVersion).where(RatingVersion.rating_id == rating.id)
    return list(session.scalars(query.order_by(RatingVersion.number.desc())))


def group_of(session: Session, provider_id: int) -> set[int]:
    """Organisations whose ratings of this provider do not count: its own group."""
    owner = session.scalars(
        select(Provider.organisation_id).where(Provider.id == provider_id)
    ).one()
    return applicants.group_of(session, owner)


def summary(session: Session, provider_id: int, group: set[int] | None = None) -> Summary:
    """Averages of a provider over its counted ratings; none below the declared minimum."""
    group = group_of(session, provider_id) if group is None else group
    rows = session.execute(
        select(Rating.scores, Rating.affiliated, Project.enterprise_id)
        .join(Project, Project.id == Rating.project_id)
        .where(Rating.provider_id == provider_id)
    ).all()
    counted = [
        scores for scores, marked, enterprise in rows if not marked and enterprise not in group
    ]
    minimum = rules().minimum
    averages = overall = None
    if len(counted) >= minimum:
        averages = {
            name: sum(scores[name] for scores in counted) / len(counted) for name in rules().scores
        }
        overall = sum(averages.values()) / len(averages)
    return Summary(len(counted), len(rows) - len(counted), minimum, averages, overall)


def listed(
    session: Session, provider_id: int, *, page: int = 1, size: int = PER_PAGE,
    group: set[int] | None = None,
) -> list[Line]:  # fmt: skip
    """One page of the ratings of a provider, newest first."""
    group = group_of(session, provider_id) if group is None else group
    again = exists().where(RatingVersion.rating_id == Rating.id, RatingVersion.number > 1)
    rows = session.execute(
        select(Rating, Project, Organisation.district, again)
        .join(Project, Project.id == Rating.project_id)
        .join(Organisation, Organisation.id == Project.enterprise_id)
        .where(Rating.provider_id == provider_id)
        .order_by(Rating.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    ).all()
    return [
        Line(
            rating, project.segment, district,
            rating.affiliated or project.enterprise_id in group, project.phase, edited,
        )
        for rating, project, district, edited in rows
    ]  # fmt: skip
