"""The tree keeps its rules, and each rule can fail."""

from functools import partial

import pytest

from tests.structure import python_rules, text_rules
from tests.support.source import Rule, Source, sources

RULES = (*python_rules.RULES, *text_rules.RULES)
NAMES = [rule.name for rule in RULES]

pytestmark = pytest.mark.xdist_group("source")  # one process reads the tree


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_the_tree_keeps(rule: Rule):
    breaches = [breach for source in sources() for breach in rule.broken(source)]
    assert not breaches, "\n".join(breaches)


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_can_fail(rule: Rule):
    if rule.check is python_rules.no_bulk_change:
        check = partial(python_rules.no_bulk_change, indexed=frozenset({"Product"}))
    else:
        check = rule.check
    for path, text in rule.bad:
        assert rule.applies(path), path
        assert len(list(check(Source(path, text)))) == 1, text


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_lets_good_code_pass(rule: Rule):
    for path, text in rule.good:
        assert rule.broken(Source(path, text)) == [], text
