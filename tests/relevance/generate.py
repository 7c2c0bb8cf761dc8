"""Write the automatic sets again: python -m tests.relevance.generate

Needed when the demo or the crowd of firms changes; the same market gives the same files.
"""

import random
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from marketplace.db import Database, make_engine
from marketplace.migrate import upgrade
from search import Document
from tests.relevance.generate_asked import attribute_items, term_items
from tests.relevance.generate_parity import parity_rows
from tests.support import relevance_market as market
from tests.support.relevance import FOLDER, Item
from tests.support.relevance_names import Names
from tests.support.relevance_typing import (
    HAN,
    HAN_RUN,
    fold,
    homophone,
    initials,
    misread,
    pieces,
    slip,
    sound,
    traditional,
    transposed,
    wide,
    wrong_char,
)

SIZES = {
    "exact": 260, "short": 150, "brand": 100, "partial": 220, "pinyin": 240, "initials": 160,
    "mixed": 180, "traditional": 160, "homophone": 220, "transposition": 130, "wrong_char": 120,
    "slip": 130, "heteronym": 40, "form": 80, "wrapped": 80,
}  # fmt: skip
SAID = (
    "{}怎么样", "{} 价格", "找一下{}", "{}官网", "{} 联系方式", "{}是哪家公司的", "我想了解{}",
    "{}好不好用", "请问{}多少钱", "{} 案例",
)  # fmt: skip
MOST_ANSWERS = 3  # a query that means more things than this does not name one
Typed = tuple[str, set[str]]


def known_items(names: Names) -> list[Item]:
    """Queries that name one thing, by the way they are typed."""
    makers = {
        "exact": exact, "short": short, "brand": brand, "partial": partial, "pinyin": pinyin,
        "initials": first_letters, "mixed": mixed, "traditional": in_traditional,
        "homophone": by_sound, "transposition": by_distance, "wrong_char": by_distance,
        "slip": by_slip, "heteronym": other_reading, "form": other_form, "wrapped": wrapped,
    }  # fmt: skip
    found: list[Item] = []
    for group, size in SIZES.items():
        dice, seen = random.Random(group), set()
        targets = shuffled(names, group, dice)
        while len(seen) < size:
            document = next(targets)
            typed = makers[group](document, names, dice, group)
            if typed is None or (document.kind, typed[0]) in seen:
                continue
            q, titles = typed
            seen.add((document.kind, q))
            number = f"{group}-{len(seen):03d}"
            found.append(Item(number, group, q, document.kind, tuple(sorted(titles))))
    return found


def shuffled(names: Names, group: str, dice: random.Random) -> Iterator[Document]:
    """Providers and products in turn; cases too where whole titles and parts of them are typed."""
    kinds = ["provider", "product"]
    if group in ("exact", "partial", "traditional"):
        kinds.append("case")
    if group == "short":
        kinds = ["provider"]
    while True:
        rows = [dice.sample(names.of(kind), len(names.of(kind))) for kind in kinds]
        for turn in zip(*rows, strict=False):
            yield from turn


def exact(document: Document, names: Names, dice: random.Random, _: str) -> Typed | None:
    """The whole name as it stands."""
    q = dice.choice([document.title, *document.alias])
    return q, names.called(document.kind, q)


def short(document: Document, names: Names, _dice: random.Random, _: str) -> Typed | None:
    """The short name of a firm."""
    return document.alias[0], names.called("provider", document.alias[0])


def brand(document: Document, names: Names, _dice: random.Random, _: str) -> Typed | None:
    """The two characters by which a firm and its goods are known; any that bear them is right."""
    q = names.name(document)[:2]
    return (q, names.bearing(document.kind, q)) if HAN_RUN.fullmatch(q) else None


def partial(document: Document, names: Names, dice: random.Random, _: str) -> Typed | None:
    """Some characters in a row of a name."""
    found = list(pieces(document.title))
    q = dice.choice(found) if found else ""
    titles = names.bearing(document.kind, q)
    return (q, titles) if q and len(titles) <= MOST_ANSWERS else None


def pinyin(document: Document, names: Names, dice: random.Random, _: str) -> Typed | None:
    """All of it in pinyin, sometimes with a space between words."""
    name = names.name(document)
    q = sound(name)
    if dice.random() < 0.3:
        q = f"{sound(name[:2])} {sound(name[2:])}"
    return clear(q, names.sounding(document.kind, fold(q)))


def first_letters(document: Document, names: Names, _dice: random.Random, _: str) -> Typed | None:
    """The first letters of a name of four characters or more."""
    name = names.name(document)
    q = initials(name)
    return (q, names.lettered(document.kind, q)) if len(HAN.findall(name)) >= 4 else None


def mixed(document: Document, names: Names, dice: random.Random, _: str) -> Typed | None:
    """Part in pinyin, part as it is written; or first letters and the Latin word."""
    name = names.name(document)
    head, tail = name[:2], name[2:].strip()
    if not HAN_RUN.fullmatch(head) or not tail:
        return None
    ways = [f"{sound(head)}{tail}", f"{sound(head)} {tail}"]
    if HAN.search(tail):
        ways.append(f"{head}{sound(tail)}")
    else:
        ways.append(f"{initials(head)}{fold(tail)}")
    q = dice.choice(ways)
    letters = names.lettered(document.kind, fold(q))
    return clear(q, names.sounding(document.kind, sound(q)) or letters)


def in_traditional(document: Document, names: Names, dice: random.Random, _: str) -> Typed | None:
    """A whole name in traditional characters, if that makes a difference."""
    name = dice.choice([document.title, *document.alias])
    q = traditional(name)
    return (q, names.called(document.kind, name)) if q != name else None


def by_sound(document: Document, names: Names, dice: random.Random, _: str) -> Typed | None:
    """One character of the same sound."""
    name = dice.choice(names.forms(document))
    q = homophone(name, dice) if len(HAN.findall(name)) >= 3 else None
    if not q or names.bearing(None, q):
        return None
    return clear(q, names.sounding(document.kind, sound(q)) | {document.title})


def by_distance(document: Document, names: Names, dice: random.Random, group: str) -> Typed | None:
    """One character wrong, or two exchanged."""
    name = dice.choice(names.forms(document))
    change = transposed if group == "transposition" else wrong_char
    q = change(name, dice) if len(HAN.findall(name)) >= 4 else None
    if not q or q == name or names.bearing(None, q):
        return None
    return clear(q, names.near(document.kind, q))


def by_slip(document: Document, names: Names, dice: random.Random, _: str) -> Typed | None:
    """One slip of the finger in the pinyin."""
    name = names.name(document)
    whole = sound(name)
    q = slip(whole, dice)
    if q == whole or len(HAN.findall(name)) < 4 or names.sounding(None, q):
        return None
    return clear(q, names.near_sound(document.kind, q))


def other_reading(document: Document, names: Names, dice: random.Random, _: str) -> Typed | None:
    """In pinyin, with the other everyday reading of a character that nothing around it settles."""
    q = misread(names.name(document)[:2])
    if q is None:
        return None
    q += sound(names.name(document)[2:])
    return clear(q, names.sounding(document.kind, q) | {document.title})


def other_form(document: Document, names: Names, dice: random.Random, _: str) -> Typed | None:
    """Wide or capital letters, blanks between characters, punctuation at the end."""
    name = names.name(document)
    ways = [" ".join(name.replace(" ", "")), f"{name}。", f"《{name}》", f"  {name}　"]
    if re.search("[A-Za-z]", name):
        ways += [wide(name), name.lower(), name.replace(" ", ""), name.replace(" ", "-")]
    return clear(dice.choice(ways), names.called(document.kind, name))


def wrapped(document: Document, names: Names, dice: random.Random, _: str) -> Typed | None:
    """The name inside what people say around it."""
    name = names.name(document)
    return clear(dice.choice(SAID).format(name), names.called(document.kind, name))


def clear(q: str, titles: set[str]) -> Typed | None:
    """The query, if it still names something, and not too many things."""
    return (q, titles) if 0 < len(titles) <= MOST_ANSWERS else None


def write(name: str, rows: Iterable[str]) -> None:
    """A set, one JSON object a line."""
    (FOLDER / f"{name}.jsonl").write_text("".join(f"{row}\n" for row in rows), "utf-8")


def contents(documents: Sequence[Document], wares: Sequence[market.Words]) -> dict[str, list[str]]:
    """File name → lines."""
    known = known_items(Names(documents)) + term_items(wares)
    asked = attribute_items(documents, wares)
    return {
        "known_item": [item.to_json() for item in known],
        "attribute": [item.to_json() for item in asked],
        "parity": parity_rows(known, asked),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/pool.db")
        upgrade(engine)
        database = Database(engine)
        market.fill(database, Path(folder))
        with database.reading() as session:
            wares = market.capabilities(session)
        for name, rows in contents(market.documents(database), wares).items():
            write(name, rows)
            print(f"{name}.jsonl: {len(rows)}")
        engine.dispose()


if __name__ == "__main__":
    main()
