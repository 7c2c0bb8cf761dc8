"""Errors become answers here and nowhere else: pages in Chinese, problem+json for programs."""

import re
from typing import Any

import structlog
from flask import (
    Flask,
    Response,
    g,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, TooManyRequests

from marketplace.db import is_retryable
from marketplace.errors import (
    Conflict,
    Forbidden,
    Invalid,
    MarketplaceError,
    NotFound,
    Unavailable,
)
from marketplace.services.accounts.sessions import ENDINGS
from marketplace.web import security_log
from marketplace.web.access import wants_json
from marketplace.web.csrf import ForeignPage

log = structlog.get_logger()

STATUS: dict[type[MarketplaceError], int] = {
    NotFound: 404,
    Forbidden: 403,
    Invalid: 422,
    Conflict: 409,
    Unavailable: 503,
}

HTTP_TEXT: dict[int, tuple[str, str]] = {
    400: ("请求的格式不正确", "请返回上一页重新操作；如果是手工修改的网址，请核对后再试。"),
    401: ("请先登录", "请登录后再办理。"),
    403: ("您没有进行此操作的权限", "如需办理，请切换身份或联系本单位管理员。"),
    404: ("没有找到您要的内容", "请核对网址，或从首页重新查找。"),
    405: ("这个地址不支持这种操作", "请从页面上的按钮或链接进入。"),
    409: ("内容已被他人更新", "请刷新页面，查看最新情况后再办理。"),
    413: ("提交的内容太大", "请减小文件或拆分后再提交。"),
    415: ("不支持这种内容格式", "请按页面说明的格式提交。"),
    422: ("填写的内容需要修改", "请按提示修改后重新提交。"),
    429: ("操作太频繁", "请稍等片刻再试。"),
    500: (
        "系统出错了",
        "您填写的内容没有提交成功，请稍后重试；如果仍然出错，请把请求编号告诉我们。",
    ),
    503: ("服务暂时不可用", "请稍后再试。"),
}

LOSING = (401, 403, 404, 409, 422, 500, 503)
"""Answers after which a form would be gone; what cannot be read (400, 413, 415) is no form."""
WORTH_KEEPING = 8
WORDS = re.compile("[\u4e00-\u9fff]")

CONSTRAINTS: dict[str, tuple[str, str]] = {
    "uq_memberships_live": ("already_listed", "该服务商在此类型和细分行业已经在池"),
    "ck_quotas_within_cap": ("quota_full", "名额已满"),
    "uq_users_login": ("login_taken", "这个邮箱已经有账号"),
    "uq_organisations_uscc": ("uscc_taken", "这个统一社会信用代码已经登记"),
}


def problem(
    status: int,
    title: str,
    remedy: str = "",
    *,
    code: str = "",
    extra: dict[str, Any] | None = None,
) -> Response:
    """The answer for ``status``: a page, or problem+json (RFC 9457) for programs."""
    request_id = g.get("request_id", "")
    if wants_json():
        body = {"type": "about:blank", "status": status, "title": title, "detail": remedy}
        response = jsonify({**body, "code": code, "request_id": request_id, **(extra or {})})
        response.content_type = "application/problem+json"
    else:
        reasons = _reasons(extra or {}, title)
        page = render_template(
            "errors/error.html", code=status, message=title, remedy=remedy,
            reasons=reasons, request_id=request_id, login_url=_login_url(), typed=_typed(status),
        )  # fmt: skip
        response = make_response(page)
    response.status_code = status
    return response


def _typed(status: int) -> list[str]:
    """What somebody wrote in the form that came to this: shown again, so that it can be copied.

    Words only: codes and numbers are chosen again in no time; passwords are never shown.
    """
    if request.method != "POST" or status not in LOSING:
        return []
    if "held_form" in g or "foreign_page" in g:
        return []
    texts = (text for name, text in request.form.items(multi=True) if "password" not in name)
    found = [text for text in texts if len(text) >= WORTH_KEEPING and WORDS.search(text)]
    return list(dict.fromkeys(found))


def _login_url() -> str:
    """The login page, and back here afterwards."""
    back = request.full_path.rstrip("?") if request.method == "GET" else g.get("held_form")
    return url_for("auth.login", next=back)


def _reasons(extra: dict[str, Any], title: str) -> list[str]:
    """What is listed below the message: reasons of a conflict, or errors of fields."""
    fields = [text for texts in extra.get("errors", {}).values() for text in texts]
    return [text for text in [*extra.get("reasons", []), *fields] if text != title]


def _on_purpose(error: MarketplaceError) -> Response:
    extra: dict[str, Any] = {}
    if isinstance(error, Invalid):
        extra["errors"] = error.fields
    if isinstance(error, Conflict):
        extra["reasons"] = error.reasons
    if isinstance(error, NotFound | Forbidden):
        security_log.denied(STATUS[type(error)])
    code = error.code if isinstance(error, Conflict) else type(error).__name__.lower()
    response = problem(STATUS[type(error)], error.message, error.remedy, code=code, extra=extra)
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


KEPT_FORM = "您刚才填写的内容和上传的文件都已保留，登录后点“继续提交”即可。"
LOST_FORM = "为了安全，刚才提交的内容没有保留；页面显示过“已保存”的，登录后打开原来的表单可以找回。"
STALE_FORM = "页面停留过久或登录状态已变化，这次提交没有生效。"


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if 300 <= status < 400:
        return error.get_response()  # type: ignore[return-value]
    title, remedy = HTTP_TEXT.get(status, (error.name, ""))
    if status == 401:
        title = ENDINGS.get(g.get("ended_reason", ""), title)
        ended = g.get("ended_reason") and request.method != "GET"
        remedy = KEPT_FORM if "held_form" in g else LOST_FORM if ended else remedy
    if isinstance(error, TooManyRequests):
        title = error.description or title
    response = problem(status, title, remedy, code=error.name.lower().replace(" ", "_"))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Cookie realm="login"'
    return response


def _forged(error: CSRFError | ForeignPage) -> Response:
    """A form of another session or another site; 403, not Flask-WTF's 400."""
    security_log.denied(403)
    if isinstance(error, ForeignPage):
        g.foreign_page = True
    title = STALE_FORM if isinstance(error, CSRFError) else str(error.description)
    return problem(403, title, "请返回上一页，刷新后重新提交。", code="forged_request")


def conflict_of(error: IntegrityError) -> Conflict:
    """The conflict that a violated constraint stands for."""
    text = str(error.orig)
    for name, (code, message) in CONSTRAINTS.items():
        if name in text or _sqlite_form(name) in text:
            return Conflict(message, code=code)
    return Conflict("这条记录与已有记录冲突", code="constraint")


def _sqlite_form(name: str) -> str:
    """SQLite names a UNIQUE by its columns: ``uq_users_login`` is ``users.login``."""
    if name == "uq_memberships_live":
        return "memberships.provider_id, memberships.type"
    table, _, column = name.removeprefix("uq_").partition("_")
    return f"UNIQUE constraint failed: {table}.{column}" if name.startswith("uq_") else name


def _database(error: DBAPIError) -> Response:
    if isinstance(error, IntegrityError):
        return _on_purpose(conflict_of(error))
    if isinstance(error, OperationalError) or is_retryable(error) or error.connection_invalidated:
        log.error("database unavailable", error=str(error.orig))
        return _on_purpose(Unavailable("数据库暂时不可用"))
    return _unexpected(error)


def _stale(error: StaleDataError) -> Response:
    return _on_purpose(Conflict("内容已被他人更新", code="stale_version"))


def _unexpected(error: Exception) -> Response:
    log.exception("unexpected error", error=repr(error))
    return problem(500, *HTTP_TEXT[500], code="internal_error")


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(MarketplaceError, _on_purpose)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(ForeignPage, _forged)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(Exception, _unexpected)
