"""Awards as staff see them: put forward, announced by document, revoked."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Award, Membership, Product
from marketplace.permissions import Actor, Permission, can
from marketplace.phases import AwardPhase
from marketplace.programmes import nouns
from marketplace.schemas.projects import Field, form
from marketplace.services.checks import awards
from marketplace.services.checks.awards import Proposal
from marketplace.web.access import current_actor, needs
from marketplace.web.context import wan
from marketplace.web.forms import load
from marketplace.web.work import once, upkeep
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.spot_checks import CHOICE, place_of

COLUMNS = [
    {"key": "who", "label": "对象", "head": True}, {"key": "title", "label": "奖项"},
    {"key": "year", "label": "年度"}, {"key": "state", "label": "状态"},
    {"key": "document", "label": "公布文件"},
]  # fmt: skip


@blueprint.get("/awards")
@needs(Permission.WORK_READ)
def award_list() -> str:
    """Awards, the latest year first."""
    actor = current_actor()
    phase = upkeep.chosen("phase", [*AwardPhase])
    query = awards.listed(actor, phase).options(*awards.BESIDE)
    rows, pager = upkeep.paged(current_session(), query)
    states = [("", "全部"), *((s.phase, s.staff_label) for s in nouns.workflow("award").states)]
    new = {"label": "提名", "tone": "primary", "url": url_for("work.new_award")}
    return render_template(
        upkeep.LIST, **upkeep.frame("work"), **pager, title="评优",
        lead="按方案的规定评选优秀服务商和解决方案。公布要有文号，公布后在“活动—评优结果”公开。",
        buttons=[new] if can(actor, Permission.AWARD_DECIDE) else [],
        tabs=upkeep.tabs("work.award_list", "phase", states, phase), filters=[], unit="项",
        columns=COLUMNS, rows=[_line(row) for row in rows], empty="没有这样的评优。",
    )  # fmt: skip


def _line(row: Award) -> dict[str, Any]:
    return {
        "who": {"text": awards.who(row), "url": url_for("work.award", row_id=row.id)},
        "title": row.title + (f"（{row.tier}）" if row.tier else ""), "year": f"{row.year}年",
        "state": upkeep.tag("award", row.state, staff=True), "document": row.document_no,
    }  # fmt: skip


@blueprint.get("/awards/<int:row_id>")
@needs(Permission.WORK_READ)
def award(row_id: int) -> str:
    """One award with its grounds and history."""
    session, actor = current_session(), current_actor()
    row = awards.get(session, actor, row_id)
    clause = awards.clauses(row.membership.round.programme).get(row.clause)
    facts = [
        ("奖项", row.title + (f"（{row.tier}）" if row.tier else "")), ("年度", f"{row.year}年"),
        ("在池资格", place_of(row.membership)),
        ("产品", row.product.name if row.product else "不针对单个产品"),
        ("奖励金额", f"{wan(row.amount_cny)}万元" if row.amount_cny else "方案没有规定金额"),
        ("依据", f"{clause.article}：{clause.quote}" if clause else row.clause),
        ("公布", f"{row.announced_on}　{row.document_no}" if row.announced_on else "还没有公布"),
    ]  # fmt: skip
    return render_template(
        upkeep.DETAIL, **upkeep.frame("work", ("评优", url_for("work.award_list"))),
        title=awards.who(row), state=upkeep.tag("award", row.state, staff=True),
        buttons=NOUN.buttons("work", row, actor),
        sections=[
            {"title": "基本情况", "id": "facts", "facts": facts},
            {"title": "提名理由", "id": "grounds", "prose": row.grounds},
        ],
        events=upkeep.events(session, row, "award"),
    )  # fmt: skip


def _do(session: Session, actor: Actor, row: Any, action: str, data: dict[str, Any]) -> None:
    awards.step(
        session, actor, row, action, reason=data["reason"],
        document_no=data.get("document_no", ""), expected_version=data["version"],
    )  # fmt: skip


NOUN = upkeep.Noun(
    name="award", place="awards", label="评优", get=awards.get, do=_do, about=awards.who
)
upkeep.register_steps(
    blueprint, NOUN, reading=Permission.WORK_READ, acting=Permission.AWARD_DECIDE,
    listed="award_list", one="award",
)  # fmt: skip


@blueprint.get("/awards/new")
@needs(Permission.AWARD_DECIDE)
def new_award() -> str:
    """Whom to put forward."""
    text = upkeep.searched()
    rows = [
        {
            "provider": {"text": name, "url": url_for("work.propose", membership_id=place.id)},
            "place": place_of(place, round_),
        }
        for place, round_, name in awards.candidates(current_session(), text)
        if round_.programme.awards
    ]
    return render_template(
        upkeep.LIST, **upkeep.frame("work", ("评优", url_for("work.award_list"))), title="提名",
        lead="先选择在池资格，最多列出50个，可以按名称查找。", buttons=[], tabs=[],
        unit="个在池资格", columns=CHOICE, rows=rows, empty="没有找到，请换个名称。",
        filters=[{"name": "q", "label": "服务商", "value": text}],
        total=len(rows), page=1, pages=1, page_link=lambda number: "",
    )  # fmt: skip


def _asked(membership_id: int) -> tuple[Membership, list[Field], dict[str, Any]]:
    session = current_session()
    row = awards.membership(session, membership_id)
    programme = row.round.programme
    products = session.execute(
        select(Product.id, Product.name)
        .where(Product.provider_id == row.provider_id, Product.hidden_at.is_(None))
        .order_by(Product.name)
    ).all()
    clauses = [(clause.id, f"{clause.label}（{clause.article}）") for clause in programme.awards]
    tiers = [(t.label, t.label) for clause in programme.awards for t in clause.tiers]
    fields = [
        Field("clause", "依据", "choice", options=clauses,
              value=clauses[0][0] if len(clauses) == 1 else ""),
        Field("kind", "奖项", "radio", options=list(awards.LABELS.items())),
        Field("product_id", "产品", "choice", required=False,
              options=[(str(id_), name) for id_, name in products],
              hint="优秀解决方案要选择产品。"),
        Field("year", "年度", longest=4, value=str(clock.today().year)),
        Field("grounds", "提名理由", "area", longest=2000, hint="公布后会公开。"),
    ]  # fmt: skip
    if tiers:
        fields.insert(2, Field("tier", "等次", "choice", options=tiers))
    page = {
        **upkeep.frame("work", ("评优", url_for("work.award_list"))), "title": "提名",
        "lead": f"{row.provider.organisation.name}　{place_of(row)}",
        "back": url_for("work.award_list"), "submit": "提名",
    }  # fmt: skip
    return row, fields, page


@blueprint.get("/awards/new/<int:membership_id>")
@needs(Permission.AWARD_DECIDE)
def propose(membership_id: int) -> str:
    """The form."""
    _, fields, page = _asked(membership_id)
    return upkeep.show_form(fields, **page)


@blueprint.post("/awards/new/<int:membership_id>")
@needs(Permission.AWARD_DECIDE)
@once.once
def create_award(membership_id: int) -> Response:
    """Put it forward."""
    place, fields, page = _asked(membership_id)
    try:
        data = load(form(fields, versioned=False), once.fields())
        row = awards.propose(current_session(), current_actor(), place, _proposal(data))
    except (Invalid, Conflict) as error:
        return upkeep.form_again(fields, error, **page)
    flash("已提名。", "ok")
    return redirect(url_for("work.award", row_id=row.id), 303)


def _proposal(data: dict[str, Any]) -> Proposal:
    year = data.pop("year")
    if not year.isdecimal() or not 2000 <= int(year) <= 2100:
        raise Invalid(fields={"year": ["请填写四位年份"]})
    product = data.pop("product_id")
    return Proposal(**data, year=int(year), product_id=int(product) if product else None)
