"""Pages about the site itself: contact, privacy, accessibility, order of results, site maps."""

from flask import Response, current_app, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import current_session
from marketplace.indexing import fallback
from marketplace.models import Organisation, Provider
from marketplace.phases import OrganisationKind
from marketplace.settings import Settings
from marketplace.web import programmes
from marketplace.web.access import public
from marketplace.web.context import vocabulary
from marketplace.web.public import blueprint, notices
from search import tie_value

DEMO_PHONE = "示例：0532-0000 0000"
UNKNOWN_PHONE = "请拨打市级电话转接"
SHOWN_IN_ORDER = 10
MOST_URLS = 50_000
"""A sitemap may hold no more."""

PAGES = (
    ("/", "首页", "搜索，按行业和类型进入"),
    ("/providers", "找服务商", "按行业、类型、环节、价格、区市筛选和对比"),
    ("/products", "找产品", "产品与解决方案，标明试点价、部署方式和工期"),
    ("/cases", "案例展厅", "改造前后的指标、做法和投入"),
    ("/guide", "选型向导", "回答五个问题，得到说明理由的产品清单"),
    ("/need", "说说您的难处", "用自己的话描述，看需要哪类产品、谁能做"),
    ("/demands", "需求", "企业公开的改造需求，不显示企业名称"),
    ("/pool", "资源池看板", "各行业、各类型的名额和在池数量"),
    ("/pool/past", "任一日期的资源池", "看板和名单在过去某一天的状态"),
    ("/certificates", "核验证书", "输入编号，查看今天是否有效"),
    ("/audit/digests", "操作记录每日摘要", "可以保存下来，日后核对记录没有改动"),
    ("/notices", "公示公告", "名单公示、公示期怎么算、更正和异议渠道"),
    ("/objections", "查询异议进度", "凭回执号查询，不用登录"),
    ("/programme", "政策与预审", "申报条件、名额、期限和材料"),
    ("/programme/precheck", "条件预审", "不用登录，逐条查看是否满足条件"),
    ("/ordering", "排序说明", "搜索结果怎样排序，怎样核对"),
    ("/contact", "联系我们", "市级和各区市窗口"),
    ("/privacy", "隐私说明", "记录什么、不记录什么"),
    ("/accessibility", "无障碍声明", "关怀版、键盘操作和已知问题"),
)
PRIVATE = ("/work", "/admin", "/account", "/login", "/logout", "/display", "/compare")
"""What robots shall leave alone: pages of accounts, and endless combinations."""


@blueprint.get("/contact")
@public
def contact() -> str:
    """The city's unit and the window of every district; no officials' names."""
    rows = current_session().scalars(
        select(Organisation)
        .where(
            Organisation.kind.in_([OrganisationKind.LEAD_BUREAU, OrganisationKind.DISTRICT_OFFICE])
        )
        .order_by(Organisation.id)
    )
    offices: dict[str, Organisation] = {}
    for row in rows:
        lead = row.kind == OrganisationKind.LEAD_BUREAU
        offices.setdefault("" if lead else row.district or "-", row)
    settings: Settings = current_app.extensions["settings"]
    return render_template(
        "public/contact.html", city=offices.get(""), windows=_windows(offices, settings)
    )


def _windows(offices: dict[str, Organisation], settings: Settings) -> list[dict[str, str]]:
    """One line per district, in the order of the vocabulary, whether its office is known or not."""
    phone = DEMO_PHONE if settings.demo else UNKNOWN_PHONE
    found = []
    for word in vocabulary().options("district"):
        office = offices.get(word.code)
        found.append(
            {
                "district": word.name,
                "unit": office.name if office else f"{word.name}民营经济（中小企业）主管部门",
                "address": office.address if office and office.address else "请电话询问",
                "phone": phone,
            }
        )
    return found


@blueprint.get("/privacy")
@public
def privacy() -> str:
    """What is recorded of visitors and users, and what is not."""
    return render_template("public/privacy.html")


@blueprint.get("/accessibility")
@public
def accessibility() -> str:
    """What was done for everybody to use the site, and what is known to be missing."""
    return render_template("public/accessibility.html")


@blueprint.get("/ordering")
@public
def ordering() -> str:
    """How results are ordered, so that anyone can compute it again."""
    day, session = clock.today(), current_session()
    ids = [row.id for row in fallback.PUBLIC["provider"](session, {})]
    order = sorted((tie_value(f"provider:{id_}", day), id_) for id_ in ids)[:SHOWN_IN_ORDER]
    names = _names(session, [id_ for _, id_ in order])
    return render_template(
        "public/ordering.html",
        today=day,
        total=len(ids),
        weekday=day.weekday(),
        weekday_name="一二三四五六日"[day.weekday()],
        order=[
            {"place": place, "document": f"provider:{id_}", "value": f"{value:,}",
             "name": names[id_], "url": f"/providers/{id_}"}
            for place, (value, id_) in enumerate(order, 1)
        ],
    )  # fmt: skip


def _names(session: Session, ids: list[int]) -> dict[int, str]:
    rows = session.execute(
        select(Provider.id, Organisation.name)
        .join(Provider.organisation)
        .where(Provider.id.in_(ids))
    )
    return {row.id: row.name for row in rows}


@blueprint.get("/sitemap")
@public
def sitemap() -> str:
    """The pages of the site for people."""
    return render_template("public/sitemap.html", pages=PAGES, programmes=_programmes())


def _programmes() -> list[dict[str, str]]:
    return [
        {"url": programmes.path(id_), "label": programme.name}
        for id_, programme in programmes.files().items()
        if id_ != programmes.home_id()
    ]


@blueprint.get("/sitemap.xml")
@public
def sitemap_xml() -> Response:
    """The pages of the site for robots: also every provider, product and case that is public."""
    session = current_session()
    paths = [path for path, _, _ in PAGES] + [str(item["url"]) for item in _programmes()]
    for kind, rows in fallback.PUBLIC.items():
        paths += [f"/{kind}s/{row.id}" for row in rows(session, {})]
    paths += notices.paths(session)
    text = render_template("public/sitemap.xml", base=_base(), paths=paths[:MOST_URLS])
    return Response(text, mimetype="application/xml")


@blueprint.get("/robots.txt")
@public
def robots() -> Response:
    """What robots may read: the public pages."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE)]
    text = "\n".join([*lines, "", f"Sitemap: {_base()}/sitemap.xml", ""])
    return Response(text, mimetype="text/plain")


def _base() -> str:
    settings: Settings = current_app.extensions["settings"]
    return settings.base_url
