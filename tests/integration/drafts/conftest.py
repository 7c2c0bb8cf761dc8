"""A page with a form that is saved while typing, as later features build them."""

import pytest
from flask import Blueprint, redirect, render_template, request

from marketplace import create_app
from marketplace.db import current_session
from marketplace.models import Provider
from marketplace.services.profiles import texts
from marketplace.web import drafts
from marketplace.web.access import signed_in
from tests.support.browser_like import BrowserLike


def a_form() -> Blueprint:
    blueprint = Blueprint("a_draft", __name__, template_folder="templates")

    @blueprint.get("/a-draft/<int:id_>")
    @signed_in
    def shown(id_: int):
        provider = current_session().get_one(Provider, id_)
        draft = drafts.of(f"story:{id_}", base_version=provider.version)
        values = draft.values or {"title": provider.website, "story": provider.intro}
        return render_template("draft_form.html", draft=draft, values=values)

    @blueprint.post("/a-draft/<int:id_>")
    @signed_in
    def sent(id_: int):
        provider = current_session().get_one(Provider, id_)
        assert "intro" in texts.EDITABLE[Provider]
        provider.intro = request.form["story"]
        drafts.done(f"story:{id_}")
        return redirect("/", 303)

    return blueprint


@pytest.fixture
def app(settings):
    app = create_app(settings)
    app.register_blueprint(a_form())
    app.test_client_class = BrowserLike
    yield app
    app.extensions["database"].engine.dispose()
