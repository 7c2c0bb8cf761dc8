"""The way in to administration."""

from flask import render_template

from marketplace.db import current_session
from marketplace.permissions import Permission, can
from marketplace.services.webhooks import endpoints
from marketplace.web.access import current_actor, signed_in
from marketplace.web.admin.blueprint import blueprint

AREAS = (
    (Permission.ORGANISATION_READ, "单位", "/admin/organisations", "登记和更正单位信息。"),
    (Permission.USER_READ, "用户", "/admin/users", "邀请用户、授予和收回身份、解锁、结束登录。"),
    (Permission.EVENT_READ, "操作记录", "/admin/events", "谁在什么时候做了什么，依据是什么。"),
    (Permission.SECURITY_READ, "安全记录", "/admin/security", "登录、锁定、被拒绝的访问。"),
    (Permission.VOCABULARY_EDIT, "字典", "/admin/vocabulary", "同义词、行业、场景等词语的叫法。"),
    (Permission.SYSTEM_READ, "搜索与索引", "/admin/search", "引擎是否正常、重建索引、搁置的条目。"),
    (
        Permission.WEBHOOK_MANAGE,
        "事件推送",
        "/admin/webhooks",
        "通知其他系统的地址、密钥和记录。",
    ),
)


@blueprint.get("")
@signed_in
def home() -> str:
    """The areas this actor may open."""
    actor = current_actor()
    areas = [
        {"label": label, "url": url, "text": text}
        for permission, label, url, text in AREAS
        if can(actor, permission)
    ]
    watches = can(actor, Permission.WEBHOOK_MANAGE)
    given_up = endpoints.given_up(current_session()) if watches else 0
    return render_template("admin/home.html", areas=areas, given_up=given_up)
