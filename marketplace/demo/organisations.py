"""Rows of the sheets ``organisations`` and ``people``."""

from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.demo.choosing import number, pick, several
from marketplace.demo.codes import credit_code, phone
from marketplace.demo.products import money, scenes_of
from marketplace.demo.source import QINGDAO, Client, ProviderText, Source

PROFILE: dict[str, Any] = {
    "intro": "",
    "strengths": [],
    "service_areas": [],
    "process_links": [],
    "qualifications": [],
    "honours": [],
    "local_headcount": None,
    "website": "",
    "contact_role": "",
    "contact_phone": "",
}
"""What only providers have."""
AREA_OF_LINK = {
    "rd_design": "rd_design",
    "manufacturing": "manufacturing",
    "quality": "manufacturing",
    "warehouse_logistics": "manufacturing",
    "operations": "business_management",
}
PUBLIC_KINDS = ("lead_bureau", "co_bureau", "district_office")


def rows(source: Source) -> list[dict[str, Any]]:
    """Public bodies first, then providers, then the pilot enterprises."""
    bodies = [_body(source, body) for body in _bodies(source)]
    providers = [_provider(source, provider) for provider in source.providers]
    pilots = [_enterprise(source, c) for c in source.clients.values() if c.district]
    return [*bodies, *providers, *pilots]


def people(source: Source) -> list[dict[str, Any]]:
    """The technical teams; the first two of an outside firm stay at its seat."""
    return [row for provider in source.providers for row in _team(source, provider)]


def _bodies(source: Source) -> list[dict[str, str]]:
    offices = [
        {
            "kind": "district_office",
            "name": f"{name}民营经济主管部门（演示）",
            "short_name": f"{name}受理窗口（演示）",
            "district": code,
        }
        for code, name in source.districts.items()
    ]
    return [*source.pool["bodies"], *offices]


def _body(source: Source, body: dict[str, str]) -> dict[str, Any]:
    name, district = body["name"], body.get("district", "")
    public = body["kind"] in PUBLIC_KINDS
    return {
        "uscc": credit_code(name, public_body=public),
        "name": name,
        "short_name": body["short_name"],
        "kind": body["kind"],
        "district": district,
        "registered_city": QINGDAO,
        "address": _address(source, name, district) if district else "青岛市示例路1号",
        "applicant_class": "institution" if public else "enterprise",
        "founded_on": None,
        "headcount": None,
        "registered_capital_cny": None,
        "maturity_level": None,
        "segment": "",
        **PROFILE,
    }


def _provider(source: Source, provider: ProviderText) -> dict[str, Any]:
    links = _links(source, provider)
    own = [segment for kind, segment in provider.live if kind == "chain_leader"]
    return {
        "uscc": credit_code(provider.name),
        "name": provider.name,
        "short_name": provider.short,
        "kind": "provider",
        "district": "" if provider.outside else provider.place,
        "registered_city": provider.city,
        "address": _provider_address(source, provider),
        "applicant_class": "enterprise",
        "founded_on": provider.founded.replace(day=1 + number(provider.name, 28)),
        "headcount": provider.staff,
        "registered_capital_cny": money(Decimal(provider.capital)),
        "maturity_level": None,
        "segment": own[0] if own else "",
        "intro": provider.intro,
        "strengths": list(provider.strengths),
        "service_areas": _service_areas(source, provider, links),
        "process_links": links,
        "qualifications": _qualifications(source, provider),
        "honours": several(provider.key + "荣誉", source.pool["honours"], 1 + provider.staff % 2),
        "local_headcount": provider.local,
        "website": f"https://www.{provider.key}.example",
        "contact_role": "商务咨询",
        "contact_phone": phone(provider.name, provider.city),
    }


def _enterprise(source: Source, client: Client) -> dict[str, Any]:
    return {
        "uscc": credit_code(client.name),
        "name": client.name,
        "short_name": client.name.removeprefix(QINGDAO).removesuffix("有限公司"),
        "kind": "enterprise",
        "district": client.district,
        "registered_city": client.city,
        "address": _address(source, client.name, client.district),
        "applicant_class": "enterprise",
        "founded_on": date(client.since, 1 + number(client.id, 12), 1 + number(client.name, 28)),
        "headcount": client.staff,
        "registered_capital_cny": money(Decimal(_capital(client))),
        "maturity_level": client.level,
        "segment": client.segment,
        **PROFILE,
    }


def _capital(client: Client) -> int:
    """Registered capital in 10,000 CNY: grows with the headcount, in round figures."""
    return max(100, client.staff * (5 + number(client.id + "资本", 6)) // 100 * 100)


def _address(source: Source, name: str, district: str) -> str:
    place = source.districts[district]
    road, park = (pick(name + kind, source.pool[kind]) for kind in ("roads", "parks"))
    return f"青岛市{place}{road}{8 + number(name, 180)}号{park}{1 + number(name + '楼', 9)}号楼"


def _provider_address(source: Source, provider: ProviderText) -> str:
    if not provider.outside:
        return _address(source, provider.name, provider.place)
    return (
        f"注册地{provider.city}市；本地服务点：{_address(source, provider.name, provider.office)}"
    )


def _links(source: Source, provider: ProviderText) -> list[str]:
    scenes = [scene for product in provider.products for scene in scenes_of(source, product)]
    return source.links(scenes)


def _service_areas(source: Source, provider: ProviderText, links: list[str]) -> list[str]:
    areas = [AREA_OF_LINK[link] for link in links]
    if any(source.family(product) == "market" for product in provider.products):
        areas.append("market_service")
    if any(kind == "integrator" for kind, _ in (*provider.live, *provider.past)):
        areas.append("capability_assessment")
    return list(dict.fromkeys(areas))


def _qualifications(source: Source, provider: ProviderText) -> list[str]:
    known = source.pool["qualifications"]
    held = list(known["all"])
    for staff in (30, 60, 100):
        held += known[f"from_{staff}"] if provider.staff >= staff else []
    for kind in ("integrator", "chain_leader"):
        held += known[kind] if kind in {place[0] for place in provider.live} else []
    return held


def _team(source: Source, provider: ProviderText) -> list[dict[str, Any]]:
    size = min(8, max(4, provider.staff // 15))
    names = _names(source, provider.key, size)
    return [
        {
            "uscc": credit_code(provider.name),
            "name": name,
            "title": member["title"],
            "degree": member["degree"],
            "role": member["role"],
            "is_local": not (provider.outside and place < 2),
            "years": member["years"] + number(provider.key + name, 5) - 2,
        }
        for place, (name, member) in enumerate(zip(names, source.pool["teams"], strict=False))
    ]


def _names(source: Source, key: str, count: int) -> list[str]:
    surnames = several(key + "姓", source.pool["surnames"], count)
    given = several(key + "名", source.pool["given"], count)
    turn = number(key, count)
    return [a + b for a, b in zip(surnames, given[turn:] + given[:turn], strict=True)]
