"""State machines of nouns that belong to no programme: ``config/workflows/<noun>.yml``.

A noun is declared by its enum of phases here and by its file; ``workflow.lives_in`` binds a table
to it. Files of programmes and of nouns lie in one folder and have one shape.
"""

from enum import StrEnum
from functools import cache
from pathlib import Path

from marketplace.phases import (
    AcceptancePhase,
    AccessPhase,
    ActivityPhase,
    AnswerPhase,
    AppealPhase,
    AttendancePhase,
    AwardPhase,
    CasePhase,
    ChangePhase,
    ChoicePhase,
    ComplaintPhase,
    CreditPhase,
    DemandPhase,
    DisputePhase,
    EntryPhase,
    EvaluationPhase,
    GradeObjectionPhase,
    InquiryPhase,
    MilestonePhase,
    NoticePhase,
    ObjectionPhase,
    ProceedingPhase,
    ProjectPhase,
    ReplacementPhase,
    ReportPhase,
    RequestPhase,
    SpotCheckPhase,
    WebhookPhase,
)
from marketplace.programmes.loader import LoadFailed, read_document
from marketplace.programmes.structure import Malformed, Problem, build
from marketplace.programmes.workflows import TONES, Workflow

FOLDER = Path(__file__).resolve().parents[2] / "config" / "workflows"

PHASES: dict[str, type[StrEnum]] = {
    "acceptance": AcceptancePhase,
    "access_request": AccessPhase,
    "activity": ActivityPhase,
    "appeal": AppealPhase,
    "attendance": AttendancePhase,
    "award": AwardPhase,
    "case_version": CasePhase,
    "change_notice": ChangePhase,
    "change_request": RequestPhase,
    "choice": ChoicePhase,
    "complaint": ComplaintPhase,
    "credit_finding": CreditPhase,
    "demand": DemandPhase,
    "demand_answer": AnswerPhase,
    "dispute": DisputePhase,
    "evaluation_cycle": EvaluationPhase,
    "grade_objection": GradeObjectionPhase,
    "inquiry": InquiryPhase,
    "milestone": MilestonePhase,
    "notice_entry": EntryPhase,
    "objection": ObjectionPhase,
    "proceeding_re_review": ProceedingPhase,
    "proceeding_rectification": ProceedingPhase,
    "proceeding_removal": ProceedingPhase,
    "proceeding_suspension": ProceedingPhase,
    "proceeding_withdrawal": ProceedingPhase,
    "project": ProjectPhase,
    "public_notice": NoticePhase,
    "replacement": ReplacementPhase,
    "report": ReportPhase,
    "spot_check": SpotCheckPhase,
    "webhook": WebhookPhase,
}
"""The phases that states of a noun may name, by noun; one line for each."""


@cache
def workflow(noun: str) -> Workflow:
    """The workflow of ``noun``. Raises LoadFailed (wrong file), KeyError (no such noun)."""
    document = read_document(FOLDER / f"{noun}.yml")
    try:
        found = build(Workflow, document.data)
    except Malformed as error:
        raise LoadFailed([document.finding(problem) for problem in error.problems]) from error
    if wrong := problems(found, PHASES[noun]):
        raise LoadFailed([document.finding(problem) for problem in wrong])
    return found


def problems(found: Workflow, phases: type[StrEnum]) -> list[Problem]:
    """What the shape alone does not say: unknown phases, tones and states, states out of reach."""
    known = {state.id for state in found.states}
    wrong = [
        Problem(("states", i), f"状态“{state.id}”的阶段或色调不存在", "请改为列出的写法。")
        for i, state in enumerate(found.states)
        if state.phase not in set(phases) or state.tone not in TONES
    ]
    reached, used = {found.initial}, set()
    for i, step in enumerate(found.transitions):
        if not {*step.from_, step.to} <= known or step.tone not in TONES:
            wrong.append(
                Problem(("transitions", i), f"动作“{step.action}”的状态或色调不存在", "请改正。")
            )
        for state in step.from_:
            if (state, step.action) in used:
                text = f"状态“{state}”下有两个“{step.action}”动作"
                wrong.append(Problem(("transitions", i), text, "请只保留一个。"))
            used.add((state, step.action))
    while more := {t.to for t in found.transitions if reached & set(t.from_)} - reached:
        reached |= more
    if lost := known - reached:
        text = f"状态“{'、'.join(sorted(lost))}”走不到"
        wrong.append(Problem(("states",), text, "请增加通向它的动作，或删去它。"))
    return wrong
