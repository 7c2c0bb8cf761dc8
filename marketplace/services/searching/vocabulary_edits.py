"""Words that staff correct, add and retire. The table decides: seeding leaves edited rows alone.

Nothing is deleted and no code changes, since data refers to codes. A synonym takes effect as soon
as processes read the table again; what an index must be rebuilt for is told by ``indexing``.
"""

import json
import re
import secrets
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, cast, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import record
from marketplace.models import Term
from marketplace.permissions import Actor, Permission, require
from marketplace.services.searching.vocabulary import Vocabulary, Word

SYNONYM = "synonym"
TWO_WAY, ONE_WAY = "two_way", "one_way"
MOST_SYNONYMS = 12
SHORTEST_SYNONYM = 2
NAMED_ALIKE = ("capability",)
"""Kinds that nobody chooses from by name: a category and a scene may be called the same there."""

EDITABLE = ("name", "short_name", "aliases", "direction", "active")
_BETWEEN = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Wanted:
    """A word as an editor wants it; ``direction`` is empty for all but synonyms."""

    name: str
    short_name: str = ""
    aliases: tuple[str, ...] = ()
    direction: str = ""
    active: bool = True

    @property
    def words(self) -> tuple[str, ...]:
        """The name and everything that stands for it."""
        return (self.name, *filter(None, [self.short_name]), *self.aliases)


def counts(session: Session, actor: Actor) -> dict[str, tuple[int, int]]:
    """Words and edited words by kind. Raises Forbidden."""
    require(actor, Permission.VOCABULARY_EDIT)
    edited = func.count().filter(Term.edited.is_(True))
    rows = session.execute(select(Term.kind, func.count(), edited).group_by(Term.kind))
    return {kind: (words, changed) for kind, words, changed in rows}


def search(actor: Actor, kind: str, *, text: str = "", state: str = "") -> Select[Term]:
    """SELECT of the words of a kind in their order; ``text`` is part of a name, code or alias."""
    require(actor, Permission.VOCABULARY_EDIT)
    statement = select(Term).where(Term.kind == kind)
    if text:
        columns = (Term.name, Term.short_name, Term.code)
        matches = [column.icontains(text, autoescape=True) for column in columns]
        statement = statement.where(or_(*matches, _in_aliases(text)))
    if state == "edited":
        statement = statement.where(Term.edited.is_(True))
    elif state:
        statement = statement.where(Term.active.is_(state == "active"))
    return statement.order_by(Term.sort, Term.id)


def get(session: Session, actor: Actor, term_id: int) -> Term:
    """One word. Raises NotFound."""
    require(actor, Permission.VOCABULARY_EDIT)
    found = session.get(Term, term_id)
    if found is None:
        raise NotFound("字典中没有这个词")
    return found


def wanted_of(term: Term) -> Wanted:
    """A word as it stands."""
    direction = term.data.get("direction", TWO_WAY) if term.kind == SYNONYM else ""
    return Wanted(term.name, term.short_name, tuple(term.aliases), direction, term.active)


def create(
    session: Session, actor: Actor, kind: str, *, code: str, wanted: Wanted, reason: str
) -> Term:
    """A new word at the end of its kind. Raises Invalid, Conflict."""
    require(actor, Permission.VOCABULARY_EDIT)
    if kind == SYNONYM:
        code = f"s_{secrets.token_hex(4)}"
    elif not code:
        raise Invalid(fields={"code": ["请填写"]})
    check(session, kind, wanted)
    last = session.scalar(select(func.max(Term.sort)).where(Term.kind == kind))
    term = Term(kind=kind, code=code, sort=(last or 0) + 1, edited=True)
    _put(term, wanted)
    try:
        with session.begin_nested():
            session.add(term)
            session.flush()
    except IntegrityError:
        raise Invalid(fields={"code": [f"代码“{code}”已经用过，请换一个"]}) from None
    diff = _told({"vocabulary": kind, **_plain(wanted)})
    record(session, actor, "term_create", term, diff=diff, why={"reason": reason})
    return term


def edit(
    session: Session,
    actor: Actor,
    term: Term,
    *,
    expected_version: int,
    wanted: Wanted,
    reason: str,
) -> dict[str, list[Any]]:
    """Change a word; answers ``{field: [before, after]}``. Raises Invalid, Conflict."""
    require(actor, Permission.VOCABULARY_EDIT)
    if term.version != expected_version:
        raise Conflict("这个词已被他人更新", code="stale_version")
    check(session, term.kind, wanted, but=term.id)
    before, after = _plain(wanted_of(term)), _plain(wanted)
    diff = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if diff:
        _put(term, wanted)
        term.edited = True
        session.flush()
        record(session, actor, "term_edit", term, diff=_told(diff), why={"reason": reason})
    return diff


def with_word(words: Vocabulary, kind: str, code: str, wanted: Wanted) -> Vocabulary:
    """The vocabulary as it would be with one word changed or added; nothing is saved."""
    now = words.get(kind, code)
    data = dict(now.data) if now else {}
    if wanted.direction:
        data["direction"] = wanted.direction
    word = Word(code, wanted.name, wanted.short_name, wanted.aliases, data, wanted.active)
    return Vocabulary({**words.words, kind: {**words.words.get(kind, {}), code: word}})


def check(session: Session, kind: str, wanted: Wanted, but: int | None = None) -> None:
    """Raise Invalid unless the word can stand beside the others; ``but`` is its own id."""
    errors: dict[str, list[str]] = {}
    for name, text in _own_faults(kind, wanted):
        errors.setdefault(name, []).append(text)
    others = [term for term in _of_kind(session, kind) if term.id != but and term.active]
    if wanted.active:
        for name, text in _clashes(kind, wanted, others):
            errors.setdefault(name, []).append(text)
    if errors:
        raise Invalid(fields=errors)


def _of_kind(session: Session, kind: str) -> list[Term]:
    return list(session.scalars(select(Term).where(Term.kind == kind).order_by(Term.id)))


def _own_faults(kind: str, wanted: Wanted) -> Iterator[tuple[str, str]]:
    """What is wrong with the word by itself."""
    seen = {_key(wanted.name)}
    for word in wanted.aliases:
        key = _key(word)
        if not key:
            yield "aliases", f"“{word}”里没有可以搜索的文字"
        elif key in seen:
            yield "aliases", f"“{word}”重复了"
        seen.add(key)
    if not _key(wanted.name):
        yield "name", "名称里没有可以搜索的文字"
    if kind == SYNONYM:
        yield from _synonym_faults(wanted)


def _synonym_faults(wanted: Wanted) -> Iterator[tuple[str, str]]:
    if wanted.direction not in (TWO_WAY, ONE_WAY):
        yield "direction", "请选择"
    if not wanted.aliases:
        yield "aliases", "请至少填写一个同义词"
    if len(wanted.aliases) > MOST_SYNONYMS:
        yield "aliases", f"最多{MOST_SYNONYMS}个同义词，现有{len(wanted.aliases)}个"
    for name, words in (("name", (wanted.name,)), ("aliases", wanted.aliases)):
        for word in words:
            if 0 < len(_key(word)) < SHORTEST_SYNONYM:
                yield name, f"“{word}”太短，至少{SHORTEST_SYNONYM}个字"


def _clashes(kind: str, wanted: Wanted, others: list[Term]) -> Iterator[tuple[str, str]]:
    """What another word of the kind says already."""
    for other in others:
        if kind != SYNONYM:
            if _key(other.name) == _key(wanted.name) and kind not in NAMED_ALIKE:
                yield "name", f"“{other.name}”已经有了（{other.code}）"
            continue
        theirs = wanted_of(other)
        if theirs.direction != wanted.direction:
            continue
        taken = _claimed(theirs)
        for field, word in _claims(wanted):
            if _key(word) in taken:
                yield field, f"“{word}”已在“{other.name}”这一组里，请改那一组"


def _claims(wanted: Wanted) -> Iterator[tuple[str, str]]:
    """The words that may stand in one group only: a one-way group owns its name alone."""
    yield "name", wanted.name
    if wanted.direction == TWO_WAY:
        yield from (("aliases", word) for word in wanted.aliases)


def _claimed(wanted: Wanted) -> set[str]:
    return {_key(word) for _, word in _claims(wanted)}


def _key(word: str) -> str:
    """What two spellings of one word have in common: width, case, blanks and signs count not."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", word).casefold())


def _put(term: Term, wanted: Wanted) -> None:
    term.name, term.short_name = wanted.name, wanted.short_name
    term.aliases, term.active = list(wanted.aliases), wanted.active
    if term.kind == SYNONYM:
        term.data = {**(term.data or {}), "direction": wanted.direction}


def _plain(wanted: Wanted) -> dict[str, Any]:
    """For the history: plain values, direction only where there is one."""
    values: Mapping[str, Any] = {name: getattr(wanted, name) for name in EDITABLE}
    return {
        name: list(value) if name == "aliases" else value
        for name, value in values.items()
        if name != "direction" or value
    }


def _told(diff: Mapping[str, Any]) -> dict[str, Any]:
    """As the history keeps it: what is called ``name`` there is a person's or a firm's."""
    return {"word" if name == "name" else name: value for name, value in diff.items()}


def _in_aliases(text: str) -> Any:
    """Part of an alias. JSON is written with escapes, so the escaped form is looked for."""
    return cast(Term.aliases, String).icontains(json.dumps(text)[1:-1], autoescape=True)
