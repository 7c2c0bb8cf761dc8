"""What every template may use: site, menu, who acts, addresses of files, and how values look."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Flask, current_app, request

from marketplace import clock
from marketplace.permissions import Actor, Permission, can
from marketplace.phases import ROLE_LABELS
from marketplace.services.searching.vocabulary import HeldVocabulary, Vocabulary
from marketplace.settings import Settings
from marketplace.web.access import current_actor
from marketplace.web.agents import device_name
from marketplace.web.sessions import signed_in

WAN = Decimal(10_000)

PUBLIC_NAV = (
    ("首页", "/"),
    ("找服务商", "/providers"),
    ("找产品", "/products"),
    ("案例展厅", "/cases"),
    ("资源池看板", "/pool"),
    ("公示公告", "/notices"),
    ("政策与预审", "/programme"),
    ("活动", "/activities"),
)

STAFF_NAV: tuple[tuple[str, str, str, Permission], ...] = (
    ("资源池", "工作台", "/work", Permission.WORK_READ),
    ("资源池", "资源池看板", "/work/pool", Permission.POOL_READ),
    ("资源池", "在池名单", "/work/memberships", Permission.WORK_READ),
    ("资源池", "公示与候补", "/work/candidacies", Permission.WORK_READ),
    ("资源池", "公示", "/work/notices", Permission.NOTICE_READ),
    ("资源池", "异议办理", "/work/objections", Permission.OBJECTION_HANDLE),
    ("资源池", "案例审核", "/work/cases", Permission.WORK_READ),
    ("资源池", "资料修改审核", "/work/changes", Permission.WORK_READ),
    ("资源池", "开通申请", "/work/requests", Permission.ACCESS_DECIDE),
    ("资源池", "咨询督办", "/work/inquiries", Permission.INQUIRY_WATCH),
    ("资源池", "需求管理", "/work/demands", Permission.DEMAND_MODERATE),
    ("资源池", "动态评价", "/work/evaluations", Permission.EVALUATION_DESK),
    ("资源池", "假设测算", "/work/what-if", Permission.EVALUATION_SIMULATE),
    ("资源池", "整改与退出", "/work/proceedings", Permission.WORK_READ),
    ("资源池", "申诉", "/work/appeals", Permission.WORK_READ),
    ("资源池", "递补", "/work/replacements", Permission.REPLACEMENT_READ),
    ("资源池", "豁免", "/work/waivers", Permission.POOL_READ),
    ("资源池", "禁报期", "/work/bans", Permission.POOL_READ),
    ("资源池", "服务商资料", "/work/providers", Permission.WORK_READ),
    ("资源池", "方案与批次", "/work/programmes", Permission.PROGRAMME_READ),
    ("资源池", "合同备案与项目", "/work/projects", Permission.WORK_READ),
    ("资源池", "群发通知", "/work/letters/new", Permission.LETTER_SEND),
    ("日常管理", "定期报告", "/work/reports", Permission.WORK_READ),
    ("日常管理", "投诉", "/work/complaints", Permission.WORK_READ),
    ("日常管理", "抽查", "/work/spot-checks", Permission.WORK_READ),
    ("日常管理", "信用信息", "/work/credit-findings", Permission.CREDIT_READ),
    ("日常管理", "活动", "/work/activities", Permission.WORK_READ),
    ("日常管理", "评优", "/work/awards", Permission.WORK_READ),
    ("数据", "数据导入", "/work/imports", Permission.IMPORT_RUN),
    ("数据", "工作日历", "/work/calendar", Permission.WORK_READ),
    ("系统管理", "单位", "/admin/organisations", Permission.ORGANISATION_READ),
    ("系统管理", "用户", "/admin/users", Permission.USER_READ),
    ("系统管理", "操作记录", "/admin/events", Permission.EVENT_READ),
    ("系统管理", "记录校验", "/admin/audit", Permission.EVENT_READ),
    ("系统管理", "安全记录", "/admin/security", Permission.SECURITY_READ),
    ("系统管理", "字典", "/admin/vocabulary", Permission.VOCABULARY_EDIT),
    ("系统管理", "搜索与索引", "/admin/search", Permission.SYSTEM_READ),
    ("系统管理", "事件推送", "/admin/webhooks", Permission.WEBHOOK_MANAGE),
)
STAFF_AREAS = ("/work", "/admin")

FOOTER = (
    ("联系我们", "/contact"),
    ("投诉服务商", "/complaints"),
    ("隐私说明", "/privacy"),
    ("无障碍声明", "/accessibility"),
    ("网站地图", "/sitemap"),
)


def wan(value: Decimal | int | None) -> str:
    """CNY as 万元 with two decimals: 123456 → 12.35."""
    return "" if value is None else f"{Decimal(value) / WAN:,.2f}"


def day(value: date | datetime | None) -> str:
    """A day in Beijing: 2024年1月31日."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = clock.beijing(value).date()
    return f"{value.year}年{value.month}月{value.day}日"


def dt(value: datetime | None) -> str:
    """An instant by Beijing's clock: 2024-01-31 17:00."""
    return "" if value is None else f"{clock.beijing(value):%Y-%m-%d %H:%M}"


def vocabulary() -> Vocabulary:
    """The words of this moment."""
    held: HeldVocabulary = current_app.extensions["vocabulary"]
    return held.get()


def term(kind: str, code: str | None) -> str:
    """The Chinese name of a code: ``term("segment", "auto_parts")``."""
    return vocabulary().name(kind, code) if code else ""


def may(permission: str, obj: Any = None) -> bool:
    """``can`` for templates: by the present actor."""
    return can(current_actor(), Permission(permission), obj)


def staff_nav(actor: Actor) -> list[dict[str, Any]]:
    """The menu of staff pages, as far as ``actor`` may open them."""
    return [
        {"label": label, "url": url, "group": group}
        for group, label, url, permission in STAFF_NAV
        if can(actor, permission)
    ]


def _nav() -> list[dict[str, Any]]:
    staff = staff_nav(current_actor())
    if staff and request.path.startswith(STAFF_AREAS):
        items = staff
    else:
        items = [{"label": label, "url": url} for label, url in PUBLIC_NAV]
        if staff:
            label = "工作台" if staff[0]["url"].startswith("/work") else "系统管理"
            items.append({"label": label, "url": staff[0]["url"]})
    longest = max((i["url"] for i in items if _covers(i["url"])), key=len, default=None)
    return [{**item, "current": item["url"] == longest} for item in items]


def _covers(url: str) -> bool:
    path = request.path
    return path == url or (url != "/" and path.startswith(url + "/"))


def _acting() -> dict[str, Any] | None:
    user = signed_in()
    if user is None:
        return None
    return {
        "user_name": user.actor.name,
        "login": user.login,
        "role_label": ROLE_LABELS[user.actor.role] if user.actor.role else "未分配身份",
        "org_name": user.actor.organisation_name,
        "others": user.others,
        "account_url": "/account",
        "switch_url": "/account/switch",
        "logout_url": "/logout",
        "unread": user.unread,
    }


def _context() -> dict[str, Any]:
    """Reads nothing from the database: error pages are rendered when it is down."""
    find_url = "/work/find" if can(current_actor(), Permission.WORK_READ) else ""
    return {"nav": _nav(), "acting": _acting(), "footer_links": FOOTER, "find_url": find_url}


def init_app(app: Flask, settings: Settings) -> None:
    """Give templates their globals, filters and context."""
    app.extensions["vocabulary"] = HeldVocabulary(app.extensions["database"])
    names: dict[str, Any] = {
        "site": settings.site, "demo": settings.demo, "static_url": app.extensions["static"].url,
        "can": may, "term": term,
    }  # fmt: skip
    filters: dict[str, Callable[..., str]] = {
        "wan": wan, "day": day, "dt": dt, "device": device_name,
        "term": lambda code, kind: term(kind, code),
    }  # fmt: skip
    app.jinja_env.globals.update(names)
    app.jinja_env.filters.update(filters)
    app.context_processor(_context)
