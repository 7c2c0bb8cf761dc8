"""Headers that every answer carries, whoever made it: views, static files, error pages (S01-S08).

They are put on around the whole application, so nothing can be forgotten; an answer that brings
its own value (a download's tighter policy) keeps it.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from marketplace.settings import Settings
from marketplace.web.access import PUBLIC, access_of
from marketplace.web.sessions import CSRF, signed_in, web_session

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; object-src 'none'"
)
BASE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), "
        "usb=(), xr-spatial-tracking=()"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
ONE_YEAR = 31_536_000
PUBLIC_SECONDS = 60
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
BAD_HOST = "400 Bad Request"


def security_headers(settings: Settings) -> dict[str, str]:
    """What goes on every answer of this installation."""
    if not settings.https:
        return dict(BASE)
    return {**BASE, "Strict-Transport-Security": f"max-age={ONE_YEAR}; includeSubDomains"}


def wrap(app: Flask, settings: Settings) -> None:
    """Put static files, headers and the host check around the application."""
    served = app.extensions["static"].wrap(app.wsgi_app, security_headers(settings))
    served = around(served, settings)
    if settings.trusted_proxies:
        # Counted from the right: what a client puts in front of the proxy's own entry is ignored.
        served = ProxyFix(served, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies)
    app.wsgi_app = served  # type: ignore[method-assign]


def around(app: "WSGIApplication", settings: Settings) -> "WSGIApplication":
    """Check the host name, then serve ``app`` with the headers on whatever it answers."""
    headers = security_headers(settings)

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(
            status: str, given: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            present = {name.lower() for name, _ in given}
            missing = [pair for pair in headers.items() if pair[0].lower() not in present]
            return start_response(status, [*given, *missing], exc_info)

        if not host_is_trusted(environ.get("HTTP_HOST"), settings.trusted_hosts):
            start(BAD_HOST, [("Content-Type", "text/plain; charset=utf-8")])
            return ["网址不正确\n".encode()]
        return app(environ, start)

    return serve


def _known_method() -> None:
    if request.method not in METHODS:
        raise MethodNotAllowed(valid_methods=list(METHODS))


def _cache(response: Response) -> Response:
    """Public pages may be kept a minute by anybody; what belongs to a person by nobody (S05)."""
    if signed_in() is not None or not cacheable(response):
        if signed_in() is not None or "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response
    response.vary.add("Cookie")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = (
            f"public, max-age={PUBLIC_SECONDS}, stale-while-revalidate=300"
        )
    if not response.direct_passthrough:
        response.add_etag()
        response.make_conditional(request)
    return response


def cacheable(response: Response) -> bool:
    """Whether the answer is the same for everybody: a public page without session and token."""
    return (
        request.method in ("GET", "HEAD")
        and response.status_code == 200
        and request.endpoint is not None
        and access_of(request.endpoint) == PUBLIC
        and CSRF not in g
        and web_session().row_id is None
    )


def init_app(app: Flask) -> None:
    """Refuse odd methods; say who may keep an answer."""
    app.before_request(_known_method)
    app.after_request(_cache)
