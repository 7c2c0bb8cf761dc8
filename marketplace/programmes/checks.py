"""What must hold before a programme is used: names, wording, sense of rules, quotas and dates."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from marketplace.programmes import conditions, deadlines
from marketplace.programmes.assessment import BUILT_IN
from marketplace.programmes.kinds import QuestionType, Severity
from marketplace.programmes.library import Library
from marketplace.programmes.loader import Finding
from marketplace.programmes.parts import Clause
from marketplace.programmes.possible import outcomes
from marketplace.programmes.procedure_checks import procedure_problems
from marketplace.programmes.questions import Question
from marketplace.programmes.review_checks import review_problems
from marketplace.programmes.schema import Programme
from marketplace.programmes.structure import Path, Problem
from marketplace.programmes.workflow_checks import Names, workflow_problems
from marketplace.rules import Condition

NUMERIC = frozenset({QuestionType.INTEGER, QuestionType.MONEY, QuestionType.PERCENT})
SETS = frozenset({"includes", "within"})
LISTS = (
    *("types", "rules", "quotas", "tiers", "steps", "deadlines"),
    *("materials", "awards", "reports", "bans"),
)
SINGLES = ("survey", "publicity", "validity", "re_review", "removal")


def check_all(library: Library, names: Names, today: date) -> list[Finding]:
    """Every finding of every file, reading errors included, sorted by file and line."""
    findings = list(library.findings)
    for source in library.sources.values():
        findings += [
            source.document.finding(problem) for problem in problems(source.programme, names, today)
        ]
    return sorted(findings)


def problems(programme: Programme, names: Names, today: date) -> Iterator[Problem]:
    """Everything wrong with one programme; problems that are not ``fatal`` only warn."""
    yield from _name_problems(programme, names)
    yield from _clause_problems(programme)
    yield from _question_problems(programme)
    for i, rule in enumerate(programme.rules):
        yield from _rule_problems(programme, i, rule.test)
        if rule.severity is Severity.SOFT and not rule.advice:
            yield Problem(
                ("rules", i), f"规则 {rule.id} 是“原则上”的条件但没有办法说明", "请补写 advice。"
            )
    yield from _required_if_problems(programme)
    yield from _quota_problems(programme)
    yield from _deadline_problems(programme, today)
    yield from workflow_problems(programme, names)
    yield from procedure_problems(programme)
    yield from review_problems(programme, names)


def _name_problems(programme: Programme, names: Names) -> Iterator[Problem]:
    for key, kind, known in (
        ("types", "类型", names.types),
        ("segments", "细分行业", names.segments),
    ):
        for i, item in enumerate(getattr(programme, key)):
            if known is not None and item.id not in known:
                advice = (
                    f"请在 config/vocabulary 增加“{item.id}”，或改用：{'、'.join(sorted(known))}。"
                )
                yield Problem((key, i), f"词表里没有{kind}“{item.id}”", advice)
    declared = {type_.id for type_ in programme.types}
    for key in ("rules", "quotas", "materials"):
        for i, item in enumerate(getattr(programme, key)):
            yield from _unknown_types((key, i), item.types, declared)
    for s, section in enumerate(programme.sections):
        for q, use in enumerate(section.questions):
            yield from _unknown_types(("sections", s, "questions", q), use.types, declared)


def _unknown_types(at: Path, used: Iterable[str], declared: set[str]) -> Iterator[Problem]:
    for type_ in sorted(set(used) - declared):
        yield Problem(at, f"类型“{type_}”没有声明", f"可用：{'、'.join(sorted(declared))}。")


def _clause_problems(programme: Programme) -> Iterator[Problem]:
    seen: set[str] = set()
    for at, clause in _clauses(programme):
        if clause.id in seen:
            yield Problem(at, f"编号“{clause.id}”用了两次", "请给每条一个自己的编号。")
        seen.add(clause.id)
        if not clause.article or not clause.label:
            yield Problem(at, f"“{clause.id}”缺少条款出处或名称", "请补写 article、label。")
    for i, rule in enumerate(programme.rules):
        if not rule.quote:
            yield Problem(("rules", i), f"规则 {rule.id} 没有引用原文", "请补写 quote。")


def _clauses(programme: Programme) -> Iterator[tuple[Path, Clause]]:
    """Every clause with its path in the file."""
    for key in LISTS:
        yield from (((key, i), clause) for i, clause in enumerate(getattr(programme, key)))
    for key in SINGLES:
        if clause := getattr(programme, key):
            yield (key,), clause


def _question_problems(programme: Programme) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    every = tuple(type_.id for type_ in programme.types)
    for s, section in enumerate(programme.sections):
        for q, use in enumerate(section.questions):
            at = ("sections", s, "questions", q)
            if use.use not in programme.questions:
                advice = f"请新建 config/questions/{use.use}.yml，或改用题库里的问题。"
                yield Problem(at, f"题库里没有问题“{use.use}”", advice)
                continue
            for pair in ((use.use, type_) for type_ in use.types or every):
                if pair in seen:
                    yield Problem(at, f"问题“{use.use}”问了两次", "同一类型只问一次，请删去一处。")
                seen.add(pair)
            yield from _wording_problems(at, programme.questions[use.use])


def _wording_problems(at: Path, question: Question) -> Iterator[Problem]:
    choice = question.type in (QuestionType.CHOICE, QuestionType.MULTI_CHOICE)
    if choice != bool(question.options):
        yield Problem(
            at, f"问题“{question.id}”的选项与类型不符", "选择题须列 options，其他题不列。"
        )
    if not question.label or not all(option.label for option in question.options):
        yield Problem(at, f"问题“{question.id}”缺少文字", "请补写 label。")


def _rule_problems(programme: Programme, i: int, test: Condition) -> Iterator[Problem]:
    rule = programme.rules[i]
    at = ("rules", i, "test")
    unknown = False
    for check in conditions.checks(test):
        for problem in _check_problems(programme, at, check):
            unknown = True
            yield problem
    if unknown:
        return
    possible = outcomes(test, programme.questions)
    if False not in possible:
        yield Problem(at, f"规则 {rule.id} 永远不会不满足", "请核对门槛值和问题的取值范围。")
    if True not in possible:
        yield Problem(at, f"规则 {rule.id} 永远不会满足", "请核对门槛值和问题的取值范围。")


def _check_problems(programme: Programme, at: Path, check: Condition) -> Iterator[Problem]:
    for metric in dict.fromkeys(conditions.metrics(check)):
        if metric not in programme.questions and metric not in BUILT_IN:
            advice = f"请把“{metric}”加入某个 section（use: {metric}），题库没有的先新建。"
            yield Problem(at, f"规则用到没有问过的“{metric}”", advice)
    question = programme.questions.get(check["metric"])
    if question is None:
        return
    if check["op"] in (">=", "<=") and question.type not in NUMERIC:
        yield Problem(at, f"“{question.id}”不是数字，不能比大小", "请改用 == 或 in。")
    if (check["op"] in SETS) != (question.type is QuestionType.MULTI_CHOICE):
        yield Problem(
            at,
            f"“{question.id}”与比较“{check['op']}”不配",
            "多选题用 includes 或 within，其他题不用。",
        )
    options = {option.id for option in question.options}
    for value in _values(check):
        if options and value not in options:
            yield Problem(
                at, f"“{question.id}”没有选项“{value}”", f"可用：{'、'.join(sorted(options))}。"
            )


def _values(check: Condition) -> Iterator[Any]:
    for value in (check["value"], *(o["value"] for o in check.get("overrides", ()))):
        yield from value if isinstance(value, tuple) else (value,)


def _required_if_problems(programme: Programme) -> Iterator[Problem]:
    """Conditions on questions not asked, and circles of questions that require each other."""
    reads: dict[str, set[str]] = {}
    for s, section in enumerate(programme.sections):
        for q, use in enumerate(section.questions):
            if use.required_if is None:
                continue
            found = set(conditions.metrics(use.required_if))
            reads[use.use] = reads.get(use.use, set()) | found
            for metric in sorted(found - set(programme.questions)):
                at = ("sections", s, "questions", q)
                yield Problem(at, f"required_if 用到没有问过的“{metric}”", "请先把它加入申报表。")
    for start in reads:
        if start in _closure(start, reads):
            yield Problem(("sections",), f"required_if 成环：“{start}”", "请去掉其中一个条件。")


def _closure(start: str, reads: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    todo = set(reads[start])
    while todo:
        reached |= todo
        todo = {metric for name in todo for metric in reads.get(name, set())} - reached
    return reached


def _quota_problems(programme: Programme) -> Iterator[Problem]:
    covered: Counter[str] = Counter()
    for i, quota in enumerate(programme.quotas):
        if not 0 <= quota.min <= quota.cap:
            yield Problem(("quotas", i), f"名额 {quota.id} 的下限大于上限", "请核对 min 和 cap。")
        covered.update(quota.types or [type_.id for type_ in programme.types])
    for type_, times in covered.items():
        if times > 1:
            yield Problem(
                ("quotas",), f"类型“{type_}”归入 {times} 项名额", "每个类型只按一项名额计数。"
            )


def _deadline_problems(programme: Programme, today: date) -> Iterator[Problem]:
    for i, deadline in enumerate(programme.deadlines):
        given = [x for x in (deadline.at, deadline.through, deadline.recurring) if x]
        if len(given) != 1:
            yield Problem(
                ("deadlines", i),
                f"期限 {deadline.id} 须写且只写一种时间",
                "at、through、recurring 三选一。",
            )
            continue
        recurring = deadline.recurring
        try:
            deadlines.instant(deadline)
            if recurring:
                next(deadlines.days(recurring, today))
        except (ValueError, KeyError):
            yield Problem(
                ("deadlines", i),
                f"期限 {deadline.id} 的时间写错了",
                '例如 at: "2024-01-31 24:00"。',
            )
    if deadlines.expired(programme, today):
        last = programme.instrument.expires_on
        yield Problem(
            ("instrument", "expires_on"),
            f"文件已于 {last} 到期",
            "继续使用前请换用现行文件，或由主管部门书面确认。",
            fatal=False,
        )
