"""Projects of the demo, in every state. Never elsewhere."""

from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from marketplace import clock
from marketplace.errors import Forbidden
from marketplace.models import Membership, Message, Organisation, Project, Provider, RoleGrant, User
from marketplace.phases import OrganisationKind, Role, StandingPhase
from marketplace.services.demo import demo_scenes as scenes
from marketplace.services.demo.demo_stage import LOGINS, Stage
from marketplace.settings import Settings
from marketplace.storage import Kept

UNREAD = 12

Scene = Callable[[Stage, Project], Project]


def _kept(stage: Stage, project: Project) -> Project:
    return project


OWN: tuple[tuple[str, Scene], ...] = (
    ("仓储条码改造（草稿）", _kept),
    ("能耗监测改造", scenes.discarded),
    ("注塑车间报工改造", scenes.submitted),
    ("质量追溯改造", scenes.confirmed),
    ("设备联网改造", scenes.sent_back),
    ("生产计划改造", scenes.moving),
    ("来料检验改造", scenes.objected),
    ("模具管理改造", scenes.applied),
    ("装配线改造", scenes.entered),
    ("订单交付改造", scenes.failed),
    ("喷涂线改造", scenes.returned_result),
    ("车间看板改造", scenes.accepted),
    ("采购协同改造", scenes.disputed),
    ("设备点检改造", scenes.escalated),
    ("成本核算改造", scenes.settled),
    ("数据采集改造", scenes.terminated),
    ("工艺管理改造", scenes.rated),
    ("安全巡检改造", scenes.given_up),
)
"""Projects of the demo's enterprise: every state at once."""

OTHERS: tuple[tuple[str, Scene], ...] = (
    ("冲压车间改造", scenes.rated),
    ("机加车间改造", scenes.rated),
    ("热处理改造", scenes.rated),
    ("总装车间改造", scenes.hidden),
    ("仓储物流改造", scenes.rated),
    ("备件管理改造", scenes.accepted),
)
"""Projects of other enterprises of the pool."""


def ensure(session: Session, settings: Settings, paper: Kept) -> int:
    """Make the projects if there are none; answers how many. Raises Forbidden outside the demo."""
    if not settings.demo:
        raise Forbidden("演示项目只能在演示模式下创建")
    if session.scalars(select(Project.id).limit(1)).first() is not None:
        return 0
    stage = _stage(session, paper)
    if stage is None:
        return 0
    firms = [stage.firms[0]] * len(OWN) + stage.firms[1 : len(OTHERS) + 1]
    for number, ((title, scene), firm) in enumerate(zip((*OWN, *OTHERS), firms, strict=False), 1):
        scene(stage, stage.draft(number, firm, title))
    _mostly_read(session)
    return len(firms)


def _mostly_read(session: Session) -> None:
    """Months of messages at once: all but the latest have been read."""
    newest = select(Message.id).where(Message.kind == "project").order_by(Message.id.desc())
    rows = update(Message).where(Message.kind == "project", Message.id.not_in(newest.limit(UNREAD)))
    session.execute(rows.values(read_at=clock.now()))


def _stage(session: Session, paper: Kept) -> Stage | None:
    own = (
        select(RoleGrant.organisation_id)
        .join(User, User.id == RoleGrant.user_id)
        .where(User.login == LOGINS[Role.PROVIDER_OWNER])
    )
    membership = session.scalars(
        select(Membership)
        .join(Provider, Provider.id == Membership.provider_id)
        .where(
            Provider.organisation_id.in_(own),
            Membership.phase.in_([StandingPhase.LISTED, StandingPhase.WARNED]),
        )
        .options(selectinload(Membership.provider).selectinload(Provider.organisation))
        .order_by(Membership.id)
    ).first()
    firms = list(
        session.scalars(
            select(Organisation)
            .where(Organisation.kind == OrganisationKind.ENTERPRISE)
            .order_by(Organisation.id)
            .limit(len(OTHERS) + 1)
        )
    )
    if membership is None or not firms:
        return None
    return Stage(session, paper, membership, firms)
