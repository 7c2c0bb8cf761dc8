"""A small market for tests of the public pages: real-looking, deterministic, quick to build.

Thirty providers over four segments and three types, with what tests must tell apart: warned,
rectifying, suspended and exited ones, hidden things, cases without consent, one firm in two cells.
``SECRET`` stands in everything that no visitor may find.
"""

import shutil
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock, create_app
from marketplace.indexing.upkeep import rebuild_index
from marketplace.models import CaseStudy, Organisation, Product, Provider, Round
from marketplace.phases import OrganisationKind, StandingPhase
from marketplace.services.upkeep import seeding
from marketplace.settings import Settings
from tests import factories
from tests.support.browser_like import BrowserLike

SECRET = "泄密标记"
SEGMENTS = ("auto_parts", "rail_equipment", "home_appliance", "general_parts")
TYPES = ("product", "product", "integrator", "product", "chain_leader")
DISTRICTS = (
    "370202", "370203", "370213", "370212", "370211", "370214",
    "370215", "370281", "370283", "370285", "QDGX", "QDZM", None,
)  # fmt: skip
COINED = (
    "砚途", "屿川", "锐澜", "沐野", "观澄", "朗岳", "稷成", "炬石", "湛远", "衡工",
    "岚序", "禾钧", "汐谷", "铭川", "拓微", "云岑", "知匠", "隅见", "臻合", "白榆",
    "青骊", "鹿鸣", "北辰", "既明", "星野", "临川", "向野", "望舒", "千寻", "南山",
)  # fmt: skip
WARES = (
    ("mes", "车间执行", ["production_control"], ["manufacturing"], "saas", 30,
     "工单、报工、在制和追溯放在一条线上的轻量执行系统", "注塑、机加车间扫码报工"),
    ("aps", "自动排产", ["planning"], ["manufacturing"], "on_prem", 45,
     "按设备、模具和交期自动排程，插单几分钟重排", "多品种小批量排产"),
    ("qms", "质量追溯", ["quality_control"], ["quality"], "hybrid", 25,
     "首检、巡检、终检和客诉闭环，一码追到投料", "来料与过程检验"),
    ("wms", "条码仓储", ["warehousing"], ["warehouse_logistics"], "saas", 20,
     "收货、上架、拣配和盘点全程扫码，账实相符", "原料和成品仓库"),
    ("iiot", "设备联网", ["equipment"], ["manufacturing"], "edge", 15,
     "网关采集开停机和产量，老设备不改程序也能接入", "设备联网与点检"),
    ("plm", "图文档", ["product_design"], ["rd_design"], "private_cloud", 60,
     "图纸、物料清单和变更一处受控，车间只看有效版", "图纸与变更"),
)  # fmt: skip
METRICS = (
    ("changeover_minutes", 95, 38, "分钟", "车间班报"),
    ("on_time_delivery", 72, 94, "%", "销售发货记录"),
    ("defect_rate", 4.2, 1.6, "%", "检验记录统计"),
    ("oee", 58, 71, "%", "设备采集数据"),
    ("inventory_accuracy", 88, 99.2, "%", "月度盘点"),
    ("planning_hours", 6, 0.5, "小时", "计划员工时记录"),
)


@dataclass
class Market:
    """What was built. Ids by name; everything else is found in the database."""

    round_id: int = 0
    providers: list[int] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)


def standing(folder: Path, template: Path, providers: int = 30) -> tuple[Flask, Market]:
    """An application on a SQLite market in ``folder``; ``template`` is a migrated, empty file."""
    shutil.copy(template, folder / "pool.db")
    settings = Settings.from_env(
        {
            "MARKETPLACE_MODE": "test",
            "MARKETPLACE_DATA": str(folder),
            "DATABASE_URL": f"sqlite:///{folder}/pool.db",
            "SEARCH_URL": f"tantivy://{folder}/index",
            "STORAGE_URL": f"file://{folder}/files",
            "MAIL_URL": f"file://{folder}/mail",
            "BASE_URL": "http://localhost",
        }
    )
    app = create_app(settings)
    app.test_client_class = BrowserLike
    return app, open_market(app, providers)


def open_market(app: Flask, providers: int = 30) -> Market:
    """Fill the database of ``app`` and build its index."""
    database = app.extensions["database"]
    with database.unit_of_work() as session:
        seeding.seed_vocabulary(session)
        market = fill(session, providers)
    rebuild_index(app.extensions["search"], database)
    return market


def more(app: Flask, first: int, last: int) -> None:
    """Providers number ``first`` … ``last`` - 1 beside those there are, and a new index."""
    database = app.extensions["database"]
    with database.unit_of_work() as session:
        round_ = session.scalars(select(Round)).one()
        _firms(session, Market(round_.id), round_, range(first, last))
    rebuild_index(app.extensions["search"], database)


def fill(session: Session, providers: int = 30) -> Market:
    """The market in a session whose vocabulary is seeded."""
    round_ = factories.make_round(
        session, key="qd-first", label="第一批", seq=1, listed_on=date(2024, 3, 1)
    )
    market = Market(round_.id)
    _firms(session, market, round_, range(providers))
    _special(session, market, round_)
    return market


def _firms(session: Session, market: Market, round_: Round, numbers: range) -> None:
    for number in numbers:
        type_ = TYPES[number % len(TYPES)]
        provider = _firm(session, number)
        segment = SEGMENTS[number % 4]
        factories.make_membership(
            session, round_, provider, type=type_, segment=segment,
            listed_on=date(2024, 3, 1), valid_until=date(2027, 2, 28),
        )  # fmt: skip
        _wares(session, provider, number, segment)
        market.providers.append(provider.id)
        market.names[provider.id] = provider.organisation.name


def _firm(session: Session, number: int, **given: object) -> Provider:
    coined = COINED[number % len(COINED)] + ("" if number < len(COINED) else str(number))
    district = DISTRICTS[number % len(DISTRICTS)]
    city = "青岛" if district else "济南"
    organisation = factories.make_organisation(
        session,
        name=f"{city}{coined}智造科技有限公司",
        short_name=f"{coined}智造",
        district=district,
        registered_city=f"{city}市",
        founded_on=date(2008 + number % 12, 1 + number % 12, 15),
        headcount=40 + number * 7,
    )
    ware = WARES[number % len(WARES)]
    values = {
        "intro": f"{coined}智造面向中小制造企业，从{ware[7]}做起，先解决一个车间的问题再推广。"
        "实施团队常驻本地，交付物包含数据字典和操作视频，数据归企业所有，可以随时导出。",
        "strengths": [f"{ware[7]}经验", "先用后付的试点方案", "现场问题当日响应"],
        "service_areas": ["rd_design"] if ware[0] == "plm" else ["manufacturing"],
        "process_links": ware[3],
        "qualifications": ["软件企业评估证书", "信息安全管理体系认证"],
        "honours": ["市级数字化转型优秀服务机构"] if number % 3 == 0 else [],
        "local_headcount": 12 + number % 20,
        "contact_role": "商务咨询",
        "confirmed_on": date(2026, 10, 1) + timedelta(days=number % 28),
        **given,
    }
    return factories.make_provider(session, organisation, **values)


def _wares(session: Session, provider: Provider, number: int, segment: str) -> None:
    """Two products and two cases."""
    for step in (0, 2):
        code, word, scenes, links, deployment, days, summary, _ = WARES[(number + step) % 6]
        price = Decimal(4 + (number * 7 + step * 5) % 37) * 10_000
        product = factories.make_product(
            session, provider,
            name=f"{provider.organisation.short_name[:2]}{word}",
            release=f"V{3 + step}.{number % 5}",
            category=code, segments=[segment], scenes=scenes, process_links=links,
            deployment=[deployment], summary=summary,
            description=f"{summary}。工人扫码即可操作，班组长在看板上看到计划、完成和异常。",
            modules_common=["工单下达", "扫码报工", "异常呼叫"], modules_custom=["与既有ERP同步"],
            interfaces=["OPC UA", "Modbus"],
            suited_sizes=["small", "medium"] if number % 3 else ["micro", "small"],
            prerequisites="车间有无线网络；设备台账已建。", pricing_model="subscription",
            list_price_cny=price * 2, pilot_price_cny=price, price_unit="年",
            typical_days=days + number % 9, on_site_days=5, after_sales="工作日两小时内响应",
        )  # fmt: skip
        _case(session, provider, product, number + step, segment)


def _case(
    session: Session, provider: Provider, product: Product, number: int, segment: str
) -> CaseStudy:
    metric = METRICS[number % len(METRICS)], METRICS[(number + 1) % len(METRICS)]
    clerk = COINED[(number + 11) % len(COINED)]
    return factories.make_case(
        session, provider,
        title=f"{clerk}部件厂上线{product.name}，{number % 3 + 2}个月见效",
        year=2023 + number % 4, segment=segment, district=DISTRICTS[number % 12],
        client_name=f"青岛{clerk}部件有限公司", client_size="small",
        process_links=product.process_links, scenes=product.scenes,
        categories=[product.category], product_names=[product.name],
        background="企业为整机厂配套，月均换型四百余次，旺季要加班赶交期。",
        pains="计划靠经验排，插单一来全部重算；质量问题要翻三天纸质记录才能找到批次。",
        solution=f"上线{product.name}，工单到机台，扫码报工，异常当场呼叫。",
        process_text="两周调研，三周试点一条线，一周培训，一个月后推广到全车间。",
        replicability="同类车间有网络和条码打印机即可复制。",
        start_on=date(2024, 3, 4), finish_on=date(2024, 5, 31), days=88,
        investment_cny=Decimal(186_000), level_before=1, level_after=2,
        metrics=[
            {"metric": code, "before": before, "after": after, "unit": unit,
             "measured_by": source, "period": "2025年"}
            for code, before, after, unit, source in metric
        ],
    )  # fmt: skip


def _special(session: Session, market: Market, round_: Round) -> None:
    """What differs from the thirty."""

    def firm(name: str, phase: StandingPhase, **given: object) -> Provider:
        provider = _firm(session, 100 + len(market.ids))
        provider.organisation.name = f"青岛{name}智造科技有限公司"
        values = {"type": "product", "segment": "home_appliance", **given}
        factories.make_membership(session, round_, provider, phase=phase, **values)
        _wares(session, provider, 100 + len(market.ids), "home_appliance")
        session.flush()
        market.ids[phase.value if name not in market.ids else name] = provider.id
        return provider

    firm("警示", StandingPhase.WARNED, public_reason="两次未按期报送季度档案。")
    firm(
        "整改", StandingPhase.RECTIFYING,
        public_reason="定期检查不合格，限期整改。", rectify_by=date(2027, 1, 31),
    )  # fmt: skip
    firm("暂停", StandingPhase.SUSPENDED, public_reason="整改逾期未完成。")
    firm(
        "退出", StandingPhase.EXITED,
        exited_on=date(2026, 1, 15), public_reason="自愿退出。", document_no="示例〔2026〕3号",
    )  # fmt: skip
    for key in ("suspended", "exited"):
        _mark(session, market.ids[key])
    hidden = firm("隐藏", StandingPhase.LISTED)
    market.ids["hidden"] = market.ids.pop("listed")
    hidden.hidden_at, hidden.hidden_reason = clock.now(), SECRET
    hidden.intro = SECRET
    two = firm("双栖", StandingPhase.LISTED, type="integrator", segment="rail_equipment")
    market.ids["two"] = market.ids.pop("listed")
    factories.make_membership(session, round_, two, type="product", segment="home_appliance")
    _hide_some(session, market, two)


def _mark(session: Session, provider_id: int) -> None:
    """Put the secret into what may not be found of a provider that is out of the pool."""
    provider = session.get_one(Provider, provider_id)
    provider.intro = SECRET
    factories.make_product(session, provider, name=f"{SECRET}软件", segments=["home_appliance"])
    factories.make_case(session, provider, title=f"{SECRET}案例")
    session.flush()


def _hide_some(session: Session, market: Market, provider: Provider) -> None:
    """A hidden product, a hidden case, a case without consent, an anonymous one."""
    product = factories.make_product(session, provider, name=f"{SECRET}隐藏软件")
    product.hidden_at = clock.now()
    hidden = factories.make_case(session, provider, title=f"{SECRET}隐藏案例")
    hidden.hidden_at = clock.now()
    silent = factories.make_case(session, provider, title=f"{SECRET}未授权", client_consent=False)
    anonymous = factories.make_case(
        session, provider, title="某家电配件厂排产改造",
        client_name=f"青岛{SECRET}客户有限公司", client_anonymous=True,
    )  # fmt: skip
    person = factories.make_person(session, provider, name=f"{SECRET}人名", is_local=True)
    session.flush()
    market.ids |= {
        "hidden_product": product.id, "hidden_case": hidden.id, "silent_case": silent.id,
        "anonymous_case": anonymous.id, "person": person.id,
    }  # fmt: skip


def districts(session: Session) -> None:
    """The windows of the districts and the city, for the contact page."""
    for code in DISTRICTS[:-1]:
        factories.make_organisation(
            session, kind=OrganisationKind.DISTRICT_OFFICE.value, name=f"示例窗口{code}",
            district=code, short_name="",
        )  # fmt: skip
    bureau: Organisation = factories.make_organisation(
        session, kind=OrganisationKind.LEAD_BUREAU.value, name="示例市级主管部门", district=None
    )
    bureau.short_name = "市级窗口"
    session.flush()
