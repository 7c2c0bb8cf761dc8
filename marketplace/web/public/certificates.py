"""Certificates for everybody: checked by number, fetched as PDF while the place stands (F-P19)."""

from flask import Response, render_template, request, url_for

from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.services.documents.typeset import PDF
from marketplace.services.pool import certificates
from marketplace.web import limits
from marketplace.web.access import public
from marketplace.web.downloads import attachment
from marketplace.web.parts import settings
from marketplace.web.public import blueprint


@blueprint.get("/certificates", endpoint="certificates")
@public
def check_certificate() -> str:
    """Type the number of a certificate; see whether it holds today."""
    typed = request.args.get("number", "")[:40].strip()
    found, unknown = None, False
    if typed:
        limits.take("receipt", limits.address(), failing_open=True)
        try:
            found = _found(typed)
        except NotFound:
            unknown = True
    return render_template("public/certificates.html", typed=typed, unknown=unknown, found=found)


@blueprint.get("/certificates/<number>.pdf")
@public
def certificate_file(number: str) -> Response:
    """The certificate as it stands now, not to be kept by anything between."""
    limits.read("certificate")
    found = _found(number)
    content = certificates.pdf(found, _address(found.number), demo=settings().demo)
    name = f"{found.membership.provider.organisation.name} {found.name} {found.number}.pdf"
    response = attachment(content, name, PDF)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/certificates/<number>.svg")
@public
def certificate_code(number: str) -> Response:
    """The QR code that opens the page of this certificate."""
    limits.read("certificate")
    return Response(certificates.qr(_address(_found(number).number)), mimetype="image/svg+xml")


def _found(typed: str) -> certificates.Certificate:
    return certificates.check(current_session(), settings().secret_key, typed)


def _address(number: str) -> str:
    return settings().base_url.rstrip("/") + url_for("public.certificates", number=number)
