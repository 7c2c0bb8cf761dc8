"""Case files of the demo: a place in every state of the life cycle. Never elsewhere."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import Why
from marketplace.models import Proceeding, User
from marketplace.permissions import SYSTEM
from marketplace.phases import Role
from marketplace.services.demo import demo_credit, demo_exits
from marketplace.services.demo.demo_desk import LOGINS, Desk, K, free_places
from marketplace.services.demo.demo_proceedings_words import WORDS
from marketplace.services.proceedings import exits, proceedings, rectifications
from marketplace.settings import Settings

Scene = Callable[[Desk], None]


def ensure(session: Session, settings: Settings) -> int:
    """Make them if there are none; answers how many. Raises Forbidden outside the demo."""
    if not settings.demo:
        raise Forbidden("演示案卷只能在演示模式下创建")
    known = session.scalars(select(Proceeding.id).limit(1)).first()
    if known is not None or not _ready(session):
        return 0
    desk = Desk(session, free_places(session))
    for scene in SCENES:
        _play(desk, scene)
    return len(session.scalars(select(Proceeding.id)).all())


def _play(desk: Desk, scene: Scene) -> None:
    """One scene, or nothing of it: near the end of a year no notice can run into a 暂定 one."""
    try:
        with desk.session.begin_nested():
            scene(desk)
    except (Conflict, Invalid, NotFound):
        desk.session.expire_all()


def _ready(session: Session) -> bool:
    found = session.scalars(select(User.id).where(User.login.in_(LOGINS.values()))).all()
    return len(found) == len(LOGINS)


def mending(desk: Desk) -> None:
    """Rectifications: ordered, under way with a request for more days, reported, mended."""
    desk.open(K.RECTIFICATION)
    planned = desk.open(K.RECTIFICATION)
    desk.act(planned, "submit_plan", desk.owner(planned), text=WORDS["plan"])
    rectifications.ask_extension(
        desk.session, desk.owner(planned), planned, days=5, reason=WORDS["extension"]
    )
    for last in ("report_mended", "check_pass", "confirm_mended"):
        case = desk.open(K.RECTIFICATION)
        desk.act(case, "submit_plan", desk.owner(case), text=WORDS["plan"])
        desk.act(case, "report_mended", desk.owner(case), text=WORDS["report"])
        if last != "report_mended":
            desk.act(case, "check_pass", desk.district(case.membership))
        if last == "confirm_mended":
            desk.act(case, "confirm_mended", desk.officer)


def overdue(desk: Desk) -> None:
    """A rectification that ran out: the removal stands at its hearing."""
    case = desk.open(K.RECTIFICATION)
    desk.past(case)
    proceedings.act(desk.session, SYSTEM, case, "lapse", why=Why(reason="期限已到"))
    following = proceedings.current(desk.session, case.membership_id)
    if following is not None:
        desk.act(following, "open_hearing", desk.officer)


def suspended(desk: Desk) -> None:
    """Suspensions: confirmed, appealed against; ``demo_credit`` has one that waits for a human."""
    desk.open(K.SUSPENSION)
    desk.appeal(desk.open(K.SUSPENSION))
    judge = desk.actor(Role.COSIGNER)
    desk.seat(desk.appeal(desk.open(K.SUSPENSION)), judge)
    for upheld in (True, False):
        appeal = desk.appeal(desk.open(K.SUSPENSION))
        desk.judge(appeal, judge, "upheld" if upheld else "rejected", upheld=upheld)


def removing(desk: Desk) -> None:
    """Removals: proposed, before the bureaus, on notice, announced, dismissed."""
    place = desk.next()
    desk.open(K.REMOVAL, by=desk.district(place), place=place)
    desk.opine(desk.to_decision(), 2)
    desk.to_notice()
    _, notice = desk.to_notice()
    desk.finish(notice)
    desk.act(desk.to_decision(), "dismiss", desk.officer)


def leaving(desk: Desk) -> None:
    """Voluntary exits: asked for, in their days of notice."""
    for accepted in (False, True):
        place = desk.next()
        if accepted:  # its client is asked what it wishes for the project
            demo_exits.running_project(desk.session, place, "能耗监测平台")
        actor = desk.actor(Role.PROVIDER_OWNER, place.provider.organisation)
        case = exits.request(desk.session, actor, place, reason=WORDS["leaving"])
        if accepted:
            desk.act(case, "accept_request", desk.officer)


# Those that need a certain place take theirs first.
SCENES: tuple[Scene, ...] = (
    *demo_exits.SCENES, mending, overdue, demo_credit.findings, suspended, removing, leaving
)  # fmt: skip
