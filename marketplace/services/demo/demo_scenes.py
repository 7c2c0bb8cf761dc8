"""How each project of the demo came where it stands, by the steps that people take."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from marketplace import clock
from marketplace.models import Milestone, Organisation, Project
from marketplace.permissions import Actor
from marketplace.phases import OrganisationKind
from marketplace.services.demo.demo_stage import Stage
from marketplace.services.projects import acceptances, change_notices, disputes, milestones, ratings
from marketplace.services.projects.acceptances import Result
from marketplace.services.projects.project_rules import rules

_OPEN = {"after": "", "met": False}
METRICS = (
    {"name": "换模时间", "unit": "分钟", "before": "95", "target": "45", **_OPEN},
    {"name": "产品合格率", "unit": "%", "before": "96.1", "target": "98", **_OPEN},
)
AFTER = ("38", "98.6")
WORDS = ("按期上线，车间报工不再用纸。", "计划排得准了，换模少等。", "响应快，培训讲得清楚。",
         "报表够用，接口还要再完善。", "整体满意，价格合理。")  # fmt: skip


def submitted(stage: Stage, project: Project) -> Project:
    """Sent to the enterprise."""
    stage.step(stage.owner, project, project, "submit")
    return project


def confirmed(stage: Stage, project: Project) -> Project:
    """Confirmed by the enterprise."""
    submitted(stage, project)
    stage.step(stage.client(project), project, project, "confirm")
    return project


def running(stage: Stage, project: Project) -> Project:
    """On file."""
    confirmed(stage, project)
    stage.step(stage.district(project), project, project, "accept")
    return project


def _milestones(stage: Stage, project: Project) -> Iterator[Milestone]:
    query = select(Milestone.id).where(Milestone.project_id == project.id).order_by(Milestone.seq)
    for id_ in stage.session.scalars(query).all():
        yield stage.part(project, "milestones", id_)


def _finish(stage: Stage, milestone: Milestone) -> None:
    stage.put(stage.owner, milestone, milestones.EVIDENCE)
    milestones.finish(
        stage.session, stage.owner, milestone, note="已按方案完成，材料见附件。",
        expected_version=milestone.version,
    )  # fmt: skip


def moving(stage: Stage, project: Project) -> Project:
    """Milestones and changes in every state."""
    running(stage, project)
    first, second, _ = _milestones(stage, project)
    for milestone in (first, second):
        _finish(stage, milestone)
    stage.step(stage.client(project), project, first, "confirm")
    for days, action in (
        (10, "confirm"),
        (20, "refuse"),
        (30, "take_back"),
        (40, "object"),
        (50, ""),
    ):
        _change(stage, project, days, action)
    return project


def _change(stage: Stage, project: Project, days: int, action: str) -> None:
    if project.ends_on is None:
        return
    later = {"ends_on": project.ends_on + timedelta(days=days)}
    made = change_notices.propose(
        stage.session, stage.owner, project, later, "设备停产检修，进度顺延。"
    )
    actors = {
        "confirm": stage.client(project), "refuse": stage.client(project),
        "take_back": stage.owner, "object": stage.district(project),
    }  # fmt: skip
    if action:
        notice = stage.part(project, "changes", made.id)
        stage.step(actors[action], project, notice, action, "进度不宜再顺延")


def objected(stage: Stage, project: Project) -> Project:
    """A milestone that the enterprise did not agree with."""
    running(stage, project)
    first = next(_milestones(stage, project))
    _finish(stage, first)
    stage.step(stage.client(project), project, first, "object", "方案还没有盖章")
    return project


def applied(stage: Stage, project: Project) -> Project:
    """Everything done, acceptance applied for."""
    running(stage, project)
    for milestone in _milestones(stage, project):
        _finish(stage, milestone)
        stage.step(stage.client(project), project, milestone, "confirm")
    acceptances.apply(
        stage.session, stage.owner, project, summary="各模块已上线三个月。", metrics=METRICS,
        expected_version=project.version,
    )  # fmt: skip
    return project


def entered(stage: Stage, project: Project, *, passed: bool = True) -> Project:
    """The result entered with the evaluator."""
    applied(stage, project)
    judge = stage.session.scalars(
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.THIRD_PARTY)
        .order_by(Organisation.id)
    ).first()
    client = stage.client(project)
    if judge is not None:
        acceptances.evaluator(stage.session, client, project, judge.uscc)
    acceptance = acceptances.current(stage.session, project)
    if acceptance is None:
        return project
    stage.put(client, acceptance, acceptances.REPORT)
    metrics = tuple(
        {**item, "after": after if passed else item["before"], "met": passed}
        for item, after in zip(METRICS, AFTER, strict=True)
    )
    result = Result(
        level_before=1, level_after=2 if passed else 1, metrics=metrics, passed=passed,
        summary="评估机构到场核对了报表和现场。", evaluated_on=clock.today(),
    )  # fmt: skip
    acceptances.enter(
        stage.session, client, acceptance, result, expected_version=acceptance.version
    )
    return project


def _seal(stage: Stage, project: Project, action: str) -> Project:
    acceptance = acceptances.of(stage.session, project)[0]
    acceptance = stage.part(project, "acceptances", acceptance.id)
    acceptances.act(
        stage.session, stage.district(project), acceptance, action,
        why={"reason": "现场核查，与材料一致"}, expected_version=None,
    )  # fmt: skip
    return project


def failed(stage: Stage, project: Project) -> Project:
    """Acceptance failed; the project goes on."""
    return _seal(stage, entered(stage, project, passed=False), "seal_failed")


def returned_result(stage: Stage, project: Project) -> Project:
    """The result has to be entered again."""
    return _seal(stage, entered(stage, project), "return")


def accepted(stage: Stage, project: Project) -> Project:
    """Accepted, not rated yet."""
    return _seal(stage, entered(stage, project), "seal_passed")


def rated(stage: Stage, project: Project) -> Project:
    """Accepted and rated."""
    accepted(stage, project)
    number = project.id
    scores = {name: 3 + (number + place) % 3 for place, name in enumerate(rules().scores)}
    ratings.write(stage.session, stage.client(project), project, scores, WORDS[number % len(WORDS)])
    rating = ratings.of(stage.session, project)
    if rating is not None and number % 2:
        ratings.reply(stage.session, stage.owner, rating, "感谢支持，后续服务随叫随到。")
    return project


def hidden(stage: Stage, project: Project) -> Project:
    """Rated, the words hidden by staff."""
    rated(stage, project)
    rating = ratings.of(stage.session, project)
    if rating is not None:
        ratings.hide_text(stage.session, stage.city, rating, "含有与项目无关的内容")
    return project


def _open(stage: Stage, project: Project, by: Actor) -> Any:
    made = disputes.open_(
        stage.session, by, project, subject="设备接口没有完成",
        text="合同约定联网 12 台设备，目前只联了 7 台。",
    )  # fmt: skip
    return stage.part(project, "disputes", made.id)


def _dispute(stage: Stage, project: Project) -> Any:
    running(stage, project)
    return _open(stage, project, stage.client(project))


def disputed(stage: Stage, project: Project) -> Project:
    """A dispute that the district mediates."""
    _dispute(stage, project)
    return project


def _by(stage: Stage, actor: Actor, dispute: Any, action: str, outcome: str = "") -> Project:
    disputes.act(
        stage.session, actor, dispute, action, why={"reason": "双方到场，形成书面意见"},
        outcome=outcome, expected_version=None,
    )  # fmt: skip
    project: Project = dispute.project
    return project


def escalated(stage: Stage, project: Project) -> Project:
    """A dispute that waits for the city."""
    return _by(stage, stage.district(project), _dispute(stage, project), "escalate")


def settled(stage: Stage, project: Project) -> Project:
    """A dispute that ended well."""
    dispute = _dispute(stage, project)
    return _by(stage, stage.district(project), dispute, "settle", disputes.GOES_ON)


def terminated(stage: Stage, project: Project) -> Project:
    """Ended by a decision of the city."""
    dispute = _dispute(stage, project)
    _by(stage, stage.district(project), dispute, "escalate")
    return _by(stage, stage.city, dispute, "decide", disputes.ENDS)


def given_up(stage: Stage, project: Project) -> Project:
    """Ended by agreement during acceptance: what was open ended with it."""
    applied(stage, project)
    _open(stage, project, stage.owner)
    theirs = _open(stage, project, stage.client(project))
    return _by(stage, stage.district(project), theirs, "settle", disputes.ENDS)


def sent_back(stage: Stage, project: Project) -> Project:
    """Returned by the enterprise."""
    submitted(stage, project)
    stage.step(stage.client(project), project, project, "refuse", "付款方式与谈定的不一致")
    return project


def discarded(stage: Stage, project: Project) -> Project:
    """Given up as a draft."""
    stage.step(stage.owner, project, project, "discard")
    return project
