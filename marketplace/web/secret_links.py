"""Pages whose address is a secret, and the ticket by which a form knows its receipt code.

Salts: ``complaint-ticket``, ``objection-ticket``. A form is given its code before it is sent; sent
twice, it is the same complaint.
"""

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from marketplace.errors import Invalid
from marketplace.services.audit.receipts import make_code


def private(response: Response) -> Response:
    """Nobody keeps the page, finds it, or is told its address as a referrer."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def new_ticket(salt: str) -> str:
    """A new receipt code, signed."""
    return str(_signer(salt).dumps(make_code().code))


def code_of(sent: str, salt: str) -> str:
    """The code in a ticket. Raises Invalid for one that this site did not write."""
    try:
        return str(_signer(salt).loads(sent))
    except BadSignature:
        raise Invalid("表单不完整", remedy="请重新打开页面填写。") from None


def _signer(salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=salt)
