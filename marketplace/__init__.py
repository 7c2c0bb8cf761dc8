"""Service-provider marketplace and resource pool: the map of the code base.

One process type for the web, one worker loop, one database. Nouns in models, services and tests;
audiences in web and templates; policy in ``config/``. Imports go downwards only:

    cli · web                    commands; one blueprint per audience
    indexing                     models → search documents (``search/`` is a leaf library)
    services                     verbs on nouns: check, change, record; they never commit; a package
                                 per noun, its ``__init__`` says what belongs there
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
template; a new index field is ``search/fields.py`` and ``indexing/``; a place for uploads is a
line in ``config/uploads`` and one in ``files.READERS``; a kind of message is a block in
``config/messages/inbox.yml``; something to do (待办) is one function, ``tasks.listed`` or, where
columns do not say it, ``tasks.source``; a noun with states of its own is a file in
``config/workflows`` and one ``workflow.lives_in``; what gave the occasion to a proceeding is its
origin (``Details(origin=row)``); an indicator of the evaluation is a line of the programme and,
for a new kind of figure, one source in ``services/evaluation``; what a finished notice does is one
function, ``public_notices`` kinds; a noun in the story of a place (为什么) is a line in
``config/why.yml``; an event that other systems are told is a line of ``config/webhooks.yml``; a
PDF is a layout in ``templates/documents`` and one call of ``services.documents.typeset.pdf``; how
long contact persons are kept is a line in ``config/accounts.yml``; a page that reads many tables
as of one instant is ``@db.of_one_instant``; a moment that a row is made at defaults to
``mixins.made_now``; a second role of a firm is a side of ``team_posts``.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from marketplace.settings import Settings

MEGABYTE = 2**20


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The web application. Raises ``UnsafeSettings`` when it must not start."""
    # Imported here: importing any part of the package runs this file, and commands start fast.
    from jinja2 import FileSystemBytecodeCache, StrictUndefined

    from marketplace import logs, web
    from marketplace.db import TransactionalFlask
    from marketplace.settings import ROOT, Settings

    settings = settings or Settings.from_env()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    logs.configure(settings)
    app = TransactionalFlask(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * MEGABYTE,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.undefined = StrictUndefined
    compiled = settings.data_dir / "templates"
    compiled.mkdir(mode=0o700, exist_ok=True)
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled))
    _add_parts(app, settings)
    web.init_app(app, settings)
    return app


def _add_parts(app: "Flask", settings: "Settings") -> None:
    """What views find in ``app.extensions``."""
    from marketplace.crypto import Cipher
    from marketplace.db import Database, make_engine
    from marketplace.indexing.wiring import Catalogue
    from marketplace.services.accounts import passwords
    from marketplace.web.static_files import StaticFiles

    app.extensions["settings"] = settings
    database = Database(make_engine(settings.database_url))
    app.extensions["database"] = database
    vectors = settings.data_dir / "vectors" if settings.semantic else None
    app.extensions["search"] = Catalogue(settings.search_url, database, vectors)
    app.extensions["cipher"] = Cipher(settings.encryption_keys)
    app.extensions["static"] = StaticFiles(settings.data_dir / "static")
    passwords.allow_parallel(settings.max_verifies)
