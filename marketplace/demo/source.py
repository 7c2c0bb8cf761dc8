"""What was written by hand, read from ``config/demo/`` into typed values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from marketplace.programmes.loader import read_yaml

CONFIG = Path(__file__).resolve().parents[2] / "config"
FOLDER = CONFIG / "demo"
QINGDAO = "青岛"

Place = tuple[str, str]
"""Provider type and segment."""
SATURDAY = 5


@dataclass(frozen=True)
class Client:
    """An enterprise that was transformed. ``district`` is empty outside Qingdao."""

    id: str
    segment: str
    name: str
    trade: str
    district: str
    city: str
    since: int
    staff: int
    level: int
    makes: str
    route: str
    kit: str
    sells: str
    shop: str
    output: str

    @property
    def size(self) -> str:
        """Size class of manufacturing by headcount (工信部联企业〔2011〕300号, without revenue)."""
        if self.staff < 20:
            return "micro"
        return "small" if self.staff < 300 else "medium"


@dataclass(frozen=True)
class ProductText:
    """One product as written. Prices in 10,000 CNY: list, pilot."""

    name: str
    version: str
    category: str
    price: tuple[Decimal, Decimal]
    days: int
    summary: str
    detail: str
    unit: str
    model: str
    deploy: tuple[str, ...]


@dataclass(frozen=True)
class CaseText:
    """One case as written. ``use``: places of the products used, from 1; ``got``: metric texts."""

    client: str
    start: date
    use: tuple[int, ...]
    title: str
    pain: str
    fix: str
    got: tuple[str, ...]
    consent: bool


@dataclass(frozen=True)
class ProviderText:
    """One provider as written. ``place``: district code or city; ``office``: local district."""

    key: str
    name: str
    short: str
    place: str
    office: str
    founded: date
    staff: int
    local: int
    capital: int
    intro: str
    strengths: tuple[str, ...]
    live: tuple[Place, ...]
    past: tuple[Place, ...]
    chain_mode: str
    waiver: str
    products: tuple[ProductText, ...]
    cases: tuple[CaseText, ...]

    @property
    def city(self) -> str:
        """Where it is registered."""
        return self.place if self.outside else QINGDAO

    @property
    def outside(self) -> bool:
        """Whether it is registered outside Qingdao."""
        return bool(self.office) and self.office != self.place


@dataclass(frozen=True)
class Source:
    """Everything that was written by hand, and the words of the vocabulary it uses."""

    clients: Mapping[str, Client]
    providers: tuple[ProviderText, ...]
    metrics: Mapping[str, Any]
    categories: Mapping[str, Any]
    narrative: Mapping[str, Any]
    offers: Mapping[str, Any]
    pool: Mapping[str, Any]
    scenes: Mapping[str, Any]
    districts: Mapping[str, str]
    exceptions: Mapping[date, bool]

    def provider(self, key: str) -> ProviderText:
        """The provider of a key."""
        return next(provider for provider in self.providers if provider.key == key)

    def links(self, scenes: list[str]) -> list[str]:
        """The process links (关键环节) that scenes belong to, each once."""
        return list(dict.fromkeys(self.scenes[scene]["data"]["process_link"] for scene in scenes))

    def workday(self, day: date) -> date:
        """The day itself or the next one that is worked (holidays and make-up days counted)."""
        while not self.exceptions.get(day, day.weekday() < SATURDAY):
            day += timedelta(days=1)
        return day

    def family(self, product: ProductText) -> str:
        """The family of a product's category."""
        family: str = self.categories[product.category]["family"]
        return family


def read() -> Source:
    """Read all files. Raises LoadFailed with file and line."""
    return Source(
        clients={client.id: client for client in _clients()},
        providers=tuple(
            _provider(block)
            for path in sorted((FOLDER / "providers").glob("*.yml"))
            for block in read_yaml(path)
        ),
        metrics=read_yaml(FOLDER / "metrics.yml"),
        categories=read_yaml(FOLDER / "categories.yml"),
        narrative=read_yaml(FOLDER / "narrative.yml"),
        offers=read_yaml(FOLDER / "offers.yml"),
        pool=read_yaml(FOLDER / "pool.yml"),
        scenes={term["code"]: term for term in _terms("scenes")},
        districts={term["code"]: term["name"] for term in _terms("districts")},
        exceptions={
            item["day"]: item["working"]
            for path in sorted((CONFIG / "calendar").glob("*.yml"))
            for item in read_yaml(path)["days"]
        },
    )


def _terms(name: str) -> list[dict[str, Any]]:
    terms: list[dict[str, Any]] = read_yaml(CONFIG / "vocabulary" / f"{name}.yml")["terms"]
    return terms


def _clients() -> list[Client]:
    return [
        Client(
            segment=path.stem,
            district=block.pop("in", ""),
            city=block.pop("city", QINGDAO),
            **block,
        )
        for path in sorted((FOLDER / "clients").glob("*.yml"))
        for block in read_yaml(path)
    ]


def _month(text: str) -> date:
    year, month = text.split("-")
    return date(int(year), int(month), 1)


def _product(block: dict[str, Any]) -> ProductText:
    listed, pilot = (Decimal(str(price)) for price in block["price"])
    return ProductText(
        name=block["name"],
        version=block["version"],
        category=block["category"],
        price=(listed, pilot),
        days=block["days"],
        summary=block["summary"],
        detail=block["detail"],
        unit=block.get("unit", ""),
        model=block.get("model", ""),
        deploy=tuple(block.get("deploy", ())),
    )


def _case(block: dict[str, Any]) -> CaseText:
    return CaseText(
        client=block["at"],
        start=_month(block["start"]),
        use=tuple(block["use"]),
        title=block["title"],
        pain=block["pain"],
        fix=block["fix"],
        got=tuple(block["got"]),
        consent=block.get("consent", True),
    )


def _provider(block: dict[str, Any]) -> ProviderText:
    chain, past = block.get("chain"), block.get("past")
    live = [
        (kind, segment) for kind in ("integrator", "product") for segment in block.get(kind, ())
    ]
    if chain:
        live.append(("chain_leader", chain["segment"]))
    return ProviderText(
        key=block["key"],
        name=block["name"],
        short=block["short"],
        place=block["place"],
        office=block.get("office", ""),
        founded=_month(block["founded"]),
        staff=block["staff"][0],
        local=block["staff"][1],
        capital=block["capital"],
        intro=block["intro"],
        strengths=tuple(block["strengths"]),
        live=tuple(live),
        past=((past["type"], past["segment"]),) if past else (),
        chain_mode=chain["mode"] if chain else "",
        waiver=block.get("waiver", ""),
        products=tuple(_product(product) for product in block["products"]),
        cases=tuple(_case(case) for case in block["cases"]),
    )
