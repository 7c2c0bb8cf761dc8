"""Passwords: argon2id with bounded parallel work, and what a new one must be like (S19-S21, S34).

One verification takes about 30 ms and 19 MiB, so a process does only a few at once; the rest
wait, and after a while are refused rather than let in.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from marketplace import clock
from marketplace.errors import Invalid, Unavailable
from marketplace.settings import ROOT

MEMORY_KIB, PASSES, LANES = 19456, 2, 1  # OWASP's choice for argon2id
SHORTEST, LONGEST = 12, 128
OWN_SHARE = 8  # characters that must remain beside context words and common passwords
DISTINCT = 5
WAIT_SECONDS = 10.0

CONTEXT_WORDS = ("qingdao", "青岛", "服务商", "资源池", "marketplace", "admin", "管理员", "工信局")
COMMON_FILE = ROOT / "config" / "passwords" / "common.txt"

T = TypeVar("T")

MLPS = "mlps"
ASVS = "asvs"
MLPS_LIFETIME = timedelta(days=90)
MLPS_HISTORY = 5
CLASSES = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")

_hasher = PasswordHasher(memory_cost=MEMORY_KIB, time_cost=PASSES, parallelism=LANES)


class Bench:
    """A few threads that hash, and no others.

    The allocator keeps freed memory by thread: with a semaphore instead, every thread of the
    server would end up holding 19 MiB (32 logins at once: 298 MiB against 51).
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._pool = ThreadPoolExecutor(places, thread_name_prefix="argon2")

    def run(self, work: Callable[[], T]) -> T:
        """Do ``work`` in turn. Raises Unavailable after ten seconds of waiting."""
        future = self._pool.submit(work)
        try:
            return future.result(timeout=WAIT_SECONDS)
        except TimeoutError:
            future.cancel()
            raise Unavailable("登录人数过多", remedy="请稍后再试。", retry_after=10) from None

    def close(self) -> None:
        """Let the threads end when they have nothing to do."""
        self._pool.shutdown(wait=False)


_bench = Bench(2)


def allow_parallel(number: int) -> None:
    """How many verifications this process may do at once; set before serving."""
    global _bench  # noqa: PLW0603  one limit per process, set once at start
    if number != _bench.places:
        _bench.close()
        _bench = Bench(number)


def _after_fork() -> None:
    global _bench  # noqa: PLW0603  threads do not survive a fork
    _bench = Bench(_bench.places)


os.register_at_fork(after_in_child=_after_fork)


def hash_(password: str) -> str:
    """The hash to store."""
    return _bench.run(lambda: _hasher.hash(password))


@cache
def _dummy() -> str:
    return _hasher.hash("nobody has this password")


def verify(stored: str, password: str) -> bool:
    """Whether ``password`` is right. An empty ``stored`` costs the same time and is never right."""
    known = stored or _dummy()
    return _bench.run(lambda: _matches(known, password)) and bool(stored)


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def is_weak(stored: str) -> bool:
    """Whether a stored hash was made with less than today's work and should be renewed."""
    return _hasher.check_needs_rehash(stored)


def profile_of(setting: str, *, staff: bool) -> str:
    """Which rules apply: the classified-protection rules (mlps) only to staff, if switched on."""
    return MLPS if setting == MLPS and staff else ASVS


def is_overdue(profile: str, changed_at: datetime | None) -> bool:
    """Whether the password must be changed before anything else."""
    if profile != MLPS:
        return False
    return changed_at is None or changed_at + MLPS_LIFETIME <= clock.now()


@dataclass(frozen=True)
class Choice:
    """A new password as typed, by whom, and the hashes it must not repeat."""

    password: str
    again: str
    login: str = ""
    name: str = ""
    profile: str = ASVS
    former: Sequence[str] = ()


def check(choice: Choice) -> None:
    """Raise ``Invalid`` (fields ``password``, ``again``) unless the password may be used."""
    problems = list(_problems(choice))
    if problems:
        raise Invalid(fields={"password": problems})
    if choice.password != choice.again:
        raise Invalid(fields={"again": ["两次输入的口令不一致"]})


def _problems(choice: Choice) -> Iterator[str]:
    password = choice.password
    if not SHORTEST <= len(password) <= LONGEST:
        yield f"口令应为{SHORTEST}至{LONGEST}个字符，可以用一句话"
        return
    if len(set(password)) < DISTINCT:
        yield f"至少用{DISTINCT}个不同的字符"
    if _left_over(password, choice) < OWN_SHARE:
        yield "口令太常见，或主要由本系统、单位、本人的名称组成，请换一个"
    if choice.profile == MLPS:
        yield from _mlps_problems(choice)


def _mlps_problems(choice: Choice) -> Iterator[str]:
    if sum(bool(re.search(kind, choice.password)) for kind in CLASSES) < 3:
        yield "应包含大写字母、小写字母、数字、其他字符中的至少三类"
    if any(verify(stored, choice.password) for stored in choice.former[:MLPS_HISTORY]):
        yield f"不能与最近{MLPS_HISTORY}次用过的口令相同"


def _left_over(password: str, choice: Choice) -> int:
    """Characters that remain when everything an attacker would try first is taken away."""
    text = password.casefold()
    if text in _common():
        return 0
    mailbox = choice.login.partition("@")[0]
    for word in sorted([*CONTEXT_WORDS, mailbox, choice.name], key=len, reverse=True):
        if len(word) >= 2:
            text = text.replace(word.casefold(), "")
    core = text.strip("0123456789!@#$%^&*.,-_+=~ ")
    return 0 if not core or core in _common() else len(text)


@cache
def _common() -> frozenset[str]:
    lines = COMMON_FILE.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("# "))
