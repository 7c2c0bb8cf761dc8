"""Which facts a comparison lists, in which order, under which headings."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from marketplace.models import Product
from marketplace.schemas.import_columns import SIZES
from marketplace.services.choosing.compare import (
    Facts,
    Group,
    Item,
    Phrases,
    Row,
    Value,
    day,
    number,
    wan,
    wan_range,
)
from marketplace.services.inquiries import inquiry_rules, response_rates
from marketplace.services.inquiries.response_rates import Rate
from marketplace.services.profiles.catalogue import gravest, state_of


def _place(item: Item, say: Phrases) -> Value:
    organisation = item.shown.provider.organisation
    return say.name("district", organisation.district) or organisation.registered_city


def _standing(item: Item, _: Phrases) -> Value:
    return state_of(gravest(item.shown.listed)).public_label


def _same_segment(item: Item, _: Phrases) -> Value:
    return number(sum(case.segment in item.shown.segments for case in item.shown.cases))


def _days(products: Sequence[Product]) -> Value:
    known = sorted(item.typical_days for item in products if item.typical_days is not None)
    if not known:
        return ""
    return number(known[0]) if known[0] == known[-1] else f"{known[0]}–{known[-1]}"


def _all(products: Sequence[Product], name: str) -> list[str]:
    return [code for item in products for code in getattr(item, name)]


def _years(item: Item, _: Phrases) -> Value:
    return str(max((case.year for case in item.shown.cases), default=""))


PROVIDER_FACTS: Facts = (
    ("基本", (
        ("服务商类型", lambda item, say: say.names("provider_type", item.shown.types)),
        ("细分行业", lambda item, say: say.names("segment", item.shown.segments)),
        ("资源池状态", _standing),
        ("入池日期", lambda item, _: day(min(each.listed_on for each in item.shown.listed))),
        ("所在地", _place),
        ("成立日期", lambda item, _: day(item.shown.provider.organisation.founded_on)),
        ("员工人数", lambda item, _: number(item.shown.provider.organisation.headcount)),
        ("本地团队人数", lambda item, _: number(item.shown.provider.local_headcount)),
    )),
    ("产品与价格", (
        ("产品数量", lambda item, _: number(len(item.shown.products))),
        ("产品", lambda item, _: tuple(f"{p.name} {p.release}" for p in item.shown.products)),
        ("产品类别", lambda item, say: say.names(
            "category", [p.category for p in item.shown.products])),
        ("业务场景", lambda item, say: say.names("scene", _all(item.shown.products, "scenes"))),
        ("试点价（万元）", lambda item, _: wan_range(
            [p.pilot_price_cny for p in item.shown.products])),
        ("目录价（万元）", lambda item, _: wan_range(
            [p.list_price_cny for p in item.shown.products])),
        ("部署方式", lambda item, say: say.names(
            "deployment", _all(item.shown.products, "deployment"))),
        ("典型工期（天）", lambda item, _: _days(item.shown.products)),
    )),
    ("案例", (
        ("公开案例数", lambda item, _: number(len(item.shown.cases))),
        ("在池行业案例数", _same_segment),
        ("青岛本地案例数", lambda item, _: number(sum(bool(c.district) for c in item.shown.cases))),
        ("最近案例年份", _years),
    )),
    ("能力与资质", (
        ("服务领域", lambda item, say: say.names(
            "service_area", item.shown.provider.service_areas)),
        ("关键环节", lambda item, say: say.names(
            "process_link", item.shown.provider.process_links)),
        ("特色能力", lambda item, _: tuple(item.shown.provider.strengths)),
        ("资质", lambda item, _: tuple(item.shown.provider.qualifications)),
        ("荣誉", lambda item, _: tuple(item.shown.provider.honours)),
    )),
)  # fmt: skip

PRODUCT_FACTS: Facts = (
    ("基本", (
        ("服务商", lambda item, _: item.shown.provider.organisation.name),
        ("服务商状态", _standing),
        ("产品类别", lambda item, say: say.name("category", item.product.category)),
        ("概要", lambda item, _: item.product.summary),
        ("细分行业", lambda item, say: say.names(
            "segment", set(item.product.segments) & set(item.shown.segments))),
        ("业务场景", lambda item, say: say.names("scene", item.product.scenes)),
        ("关键环节", lambda item, say: say.names("process_link", item.product.process_links)),
    )),
    ("价格", (
        ("试点价（万元）", lambda item, _: wan(item.product.pilot_price_cny)),
        ("目录价（万元）", lambda item, _: wan(item.product.list_price_cny)),
        ("计价方式", lambda item, say: say.name("pricing_model", item.product.pricing_model)),
        ("计价单位", lambda item, _: item.product.price_unit),
        ("年服务费（万元）", lambda item, _: wan(item.product.annual_fee_cny)),
        ("报价有效期至", lambda item, _: day(item.product.price_valid_until)),
    )),
    ("适用与部署", (
        ("部署方式", lambda item, say: say.names("deployment", item.product.deployment)),
        ("适用企业规模", lambda item, _: sizes(item.product.suited_sizes)),
        ("实施前提", lambda item, _: item.product.prerequisites),
        ("接口", lambda item, _: tuple(item.product.interfaces)),
    )),
    ("功能", (
        ("通用模块", lambda item, _: tuple(item.product.modules_common)),
        ("可定制模块", lambda item, _: tuple(item.product.modules_custom)),
    )),
    ("交付与服务", (
        ("典型工期（天）", lambda item, _: number(item.product.typical_days)),
        ("驻场（天）", lambda item, _: number(item.product.on_site_days)),
        ("售后服务", lambda item, _: item.product.after_sales),
        ("知识产权登记号", lambda item, _: item.product.ip_no),
    )),
)  # fmt: skip


def responses(session: Session, items: Sequence[Item]) -> tuple[Group, ...]:
    """How reliably each provider answers enquiries (F-V11), if that is known of one of them.

    Not part of ``PROVIDER_FACTS``: a rate changes without anybody's edit, and a snapshot holds
    what providers said of themselves.
    """
    rates = response_rates.of_each(session, [item.id for item in items])
    if all(rate.percent is None for rate in rates.values()):
        return ()
    texts = tuple(_response(rates.get(item.id)) for item in items)
    return (Group("服务", (Row("咨询按期答复", texts),)),)


def _response(rate: Rate | None) -> str:
    if rate is None or rate.percent is None:
        return f"近一年到期的咨询不足{inquiry_rules.rules().rate_minimum}条"
    mean = "" if rate.hours is None else f"，平均 {rate.hours:.1f} 小时"
    return f"{rate.percent:.0f}%（n={rate.n}）{mean}"


def sizes(codes: Sequence[str]) -> tuple[str, ...]:
    """Names of the sizes of firms a product suits, the smallest first."""
    return tuple(name for code, name in SIZES.items() if code in codes)
