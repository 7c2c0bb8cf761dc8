"""Queries that ask for something of a kind: a capability, in a segment, in a district."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from search import Document
from tests.support.relevance import Item, grade
from tests.support.relevance_market import Words, vocabulary
from tests.support.relevance_typing import (
    HAN,
    homophone,
    initials,
    slip,
    sound,
    traditional,
    wrong_char,
)

ASKED = 300
TEMPLATES = {
    "product": (
        "{cap}", "{seg}{cap}", "{seg} {cap}", "{seg}行业用的{cap}", "适合{seg}企业的{cap}软件",
        "有没有{seg}做得好的{cap}",
    ),
    "provider": (
        "{cap}服务商", "{dis} {cap} 服务商", "{dis}做{cap}的公司", "{seg} {cap} 供应商",
        "{dis}{seg}{cap}", "{dis} 懂{seg}的 {cap} 厂家",
    ),
    "case": ("{seg}{cap}案例", "{dis}{seg}企业上{cap}的案例", "{seg}厂怎么做{cap}", "{cap} {dis}"),
}  # fmt: skip
TERM_SIZES = {
    "term_pinyin": 60, "term_initials": 40, "term_homophone": 60, "term_wrong_char": 40,
    "term_slip": 40, "term_traditional": 20,
}  # fmt: skip


def attribute_items(documents: Sequence[Document], wares: Sequence[Words]) -> list[Item]:
    """Combinations that some document meets in full, every template and kind in turn."""
    dice = random.Random("attribute")
    of_kind: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        of_kind[document.kind].append(document)
    turns = [(kind, template) for kind, all_ in TEMPLATES.items() for template in all_]
    found: dict[str, Item] = {}
    while len(found) < ASKED:
        kind, template = turns[len(found) % len(turns)]
        q, asked = _asked(template, dice, wares)
        if q not in found and any(grade(asked, each) == 3 for each in of_kind[kind]):
            found[q] = Item(f"attribute-{len(found) + 1:03d}", kind, q, kind, (), asked)
    return list(found.values())


def _asked(
    template: str, dice: random.Random, wares: Sequence[Words]
) -> tuple[str, Mapping[str, tuple[str, ...]]]:
    asked: dict[str, tuple[str, ...]] = {}
    parts = {}
    if dice.random() < 0.3:
        scene = dice.choice(vocabulary("scenes"))
        asked["scene"] = (scene["code"],)
        parts["cap"] = dice.choice([scene["name"], *scene["aliases"]])
    else:
        words = dice.choice(wares)
        asked["category"], asked["near"] = (words.code,), (words.scene,)
        parts["cap"] = dice.choice((words.short, words.name, *words.aliases))
    for mark, field, kind in (("seg", "segment", "segments"), ("dis", "district", "districts")):
        if f"{{{mark}}}" in template:
            terms = [term for term in vocabulary(kind) if term["code"] != "general"]
            term = dice.choice(terms)
            asked[field] = (term["code"],)
            names = (term["short_name"], term["short_name"], term["name"])
            parts[mark] = dice.choice((*names, *term.get("aliases", ())))
    return template.format(**parts), asked


def term_items(wares: Sequence[Words]) -> list[Item]:
    """Words of the trade as they are mistyped; a product of the category is what is wanted."""
    makers: dict[str, Callable[[str, random.Random], str | None]] = {
        "term_pinyin": lambda term, _: sound(term),
        "term_initials": lambda term, _: initials(term),
        "term_homophone": homophone,
        "term_wrong_char": wrong_char,
        "term_slip": lambda term, dice: slip(sound(term), dice),
        "term_traditional": lambda term, _: traditional(term),
    }
    terms = list(_terms(wares))
    means: dict[str, set[str]] = defaultdict(set)
    for term, code in terms:
        for key in (term, initials(term), sound(term)):
            means[key].add(code)
    found = []
    for group, size in TERM_SIZES.items():
        dice, seen = random.Random(group), set()
        while len(seen) < size:
            term, code = dice.choice(terms)
            q = makers[group](term, dice)
            if not q or q == term or q in seen or (group.endswith("slip") and q in means):
                continue
            seen.add(q)
            codes = tuple(sorted(means.get(q, set()) | {code}))
            number = f"{group}-{len(seen):03d}"
            found.append(Item(number, group, q, "product", (), {"category": codes}))
    return found


def _terms(wares: Sequence[Words]) -> Iterator[tuple[str, str]]:
    for words in wares:
        for term in (words.name, words.short, *words.aliases):
            if len(HAN.findall(term)) >= 4 and len(HAN.findall(term)) == len(term):
                yield term, words.code
