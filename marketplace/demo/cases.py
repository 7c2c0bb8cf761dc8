"""Rows of the sheet ``cases``: dates, money, levels and metrics that agree with each other."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from marketplace.demo.choosing import number, pick
from marketplace.demo.codes import credit_code
from marketplace.demo.narrative import Facts, Narrator, place_name
from marketplace.demo.products import money, scenes_of
from marketplace.demo.source import CaseText, Client, ProductText, ProviderText, Source

LAST_MONTH = (2026, 10)
"""Nothing is measured after this month."""


@dataclass(frozen=True)
class Job:
    """One case with its dates, before it is known what came before it."""

    provider: ProviderText
    case: CaseText
    client: Client
    products: tuple[ProductText, ...]
    start: date
    finish: date

    @property
    def integrated(self) -> bool:
        """Whether an integrator did it with several products: such projects lift the level."""
        kinds = {kind for kind, _ in (*self.provider.live, *self.provider.past)}
        return "integrator" in kinds and len(self.products) > 1


def rows(source: Source) -> list[dict[str, Any]]:
    """All cases, provider by provider."""
    jobs = [
        _job(source, provider, case) for provider in source.providers for case in provider.cases
    ]
    levels = _levels(jobs)
    narrator = Narrator(source)
    return [_row(source, narrator, job, levels[job.case.title]) for job in jobs]


def _job(source: Source, provider: ProviderText, case: CaseText) -> Job:
    products = tuple(provider.products[place - 1] for place in case.use)
    start = source.workday(case.start.replace(day=3 + number(case.title, 22)))
    longest = max(product.days for product in products)
    days = longest * (90 + number(case.title + "期", 36)) // 100 + 7 * (len(products) - 1)
    finish = source.workday(start + timedelta(days=days))
    return Job(provider, case, source.clients[case.client], products, start, finish)


def _levels(jobs: Iterable[Job]) -> dict[str, tuple[int, int]]:
    """Title → level before and after; what one project reached, the next one starts from."""
    now: dict[str, int] = {}
    found = {}
    for job in sorted(jobs, key=lambda job: (job.start, job.case.title)):
        before = now.get(job.client.id, job.client.level)
        rises = before < 2 or (before == 2 and job.integrated)
        now[job.client.id] = before + rises
        found[job.case.title] = (before, before + rises)
    return found


def _row(source: Source, narrator: Narrator, job: Job, levels: tuple[int, int]) -> dict[str, Any]:
    case, client = job.case, job.client
    before, after = levels
    anonymous = number(case.title + "匿名", 8) == 0
    facts = Facts(case, client, job.products, job.start, job.finish, before, anonymous)
    scenes = list(dict.fromkeys(s for product in job.products for s in scenes_of(source, product)))
    return {
        "uscc": credit_code(job.provider.name),
        "title": case.title,
        "year": job.finish.year,
        "segment": client.segment,
        "district": client.district,
        "client_name": _client_name(source, client, anonymous),
        "client_anonymous": anonymous,
        "client_consent": case.consent,
        "client_size": client.size,
        "process_links": source.links(scenes),
        "scenes": scenes,
        "categories": list(dict.fromkeys(product.category for product in job.products)),
        "product_names": [product.name for product in job.products],
        **narrator.texts(facts),
        "start_on": job.start,
        "finish_on": job.finish,
        "days": facts.days,
        "investment_cny": _investment(job),
        "metrics": [_metric(source, job, text) for text in case.got],
        "level_before": before,
        "level_after": after,
    }


def _client_name(source: Source, client: Client, anonymous: bool) -> str:
    return f"某{client.trade}企业（{place_name(source, client)}）" if anonymous else client.name


def _investment(job: Job) -> Decimal:
    """Pilot prices, more for larger works, and what was bought beside the software."""
    pilot = sum((product.price[1] for product in job.products), Decimal(0))
    larger = Decimal(min(160, 100 + job.client.staff // 5)) / 100
    beside = Decimal(100 + number(job.case.title + "投入", 13)) / 100
    return money((pilot * larger * beside).quantize(Decimal("0.1")))


def _metric(source: Source, job: Job, text: str) -> dict[str, Any]:
    name, before, after = text.rsplit(" ", 2)
    if "/" in name:
        name, unit, measured_by = name.split("/")
    else:
        known = source.metrics[name]
        name, unit = known["name"], known["unit"]
        measured_by = pick(job.case.title + name, known["by"])
    return {
        "metric": name,
        "before": _plain(before),
        "after": _plain(after),
        "unit": unit,
        "measured_by": measured_by,
        "period": f"{_months(job.start, -3, -1)}对比{_months(job.finish, 1, 3)}",
    }


def _plain(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _months(day: date, first: int, last: int) -> str:
    """``2024年1—3月``: whole months counted from the month of ``day``."""
    start, end = _shifted(day, first), min(_shifted(day, last), LAST_MONTH)
    if start == end:
        return f"{start[0]}年{start[1]}月"
    if start[0] == end[0]:
        return f"{start[0]}年{start[1]}—{end[1]}月"
    return f"{start[0]}年{start[1]}月—{end[0]}年{end[1]}月"


def _shifted(day: date, months: int) -> tuple[int, int]:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return year, month + 1
