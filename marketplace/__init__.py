"""Service-provider marketplace and resource pool: the map of the code base.

One process type for the web, one worker loop, one database. Nouns in models, services and tests;
audiences in web and templates; policy in ``config/``. Imports go downwards only:

    cli · web                    commands; one blueprint per audience
    indexing                     models → search documents (``search/`` is a leaf library)
    services                     verbs on nouns: check, change, record; they never commit
    workflow · schemas           perform(): the only code that changes a state; request shapes
    permissions · outbox         who may do what, written once; effects that leave a transaction
    models                       tables with their constraints
    programmes                   selection schemes as files: schema, loader, answers, assessment
    phases · rules · db · errors · clock · settings · storage

A request: ``web.headers`` (host, policy) → ``web.request_log`` (number) → ``web.csrf`` (source,
token) → ``web.sessions`` (who) → ``web.access`` (may they) → view → one service call → answer →
``db.TransactionalFlask`` commits → ``web.security_log`` writes what must survive a rollback →
the worker drains the outbox.

What a change costs: a new programme, vocabulary term or question is a file in ``config/``; a new
permission is a member of ``Permission`` and a line in ``RULES``; a new public page is a view and a
template; a new index field is ``search/fields.py`` and ``indexing/``.
"""

from pathlib import Path

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from marketplace import logs, web
from marketplace.crypto import Cipher
from marketplace.db import Database, TransactionalFlask, make_engine
from marketplace.settings import ROOT, Settings
from marketplace.web import headers
from marketplace.web.static_files import StaticFiles

MEGABYTE = 2**20


def create_app(settings: Settings | None = None) -> Flask:
    """The web application. Raises ``UnsafeSettings`` when it must not start."""
    settings = settings or Settings.from_env()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    logs.configure(settings)
    app = TransactionalFlask(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * MEGABYTE,
        TEMPLATES_AUTO_RELOAD=False,
        TESTING=settings.mode == "test",
        PROPAGATE_EXCEPTIONS=False,
    )
    app.jinja_env.undefined = StrictUndefined
    _extensions(app, settings)
    web.init_app(app, settings)
    _wrap(app, settings)
    return app


def _extensions(app: Flask, settings: Settings) -> None:
    """What views and other parts find in ``app.extensions``."""
    app.extensions["settings"] = settings
    app.extensions["database"] = Database(make_engine(settings.database_url))
    app.extensions["cipher"] = Cipher([settings.encryption_key])
    app.extensions["static"] = StaticFiles(Path(settings.data_dir) / "static")


def _wrap(app: Flask, settings: Settings) -> None:
    policy = headers.security_headers(settings)
    files = app.extensions["static"].wrap(app.wsgi_app, policy)
    inner = headers.around(files, settings)
    if settings.trusted_proxies:
        inner = ProxyFix(inner, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies)
    app.wsgi_app = inner  # type: ignore[method-assign]
