"""The pre-check (J2): choose type and segment, answer, read each rule with its clause.

All of it is in the address: the result can be kept as a link, printed and checked again. No
account, nothing is stored.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Response, make_response, render_template, request

from marketplace import clock
from marketplace.db import current_session
from marketplace.programmes.assessment import Outcome, Result, Verdict
from marketplace.programmes.kinds import QuestionType, Severity
from marketplace.programmes.questions import Question
from marketplace.programmes.schema import Programme
from marketplace.services.pool import precheck as prechecks
from marketplace.services.pool.precheck import Checked, Part
from marketplace.web import programmes
from marketplace.web.access import public
from marketplace.web.programme_shapes import instrument, types
from marketplace.web.programmes import Shown
from marketplace.web.public import blueprint

CHECK = "check"
OWN = ("type", "segment", CHECK)
"""Parameters that are no answers."""

TONES = {
    Result.MET: ("ok", "check-circle"),
    Result.WAIVER_NEEDED: ("warn", "info-circle"),
    Result.TO_VERIFY: ("warn", "question-circle"),
    Result.NOT_MET: ("danger", "x-circle"),
}
GROUPS = (
    (
        Verdict.NOT_MET,
        False,
        "不满足的条件可以先对照条款整改；标有“可申请说明”的，申报时可以附理由。",
    ),
    (Verdict.TO_VERIFY, None, "没有填写，或填写的内容不足以判断；申报前请补齐证明材料。"),
    (Verdict.MET, True, "按您填写的内容判断，最终以提交的证明材料为准。"),
)
Form = Mapping[str, Sequence[str]]


@blueprint.get("/programme/precheck")
@public
def precheck() -> Response:
    """The pre-check of the home programme."""
    return _answer(programmes.home_id())


@blueprint.get("/programme/<programme_id>/precheck")
@public
def precheck_of(programme_id: str) -> Response:
    """The pre-check of any programme."""
    return _answer(programme_id)


def _answer(programme_id: str) -> Response:
    shown = programmes.shown(current_session(), programme_id)
    programme = shown.programme
    type_, segment = _chosen(programme)
    frame = {**_frame(shown), **_about(programme, type_, segment)}
    if not type_ or not segment:
        return _choice(frame, {"type": type_, "segment": segment})
    form = {name: values for name, values in request.args.lists() if name not in OWN}
    checked = prechecks.check(programme, type_, segment, form)
    if checked.assessment is None or request.args.get(CHECK) != "1":
        return _questions(frame, prechecks.parts(programme, type_, segment), form, checked)
    result = _result(checked, checked.assessment.result)
    return make_response(render_template("public/precheck_result.html", **frame, **result))


def _choice(frame: dict[str, Any], chosen: Mapping[str, str]) -> Response:
    """The first step; 422 when the address names a type or segment that does not exist."""
    errors = {
        name: "没有这个选项，请从下面选择。"
        for name, value in chosen.items()
        if request.args.get(name) and not value
    }
    page = render_template("public/precheck_choice.html", **frame, errors=errors)
    return make_response(page, 422 if errors else 200)


def _chosen(programme: Programme) -> tuple[str, str]:
    """Type and segment of the address, each "" unless the programme has it or has only one."""
    found = []
    for name, options in (("type", programme.types), ("segment", programme.segments)):
        ids = [option.id for option in options]
        wanted = ids[0] if len(ids) == 1 else request.args.get(name, "")
        found.append(wanted if wanted in ids else "")
    return found[0], found[1]


def _frame(shown: Shown) -> dict[str, Any]:
    programme = shown.programme
    return {
        "programme": programme,
        "round": shown.round,
        "paper": instrument(programme),
        "home": programmes.path(programme.id),
        "path": programmes.path(programme.id, "precheck"),
        "types": types(programme),
        "segments": programme.segments,
    }


def _about(programme: Programme, type_: str, segment: str) -> dict[str, Any]:
    given = [(name, value) for name, value in request.args.items(multi=True) if name not in OWN]
    here = programmes.path(programme.id, "precheck")
    back = [("type", type_), ("segment", segment), *given]
    return {
        "type": type_,
        "segment": segment,
        "type_label": programme.type_label(type_),
        "segment_label": programme.segment_label(segment),
        "given": given,
        "edit_url": f"{here}?{urlencode(back)}",
        "again_url": f"{here}?{urlencode(given)}" if given else here,
        "one_segment": len(programme.segments) == 1,
    }


def _questions(
    frame: dict[str, Any], parts: Sequence[Part], form: Form, checked: Checked
) -> Response:
    labels = {question.id: question.label for part in parts for question in part.questions}
    page = render_template(
        "public/precheck_questions.html",
        **frame,
        parts=[
            {
                "label": part.label,
                "questions": [question_shape(question, form) for question in part.questions],
            }
            for part in parts
        ],
        errors=dict(checked.errors),
        labels=labels,
        total=len(labels),
    )
    return make_response(page, 422 if checked.errors else 200)


def question_shape(question: Question, form: Form) -> dict[str, Any]:
    """A question as the ``question`` macro takes it, with what was answered."""
    values = [text for text in form.get(question.id, ()) if text]
    several = question.type is QuestionType.MULTI_CHOICE
    return {
        "id": question.id,
        "kind": question.type.value,
        "label": question.label,
        "hint": question.hint,
        "unit": question.unit,
        "options": [(option.id, option.label) for option in question.options],
        "values": values if several else values[:1],
    }


def _result(checked: Checked, result: Result) -> dict[str, Any]:
    tone, icon = TONES[result]
    outcomes = [(group, checked.with_verdict(group[0])) for group in GROUPS]
    return {
        "result": {"tone": tone, "icon": icon, "label": result.label},
        "counts": [(group[0].label, len(found)) for group, found in outcomes],
        "groups": [
            {
                "verdict": verdict.label,
                "value": value,
                "hint": hint,
                "outcomes": [_outcome(outcome) for outcome in found],
            }
            for (verdict, value, hint), found in outcomes
            if found
        ],
        "answered": checked.answered,
        "today": clock.today(),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    rule = outcome.rule
    return {
        "id": rule.id,
        "label": rule.label,
        "article": rule.article,
        "quote": rule.quote,
        "required": outcome.required,
        "given": [(given.label, given.text) for given in outcome.given],
        "parts": [
            (part.label, part.verdict.label) for part in outcome.parts if part.label
        ] if "any_of" in rule.test else [],
        "verdict": outcome.verdict.label,
        "waiver": outcome.needs_waiver,
        "preference": rule.severity is Severity.PREFERENCE,
        "note": outcome.note,
        "reading": rule.reading,
    }  # fmt: skip
