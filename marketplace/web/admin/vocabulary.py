"""The vocabulary for staff: kinds, words, correcting and adding them, trying a search with them."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.indexing import operating
from marketplace.models import Term
from marketplace.permissions import Permission
from marketplace.schemas.vocabulary import EditTermForm, NewTermForm, OfferQuery, TermQuery, TryForm
from marketplace.services.searching import vocabulary_edits as edits
from marketplace.services.searching.vocabulary import Vocabulary
from marketplace.services.searching.vocabulary_edits import Wanted
from marketplace.web.access import current_actor, needs
from marketplace.web.admin import vocabulary_shapes as shapes
from marketplace.web.admin.blueprint import blueprint
from marketplace.web.admin.lists import page_of
from marketplace.web.admin.vocabulary_shapes import DIRECTIONS, KINDS, catalogue
from marketplace.web.forms import load, page_again, query_data
from marketplace.web.work import once

FORM = "admin/term_form.html"


@blueprint.get("/vocabulary")
@needs(Permission.VOCABULARY_EDIT)
def vocabulary_kinds() -> str:
    """The kinds of words, and a box to try a search as it is read now."""
    session = current_session()
    query = load(TermQuery(), query_data())
    words = Vocabulary.load(session)
    return render_template(
        "admin/vocabulary.html",
        kinds=shapes.kinds(edits.counts(session, current_actor())),
        text=query["try_"],
        tried=shapes.tried(words, query["try_"]) if query["try_"] else None,
        waiting=operating.waiting_terms(catalogue(), words),
    )


@blueprint.get("/vocabulary/<kind>")
@needs(Permission.VOCABULARY_EDIT)
def term_list(kind: str) -> str:
    """The words of one kind."""
    query = load(TermQuery(), query_data())
    found = page_of(
        edits.search(current_actor(), kind, text=query["q"], state=query["state"]), query["page"]
    )
    return render_template(
        "admin/terms.html",
        kind=_kind(kind),
        found=found,
        rows=[shapes.row(term) for term in found.rows],
        query=query,
    )


@blueprint.get("/vocabulary/<kind>/new")
@needs(Permission.VOCABULARY_EDIT)
def term_new(kind: str) -> str:
    """The empty form."""
    values = {"active": True, "direction": edits.TWO_WAY}
    return render_template(FORM, errors={}, values=values, **_form(_open_kind(kind)))


@blueprint.post("/vocabulary/<kind>/new")
@needs(Permission.VOCABULARY_EDIT)
@once.once
def term_create(kind: str) -> Response:
    """Add a word."""
    session, chosen = current_session(), _open_kind(kind)
    before = Vocabulary.load(session)
    try:
        data = load(NewTermForm(), once.fields())
        wanted = _wanted(chosen, data)
        made = edits.create(
            session, current_actor(), kind, code=data["code"], wanted=wanted, reason=data["reason"]
        )
    except Invalid as error:
        return page_again(FORM, error, **_form(chosen))
    return _saved(before, made)


@blueprint.get("/vocabulary/terms/<int:term_id>")
@needs(Permission.VOCABULARY_EDIT)
def term_edit(term_id: int) -> str:
    """The form with the word as it stands."""
    offer = load(OfferQuery(), query_data())["rebuild"]
    term = edits.get(current_session(), current_actor(), term_id)
    values = {**shapes.values_of(edits.wanted_of(term)), "version": term.version}
    form = _form(_kind(term.kind), term)
    return render_template(FORM, errors={}, values=values, **{**form, "offer": offer})


@blueprint.post("/vocabulary/terms/<int:term_id>")
@needs(Permission.VOCABULARY_EDIT)
@once.once
def term_save(term_id: int) -> Response:
    """Correct a word; when somebody was faster, both versions are shown."""
    session, actor = current_session(), current_actor()
    term = edits.get(session, actor, term_id)
    kind = _kind(term.kind)
    before = Vocabulary.load(session)
    try:
        data = load(EditTermForm(), once.fields())
        wanted = _wanted(kind, data)
        diff = edits.edit(
            session, actor, term,
            expected_version=data["version"], wanted=wanted, reason=data["reason"],
        )  # fmt: skip
    except Invalid as error:
        return page_again(FORM, error, **_form(kind, term))
    except Conflict as error:
        if error.code != "stale_version":
            raise
        return _both_versions(term, wanted, data["reason"])
    if not diff:
        flash("没有改动。", "info")
        return redirect(url_for("admin.term_edit", term_id=term.id), 303)
    return _saved(before, term)


@blueprint.post("/vocabulary/<kind>/try")
@needs(Permission.VOCABULARY_EDIT)
def term_try_new(kind: str) -> Response:
    """Try a search with a new word before it is saved."""
    return _tried(_open_kind(kind), None)


@blueprint.post("/vocabulary/terms/<int:term_id>/try")
@needs(Permission.VOCABULARY_EDIT)
def term_try(term_id: int) -> Response:
    """Try a search with the changed word before it is saved."""
    term = edits.get(current_session(), current_actor(), term_id)
    return _tried(_kind(term.kind), term)


def _tried(kind: dict[str, Any], term: Term | None) -> Response:
    """The form as it was typed, with how the query is read now and would be read."""
    form = _form(kind, term)
    try:
        data = load(TryForm(), once.fields())
    except Invalid as error:
        return page_again(FORM, error, **form)
    text = data["q"] or data["name"]
    now = Vocabulary.load(current_session())
    then = edits.with_word(now, kind["code"], term.code if term else "new", _wanted(kind, data))
    trial = {"text": text, "now": shapes.tried(now, text), "then": shapes.tried(then, text)}
    values = {**request.form.to_dict(), "q": text}
    page = render_template(FORM, errors={}, values=values, **{**form, "trial": trial})
    return make_response(page)


def _saved(before: Vocabulary, term: Term) -> Response:
    """Say what was saved, when it counts, and whether a rebuild makes it better."""
    after = Vocabulary.load(current_session())
    effect = operating.effect_of(catalogue(), before, after, term.kind, term.code)
    end = "。" if effect.wants_rebuild else "，无需重建索引。"
    flash(f"“{term.name}”已保存，五秒内在全站生效{end}", "ok")
    if effect.terms:
        flash(f"新词“{'、'.join(effect.terms)}”已可搜索；重建索引后搜得更快、更准。", "info")
    if effect.renamed:
        flash("资料里还写着旧名称，重建索引后才换成新名称。", "info")
    step: dict[str, Any] = {"rebuild": 1} if effect.wants_rebuild else {}
    return redirect(url_for("admin.term_edit", term_id=term.id, **step), 303)


def _both_versions(term: Term, mine: Wanted, reason: str) -> Response:
    now, typed = edits.wanted_of(term), shapes.values_of(mine)
    page = render_template(
        FORM, errors={}, values={**typed, "reason": reason, "version": term.version},
        **{**_form(_kind(term.kind), term), "theirs": shapes.differences(now, mine)},
    )  # fmt: skip
    response = make_response(page)
    response.status_code = 409
    return response


def _kind(kind: str) -> dict[str, Any]:
    """What the pages call a kind; those that files add later go by their code. NotFound."""
    if kind not in KINDS and kind not in edits.counts(current_session(), current_actor()):
        raise NotFound("字典中没有这一种")
    return shapes.kind(kind)


def _open_kind(kind: str) -> dict[str, Any]:
    """A kind that staff may add words to. Raises NotFound."""
    chosen = _kind(kind)
    if not chosen["adds"]:
        raise NotFound("这一种词不能在网页上新增")
    return chosen


def _wanted(kind: dict[str, Any], data: dict[str, Any]) -> Wanted:
    return Wanted(
        name=data["name"],
        short_name=data["short_name"],
        aliases=tuple(data["aliases"]),
        direction=data["direction"] if kind["synonym"] else "",
        active=data["active"],
    )


def _form(kind: dict[str, Any], term: Term | None = None) -> dict[str, Any]:
    return {
        "kind": kind,
        "term": term,
        "about_term": shapes.facts_of(term) if term else [],
        "directions": list(DIRECTIONS.items()),
        "theirs": {},
        "trial": None,
        "offer": False,
    }
