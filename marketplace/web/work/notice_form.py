"""Staff: the draft of a public notice, from the decisions it is made of."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import PublicNotice, Round
from marketplace.permissions import Permission
from marketplace.phases import NoticePhase
from marketplace.schemas.notices import NOTICE_LABELS, NoticeForm, NoticesQuery
from marketplace.services.notices import public_notices
from marketplace.services.notices.public_notices import Content
from marketplace.services.notices.public_notices_kinds import KINDS, Kind, Line, line_of
from marketplace.web import notice_shapes as shapes
from marketplace.web import uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load, query_data
from marketplace.web.projects.views import with_files
from marketplace.web.work import once
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.board import chosen_round
from marketplace.web.work.shapes import round_choices

FORM = "work/notice_form.html"
BREAK = "\n\n"


def _slot(**arguments: Any) -> str:
    return shapes.ATTACHMENT


def blocks(text: str) -> list[dict[str, str]]:
    """Paragraphs of a text area: a blank line ends one, a first line with # heads it."""
    found = []
    for part in filter(None, (piece.strip() for piece in text.split(BREAK))):
        first, _, rest = part.partition("\n")
        heading = first[1:].strip() if first.startswith("#") else ""
        found.append({"heading": heading, "text": rest.strip() if heading else part})
    return found


def typed(body: list[dict[str, str]]) -> str:
    """The other way round."""
    return BREAK.join(
        f"# {one['heading']}\n{one['text']}" if one["heading"] else one["text"] for one in body
    )


def _offering() -> list[Kind]:
    """Kinds that officers draft by hand; the others are drafted where they are decided."""
    return [kind for kind in KINDS.values() if kind.offers is not None]


def _asked() -> tuple[Round, list[Round], Kind]:
    query = load(NoticesQuery(), query_data())
    kinds = _offering()
    kind = next((one for one in kinds if one.name == query["kind"]), kinds[0])
    round_, every = chosen_round(current_session(), query.get("round"))
    if round_ is None:
        raise NotFound("还没有批次")
    return round_, list(every), kind


def _offers(kind: Kind, round_: Round, notice: PublicNotice | None) -> dict[str, Line]:
    """What may stand on it, by key: what stands there already, and what is decided."""
    session = current_session()
    own = public_notices.entries(session, notice) if notice is not None else []
    lines = [line_of(row) for row in own]
    lines += list(kind.offers(session, round_)) if kind.offers is not None else []
    return {line.key: line for line in lines}


def _label(round_: Round, line: Line) -> str:
    programme = round_.programme
    parts = [
        line.name,
        programme.segment_label(line.segment) if line.segment else "",
        programme.type_label(line.type) if line.type else "",
    ]
    return " · ".join(filter(None, parts))


def _page(
    kind: Kind, round_: Round, notice: PublicNotice | None, every: list[Round] | None = None
) -> dict[str, Any]:
    offers = _offers(kind, round_, notice)
    chosen = list(offers)
    if notice is not None:
        rows = public_notices.entries(current_session(), notice)
        chosen = [line_of(row).key for row in rows]
    return {
        "notice": notice, "round": round_, "kind": kind, "labels": NOTICE_LABELS,
        "lines": [(key, _label(round_, line)) for key, line in offers.items()],
        "chosen": chosen,
        "kinds": [(one.name, one.label) for one in _offering()],
        "rounds": [(item["id"], item["label"]) for item in round_choices(every or [], round_)],
        "days": kind.days(round_.programme),
    }  # fmt: skip


def _show(page: dict[str, Any], values: dict[str, Any]) -> str:
    shown = {shapes.ATTACHMENT: uploads.show(current_session(), shapes.ATTACHMENT, page["notice"])}
    return render_template(FORM, errors={}, values=values, uploads=shown, **page)


def _again(error: Invalid | Conflict, page: dict[str, Any]) -> Response:
    sent = uploads.posted(shapes.ATTACHMENT)
    page["chosen"] = once.fields(("lines",)).get("lines", [])
    if isinstance(error, Invalid):
        return uploads.again(FORM, error, sent, subject=page["notice"], **page)
    told = Invalid(error.message, fields={"form": error.reasons})
    response = uploads.again(FORM, told, sent, subject=page["notice"], **page)
    response.status_code = 409
    return response


def _content(data: dict[str, Any]) -> Content:
    return Content(
        title=data["title"], document_no=data["document_no"], body=blocks(data["text"]),
        working_days=data["working_days"],
    )  # fmt: skip


def _lines(data: dict[str, Any], offers: dict[str, Line]) -> list[Line]:
    """The chosen lines. Raises Invalid for what was taken elsewhere meanwhile."""
    keys = list(dict.fromkeys(data["lines"]))
    if gone := [key for key in keys if key not in offers]:
        raise Invalid(fields={"lines": [f"有{len(gone)}项已不能列入公示，请重新选择"]})
    return [offers[key] for key in keys]


@blueprint.get("/notices/new")
@needs(Permission.NOTICE_EDIT)
def new_notice() -> str:
    """Choose what stands on it, and write it."""
    round_, every, kind = _asked()
    return _show(_page(kind, round_, None, every), {"title": kind.title, "text": kind.text})


@blueprint.post("/notices/new")
@needs(Permission.NOTICE_EDIT)
@with_files(_slot)
@once.once
def create_notice() -> Response:
    """Keep the draft."""
    session, actor = current_session(), current_actor()
    round_, every, kind = _asked()
    try:
        data = load(NoticeForm(), once.fields(("lines",)))
        lines = _lines(data, _offers(kind, round_, None))
        notice = public_notices.draft(
            session, actor, kind.name, round_, lines, content=_content(data)
        )
        uploads.posted(shapes.ATTACHMENT).attach(session, actor, notice)
    except (Invalid, Conflict) as error:
        return _again(error, _page(kind, round_, None, every))
    flash("已保存草稿。请预览，核对无误后发布。", "ok")
    return redirect(url_for("work.notice", notice_id=notice.id), 303)


def _draft(notice_id: int) -> tuple[PublicNotice, Kind]:
    notice = public_notices.get(current_session(), current_actor(), notice_id)
    if notice.phase != NoticePhase.DRAFT:
        raise Conflict("公示已经发布，只能更正", code="wrong_state")
    return notice, public_notices.kind(notice.kind)


@blueprint.get("/notices/<int:notice_id>/edit")
@needs(Permission.NOTICE_EDIT)
def edit_notice(notice_id: int) -> str:
    """The draft once more."""
    notice, kind = _draft(notice_id)
    values = {
        "title": notice.title, "document_no": notice.document_no, "text": typed(notice.body),
        "working_days": notice.working_days or "",
    }  # fmt: skip
    return _show(_page(kind, notice.round, notice), values)


@blueprint.post("/notices/<int:notice_id>/edit")
@needs(Permission.NOTICE_EDIT)
@with_files(_slot)
@once.once
def save_notice(notice_id: int) -> Response:
    """Keep what was changed."""
    session, actor = current_session(), current_actor()
    notice, kind = _draft(notice_id)
    try:
        data = load(NoticeForm(), once.fields(("lines",)))
        lines = _lines(data, _offers(kind, notice.round, notice))
        public_notices.edit(
            session, actor, notice, content=_content(data), lines=lines,
            expected_version=data.get("version"),
        )  # fmt: skip
        uploads.posted(shapes.ATTACHMENT).attach(session, actor, notice)
    except (Invalid, Conflict) as error:
        return _again(error, _page(kind, notice.round, notice))
    flash("已保存。", "ok")
    return redirect(url_for("work.notice", notice_id=notice.id), 303)
