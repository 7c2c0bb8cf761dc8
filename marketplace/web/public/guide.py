"""The guided selector (F-V13): five questions to a filtered, explained list.

The questions are terms of the vocabulary; every answer stands in the address, so a result can be
kept, sent on and changed, and going back loses nothing.
"""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request

from marketplace.errors import Invalid
from marketplace.web.access import public
from marketplace.web.context import vocabulary
from marketplace.web.public import blueprint, guide_results
from marketplace.web.public.addresses import address
from marketplace.web.public.guide_answers import PATH, RESULT, STEP, Question, answers, read


@blueprint.get(PATH)
@public
def guide() -> str:
    """One question, or the list that the answers give."""
    questions = read(vocabulary(), request.args)
    step = _step(request.args.get(STEP, "1"), len(questions))
    frame = {"questions": questions, "steps": _steps(questions, step), "path": PATH}
    if step > len(questions):
        result = guide_results.found(questions, _page())
        return render_template("public/guide_result.html", **frame, **_given(questions), **result)
    question = questions[step - 1]
    return render_template(
        "public/guide.html",
        **frame,
        question=question,
        options=[(word.code, word.name) for word in question.options],
        chosen=[word.code for word in question.chosen],
        number=step,
        last=step == len(questions),
        kept=answers(questions, but=(question.code,)),
    )


def _step(text: str, last: int) -> int:
    """The number of the question to ask, or one more for the result. Raises Invalid."""
    if text == RESULT:
        return last + 1
    number = _whole(text)
    if number is None or number > last:
        raise Invalid("网址中的查询条件有误", {STEP: [f"应为 1 到 {last} 的整数"]})
    return number


def _page() -> int:
    number = _whole(request.args.get("page", "1"))
    if number is None or number > guide_results.DEEPEST:
        raise Invalid("网址中的查询条件有误", {"page": ["应为正整数"]})
    return number


def _whole(text: str) -> int | None:
    usable = text.isascii() and text.isdigit() and len(text) < 5
    return int(text) or None if usable else None


def _steps(questions: Sequence[Question], step: int) -> list[dict[str, str]]:
    labels = [*(item.label for item in questions), "结果"]
    states = ["done"] * (step - 1) + ["current"] + ["todo"] * (len(labels) - step)
    return [{"label": label, "state": state} for label, state in zip(labels, states, strict=True)]


def _given(questions: Sequence[Question]) -> dict[str, Any]:
    """For the result: each answer with the page on which to change it."""
    every = answers(questions)
    return {
        "given": [
            {
                "label": item.label,
                "answer": item.answer or "不限",
                "url": address(PATH, [*every, (STEP, str(number))]),
            }
            for number, item in enumerate(questions, start=1)
        ],
        "answered": bool(every),
    }
