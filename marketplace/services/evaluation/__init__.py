"""Dynamic evaluation (动态评价, domain.md §4.5): from a pinned scheme and frozen rows to one grade.

formulas    counts to a share of the points; pure
scoring     figures to score and grade; pure, exact fractions until the one rounding
sources     which rows stand behind a figure, one statement for all places at once
cycles      opened, frozen, shown, published; freezing writes sheets and figures
sheets      what experts, third parties and districts enter; declarations and recusal
objections  a provider objects to its draft, the city answers
publishing  what publishing would do, and doing it: grades public, failures followed up
recompute   the same digits again, years later, from what was pinned
what_if     other weights, pass marks, targets and quotas on real data; writes nothing
grades      published grades for the public pages
"""
