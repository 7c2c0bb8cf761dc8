"""What a product must be like to be listed (F-P21); every refusal says why, at its field."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import ChangeRequest, Product
from marketplace.models.change_requests import PRODUCT
from marketplace.phases import RequestPhase
from marketplace.programmes.loader import read_yaml
from marketplace.settings import ROOT

FILE = ROOT / "config" / "fields" / "product_checks.yml"
VERSION = re.compile(r"(?<![\s(\[])[\s(\[]*(?:[vV]|版本)[0-9][0-9.]*[\s)\]]*$")
DOTTED = re.compile(r"(?<![A-Za-z0-9])[vV][0-9]+[.][0-9]+")
"""A version in the middle of a name."""
IGNORED = re.compile(r"[\s《》“”\"'（）()·]")
Errors = dict[str, list[str]]
Values = Mapping[str, Any]
Reasons = Iterable[tuple[str, str]]
"""Field and why."""


@dataclass(frozen=True)
class Rules:
    """Words and patterns that a name must not have, and how a version is written."""

    shortest: int
    superlatives: tuple[str, ...]
    prices: tuple[re.Pattern[str], ...]
    phones: tuple[re.Pattern[str], ...]
    release: re.Pattern[str]
    advice: str


@cache
def rules() -> Rules:
    """What the configuration says. Raises KeyError, re.error for a file that cannot be."""
    data = read_yaml(FILE)
    name = data["name"]
    return Rules(
        name["shortest"], tuple(name["superlatives"]),
        _patterns(name["price_patterns"], name["price_words"]),
        _patterns(name["phone_patterns"], name["phone_words"]),
        re.compile(data["release"]["pattern"]), data["release"]["advice"],
    )  # fmt: skip


def _patterns(patterns: Iterable[str], words: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(text, re.I) for text in (*patterns, *map(re.escape, words)))


def check(
    session: Session,
    provider_id: int,
    values: Values,
    changed: Collection[str],
    *,
    product_id: int | None = None,
    request_id: int | None = None,
) -> Errors:
    """Why these values cannot be listed, by field.

    ``changed``: fields that differ from what is listed; what stood there before is left alone.
    ``product_id`` and ``request_id``: the rows that the values are for.
    """
    touched = set(changed)
    found: list[tuple[str, str]] = []
    for fields, look in CHECKS:
        if fields & touched:
            found += look(values)
    if touched & {"name", "release", "ip_no"}:
        found += _siblings(session, provider_id, values, product_id, request_id)
    errors: Errors = {}
    for field, text in found:
        errors.setdefault(field, []).append(text)
    return errors


def _name(values: Values) -> Reasons:
    return (("name", text) for text in _name_texts(values["name"]))


def _name_texts(name: str) -> Iterable[str]:
    plain = unicodedata.normalize("NFKC", name)
    digits = re.sub(r"[\s-]", "", plain)
    if len(plain.strip()) < rules().shortest:
        yield f"名称至少{rules().shortest}个字"
    for word in rules().superlatives:
        if word in plain:
            yield f"名称不能有“{word}”一类的绝对化用语（广告法第九条）"
            break
    if any(pattern.search(plain) for pattern in rules().prices):
        yield "名称不能有价格，价格填在价格栏"
    if any(pattern.search(digits) for pattern in rules().phones):
        yield "名称不能有电话等联系方式"
    if VERSION.search(plain) or DOTTED.search(plain):
        yield "名称不写版本，版本填在版本栏"


def bare(text: str) -> str:
    """A name without its version, spaces, quotes and case, to be compared."""
    plain = VERSION.sub("", unicodedata.normalize("NFKC", text).strip())
    return IGNORED.sub("", plain).casefold()


def _registered(values: Values) -> Reasons:
    """KG 发布须知: the name is that of the registered copyright."""
    if not values["ip_name"]:
        yield "ip_name", "请照登记证书填写软件著作权名称"
    elif bare(values["ip_name"]) != bare(values["name"]):
        yield "name", f"与软件著作权名称“{values['ip_name']}”不一致"


def _release(values: Values) -> Reasons:
    if not rules().release.fullmatch(values["release"]):
        yield "release", rules().advice


def _ip_no(values: Values) -> Reasons:
    """QD-P1: a product has intellectual property of its own."""
    if not values["ip_no"]:
        yield "ip_no", "产品应有自主知识产权，请填写登记号"


def _segments(values: Values) -> Reasons:
    if not values["segments"]:
        yield "segments", "请至少选择一项"


def _prices(values: Values) -> Reasons:
    listed, pilot = values["list_price_cny"], values["pilot_price_cny"]
    if pilot is not None and listed is None:
        yield "list_price_cny", "填了试点价的，也要填目录价"
    elif pilot is not None and listed is not None and pilot > listed:
        yield "pilot_price_cny", "试点价（让利）不能高于目录价"


CHECKS: tuple[tuple[frozenset[str], Callable[[Values], Reasons]], ...] = (
    (frozenset({"name"}), _name),
    (frozenset({"name", "ip_name"}), _registered),
    (frozenset({"release"}), _release),
    (frozenset({"ip_no"}), _ip_no),
    (frozenset({"segments"}), _segments),
    (frozenset({"list_price_cny", "pilot_price_cny"}), _prices),
)
"""Which fields each looks at."""


def _siblings(
    session: Session,
    provider_id: int,
    values: Values,
    product_id: int | None,
    request_id: int | None,
) -> Reasons:
    """One product, many versions: each version once, all under one name."""
    others = _listed(session, provider_id, product_id) + _waiting(session, provider_id, request_id)
    mine = (bare(values["name"]), values["release"])
    if any((bare(name), release) == mine for name, release, _ in others):
        yield "release", f"“{values['name']}”的这个版本已经登记，请填写新的版本"
    if values["ip_no"]:
        for name, _, ip_no in others:
            if ip_no == values["ip_no"] and bare(name) != mine[0]:
                yield "ip_no", f"这个登记号已用于“{name}”；同一产品的新版本请沿用原名称"
                return


def _listed(
    session: Session, provider_id: int, product_id: int | None
) -> list[tuple[str, str, str]]:
    rows = session.execute(
        select(Product.name, Product.release, Product.ip_no).where(
            Product.provider_id == provider_id, Product.id != (product_id or 0)
        )
    )
    return [(name, release, ip_no) for name, release, ip_no in rows]


def _waiting(
    session: Session, provider_id: int, request_id: int | None
) -> list[tuple[str, str, str]]:
    """New products that wait for their check."""
    rows = session.scalars(
        select(ChangeRequest.fields).where(
            ChangeRequest.provider_id == provider_id, ChangeRequest.subject_type == PRODUCT,
            ChangeRequest.subject_id.is_(None), ChangeRequest.phase == RequestPhase.PENDING,
            ChangeRequest.id != (request_id or 0),
        )
    )  # fmt: skip
    return [tuple(f[name][1] for name in ("name", "release", "ip_no")) for f in rows]
