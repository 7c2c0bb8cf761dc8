"""What a user must do before anything else."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from marketplace.web.auth.blueprint import blueprint
from marketplace.web.sessions import signed_in

ALLOWED = (
    "auth.password",
    "auth.change_password",
    "auth.confirm",
    "auth.check_again",
    "auth.sign_out",
    "display.choose",
    "health.live",
    "health.ready",
)


@blueprint.before_app_request
def change_overdue_password() -> BaseResponse | None:
    """Under the mlps profile a staff password lasts 90 days (S21)."""
    user = signed_in()
    if user is None or not user.password_overdue or request.endpoint in ALLOWED:
        return None
    return redirect(url_for("auth.password"), 303)
