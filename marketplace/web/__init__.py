"""The pages: one blueprint per audience, and what stands around every view."""

from flask import Flask

from marketplace.settings import Settings
from marketplace.web import (
    access,
    centres,
    compression,
    context,
    csrf,
    errors,
    headers,
    held,
    limits,
    reading_log,
    request_log,
    security_log,
    sessions,
)
from marketplace.web.admin.blueprint import blueprint as admin_pages
from marketplace.web.auth.blueprint import blueprint as auth_pages
from marketplace.web.calendar import blueprint as calendar_pages
from marketplace.web.consents import blueprint as consent_pages
from marketplace.web.contacts import blueprint as contact_pages
from marketplace.web.display import blueprint as display_pages
from marketplace.web.drafts import blueprint as draft_pages
from marketplace.web.files import blueprint as file_pages
from marketplace.web.health import blueprint as health_pages
from marketplace.web.held import blueprint as held_pages
from marketplace.web.imports import blueprint as import_pages
from marketplace.web.inbox import blueprint as inbox_pages
from marketplace.web.letters import blueprint as letter_pages
from marketplace.web.me.blueprint import blueprint as enterprise_pages
from marketplace.web.p.blueprint import blueprint as provider_pages
from marketplace.web.public import blueprint as public_pages
from marketplace.web.tasks import blueprint as task_pages
from marketplace.web.uploads import blueprint as upload_pages
from marketplace.web.work.blueprint import blueprint as work_pages

BLUEPRINTS = (
    health_pages, display_pages, auth_pages, contact_pages, public_pages, work_pages, import_pages,
    calendar_pages, admin_pages, upload_pages, file_pages, inbox_pages,
    draft_pages, held_pages, task_pages, letter_pages, provider_pages, enterprise_pages,
    consent_pages,
)  # fmt: skip


def init_app(app: Flask, settings: Settings) -> None:
    """Register everything; the order of the hooks is the order of the checks."""
    security_log.init_app(app)  # after_request hooks run last-registered first
    reading_log.init_app(app)
    request_log.init_app(app)
    headers.init_app(app)
    compression.init_app(app)
    sessions.init_app(app)
    limits.init_app(app)
    csrf.init_app(app)
    access.init_app(app)
    held.init_app(app)
    errors.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    context.init_app(app, settings)
    centres.init_app(app)
    headers.wrap(app, settings)
