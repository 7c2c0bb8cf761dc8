"""The routes of proceedings, the same for each centre, with the permission of that centre."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from marshmallow import Schema, fields, validate
from sqlalchemy import func, select
from werkzeug.wrappers import Response as Answer

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import Proceeding
from marketplace.permissions import Permission, can, require
from marketplace.phases import ProceedingKind, ProceedingPhase
from marketplace.schemas.projects import form
from marketplace.services.proceedings import (
    appeals,
    proceedings,
    proceedings_letters,
    rectifications,
    removals,
    removals_notice,
)
from marketplace.services.proceedings import proceedings_all as _all  # noqa: F401  everything registers
from marketplace.services.proceedings.official_letters import Letter
from marketplace.services.proceedings.proceedings_rules import KIND_LABELS
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load, query_data
from marketplace.web.notice_letters import as_file
from marketplace.web.proceedings import asks, forms, handing_over, origins, shapes
from marketplace.web.projects.views import with_files
from marketplace.web.work import once
from marketplace.web.work.shapes import tone
from marketplace.workflow import guard_refusals, workflow_of

PER_PAGE = 20
PART = "整改与退出"
PHASES = ["open", *ProceedingPhase]


class ListQuery(Schema):
    """Conditions of the list."""

    kind = fields.String(validate=validate.OneOf(["", *ProceedingKind]), load_default="")
    phase = fields.String(validate=validate.OneOf(["", *PHASES]), load_default="")
    q = fields.String(validate=validate.Length(max=100), load_default="")
    page = fields.Integer(validate=validate.Range(1, 500), load_default=1)


def letter_file(row: Any, kind: str) -> Response:
    """A letter as it was issued, as Word or PDF. Raises NotFound."""
    letter = Letter(
        title=row.title, document_no=row.document_no, addressee=row.addressee,
        paragraphs=tuple(row.paragraphs), sender=row.sender, day=row.day,
    )  # fmt: skip
    return as_file(letter, kind)


class Views:
    """The views of one centre."""

    def __init__(self, centre: str) -> None:
        self.centre = centre
        self.staff = centre == shapes.STAFF

    def _frame(self) -> dict[str, Any]:
        return shapes.frame(self.centre, PART, "proceedings")

    def _get(self, proceeding_id: int) -> Proceeding:
        return proceedings.get(current_session(), current_actor(), proceeding_id)

    def index(self) -> str:
        """The list."""
        session, actor = current_session(), current_actor()
        query = load(ListQuery(), query_data())
        statement = proceedings.listed(
            actor, kind=query["kind"], phase=query["phase"], text=query["q"]
        )
        counted = select(func.count()).select_from(statement.order_by(None).subquery())
        total = session.scalar(counted) or 0
        rows = session.scalars(
            statement.options(*proceedings.LOADING)
            .limit(PER_PAGE)
            .offset((query["page"] - 1) * PER_PAGE)
        )
        here = url_for(f"{self.centre}.proceedings")
        return render_template(
            "proceedings/index.html", **self._frame(),
            rows=[shapes.line(row, self.centre) for row in rows], total=total,
            pages=max(1, -(-total // PER_PAGE)), query=query, here=here, staff=self.staff,
            kinds=list(KIND_LABELS.items()), phases=forms.PHASE_LABELS,
            page_link=lambda n: url_for(f"{self.centre}.proceedings", **{**query, "page": n}),
            new_url="" if self.staff else url_for("p.new_withdrawal"),
        )  # fmt: skip

    def one(self, proceeding_id: int) -> str:
        """One case file."""
        session, actor = current_session(), current_actor()
        row = self._get(proceeding_id)
        steps = proceedings.steps(session, actor, row)
        leaving = row.kind in (ProceedingKind.REMOVAL, ProceedingKind.WITHDRAWAL)
        open_ = row.phase != ProceedingPhase.CLOSED
        mending = row.kind == ProceedingKind.RECTIFICATION
        joint = row.kind == ProceedingKind.REMOVAL and self.staff
        entry = removals_notice.live_entry(session, row) if self.staff else None
        return render_template(
            "proceedings/case.html", **self._frame(), row=row, staff=self.staff,
            kind=KIND_LABELS[ProceedingKind(row.kind)],
            state=shapes.state_of(f"proceeding_{row.kind}", row.state, staff=self.staff),
            facts_of=shapes.facts(row, staff=self.staff), late=open_ and shapes.late(row.due_at),
            steps_of=shapes.removal_steps(row),
            buttons=shapes.buttons(
                row, self.centre, steps, asks.extras(session, actor, row)
            ),
            files=shapes.files(session, row),
            opinions=removals.opinions(session, row) if joint else [],
            requests=rectifications.requests(session, row) if mending else [],
            projects=handing_over.projects(
                session, row, self.centre,
                may_settle=open_ and self.staff and can(actor, Permission.PROCEEDING_RUN, row),
            ) if leaving else [],
            leaving=leaving,
            letters=shapes.letters(
                proceedings_letters.of(session, row), f"{self.centre}.proceeding_letter",
                proceeding_id=row.id,
            ),
            notice_url=url_for("work.notice", notice_id=entry.notice_id) if entry else "",
            origin=origins.of_case(row) if self.staff else None,
            place_url=shapes.membership_url(self.centre, row.membership),
            appeal_url=self._appeal_url(row),
            events=shapes.events(session, row), dt=dt,
        )  # fmt: skip

    def _appeal_url(self, row: Proceeding) -> str:
        if self.staff or not can(current_actor(), Permission.APPEAL_FILE, row):
            return ""
        table = Proceeding.__tablename__
        if appeals.possible(current_session(), table, row.id) is None:
            return ""
        return url_for("p.new_appeal", subject=table, subject_id=row.id)

    def _page(self, row: Proceeding, title: str, **more: Any) -> dict[str, Any]:
        return {
            **self._frame(), "title": title, "draft": None, "version": row.version,
            "about": f"{KIND_LABELS[ProceedingKind(row.kind)]}：{row.provider.organisation.name}",
            "back": url_for(f"{self.centre}.proceeding", proceeding_id=row.id),
            "submit": f"确认{title}", **more,
        }  # fmt: skip

    def _step(self, row: Proceeding, step: str) -> tuple[list[Any], dict[str, Any], Any]:
        """Fields and page of a form. Raises NotFound, Forbidden, Conflict (state, guards)."""
        session, actor = current_session(), current_actor()
        if step in asks.EXTRAS:
            extra = asks.EXTRAS[step]
            require(actor, extra.by, row)
            if not extra.when(session, row, actor):
                raise Conflict(f"现在不能{extra.label}", code="wrong_state")
            danger = "danger" if extra.tone == "danger" else "primary"
            return extra.fields(row), self._page(row, extra.label, tone=danger), extra
        every = [t for t in workflow_of(row).transitions if t.action == step]
        if not every or every[0].by == Permission.PROCEEDING_TICK:
            raise NotFound("没有这个操作")
        require(actor, Permission(every[0].by), row)
        found = workflow_of(row).transition(row.state, step)
        if found is None:
            label = workflow_of(row).state(row.state).public_label
            raise Conflict(f"当前状态是“{label}”，不能{every[0].label}", code="wrong_state")
        danger = "danger" if tone(found.tone) == "danger" else "primary"
        page = self._page(row, found.label, tone=danger, lead=forms.effect_text(row, found))
        return asks.fields(row, found), page, found

    def step_form(self, proceeding_id: int, step: str) -> str:
        """A step: the form, with everything that stands against it said before."""
        session, actor = current_session(), current_actor()
        row = self._get(proceeding_id)
        asked, page, _ = self._step(row, step)
        if reasons := guard_refusals(session, actor, row, step):
            raise Conflict("；".join(reasons), code="guard_refused", reasons=reasons)
        return forms.show(asked, subject=row, **page)

    def step(self, proceeding_id: int, step: str) -> Answer:
        """A step: the deed."""
        session, actor = current_session(), current_actor()
        row = self._get(proceeding_id)
        asked, page, found = self._step(row, step)
        try:
            data = load(form(asked), once.fields())
            if isinstance(found, asks.Extra):
                data.pop("version")
                found.do(session, actor, row, data)
            else:
                asks.take(session, actor, row, step, data)
        except (Invalid, Conflict) as error:
            return forms.again(asked, error, subject=row, **page)
        flash(f"已办理：{found.label}", "ok")
        return redirect(url_for(f"{self.centre}.proceeding", proceeding_id=proceeding_id), 303)

    def letter(self, proceeding_id: int, letter_id: int, kind: str) -> Answer:
        """A letter of the case as Word or PDF."""
        row = self._get(proceeding_id)
        return letter_file(proceedings_letters.one(current_session(), row, letter_id), kind)


def register(blueprint: Blueprint, centre: str, reading: Permission, acting: Permission) -> None:
    """Give a centre its routes. ``reading`` opens pages, ``acting`` sends forms."""
    views = Views(centre)
    base = "/proceedings/<int:proceeding_id>"

    def add(rule: str, name: str, view: Any, permission: Permission, method: str) -> None:
        def run(**arguments: Any) -> Any:
            return view(**arguments)

        run.__doc__ = view.__doc__
        blueprint.add_url_rule(rule, name, needs(permission)(run), methods=[method])

    add("/proceedings", "proceedings", views.index, reading, "GET")
    add(base, "proceeding", views.one, reading, "GET")
    add(f"{base}/letters/<int:letter_id>.<kind>", "proceeding_letter", views.letter, reading, "GET")
    add(f"{base}/<step>", "proceeding_step", views.step_form, reading, "GET")
    taken = with_files(asks.slot_of)(once.once(views.step))
    add(f"{base}/<step>", "take_proceeding_step", taken, acting, "POST")
