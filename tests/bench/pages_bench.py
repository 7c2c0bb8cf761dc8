"""B03, B05: our list page against bare Flask + Jinja and against a Django ORM page.

All three render the same template with the same rows; CPU time, interleaved pairs, one process.
``python -m tests.bench.pages_bench [PROVIDERS]``
"""

import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import structlog
from django.conf import settings as django_settings
from flask import Flask, render_template, template_rendered

from tests.bench.market import make_market, settings_for
from tests.bench.paired import compare

ADDRESS = "/providers?segment=auto_parts"
PER_PAGE = 20


def ours(app: Flask) -> Callable[[], bytes]:
    """The page as visitors get it, all hooks included."""
    client = app.test_client(use_cookies=False)
    first = client.get(ADDRESS)
    if first.status_code != 200:
        raise SystemExit(f"{ADDRESS} answers {first.status_code}")
    return lambda: client.get(ADDRESS).data


def context_of(app: Flask) -> tuple[str, dict[str, Any]]:
    """Template and context with which our page was rendered."""
    seen: list[tuple[str, dict[str, Any]]] = []

    def remember(_sender: Flask, template: Any, context: dict[str, Any], **_: Any) -> None:
        seen.append((template.name, dict(context)))

    with template_rendered.connected_to(remember, app):
        app.test_client(use_cookies=False).get(ADDRESS)
    return seen[0]


def bare(app: Flask, name: str, context: dict[str, Any]) -> Callable[[], bytes]:
    """Flask and Jinja alone: no database, no search, the same HTML."""
    plain = Flask("bare")
    plain.jinja_env = app.jinja_env
    given = {key: value for key, value in context.items() if key not in ("request", "g", "session")}
    plain.add_url_rule("/providers", view_func=lambda: render_template(name, **given))
    client = plain.test_client(use_cookies=False)
    return lambda: client.get(ADDRESS).data


def django_page(
    app: Flask, folder: Path, context: dict[str, Any], name: str
) -> Callable[[], bytes]:
    """The same rows through the Django ORM: count, page, related rows, the same template."""
    path = settings_for(folder).database_url.removeprefix("sqlite:///")
    django_settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": path}},
        ALLOWED_HOSTS=["*"], ROOT_URLCONF="tests.bench.django_side", USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField", SECRET_KEY="bench",
        INSTALLED_APPS=["tests.bench"],
    )  # fmt: skip
    django.setup()
    from tests.bench import django_side

    template = app.jinja_env.get_template(name)
    # The template asks Flask for messages; one context for all calls costs the peer nothing.
    app.test_request_context(ADDRESS).push()
    given = {key: value for key, value in context.items() if key not in ("g", "session", "cards")}

    def render(cards: list[dict[str, Any]]) -> str:
        return template.render(**given, cards=cards)

    django_side.render = render
    from django.test import Client

    client = Client()
    return lambda: client.get(ADDRESS).content


def main(providers: int) -> None:
    """Print the two ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = make_market(folder, providers)
        quiet = structlog.make_filtering_bound_logger(logging.ERROR)
        structlog.configure(wrapper_class=quiet)  # the peers write no log either
        template, context = context_of(app)
        page = ours(app)
        plain = bare(app, template, context)
        print(f"{providers} providers, {PER_PAGE} rows")
        ratio, mine, theirs = compare(page, plain)
        print(
            f"B03 CPU ours / bare Flask+Jinja   {ratio}   {mine:.1f} / {theirs:.1f} ms   (<= 1.8)"
        )
        other = django_page(app, folder, context, template)
        print(f"bytes ours/bare/Django: {[len(each()) for each in (page, plain, other)]}")
        ratio, theirs, mine = compare(other, page)
        print(
            f"B05 req/s ours / Django ORM page  {ratio}   {mine:.1f} / {theirs:.1f} ms   (>= 1.4)"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
