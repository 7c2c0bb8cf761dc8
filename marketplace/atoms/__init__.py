"""The parts that permissions are made of: who acts, and atoms that answer twice.

``allows(actor, obj)`` for one object and ``where(actor, Model)`` for a list, so that the guard of
a page and the filter of a list cannot drift apart (a test compares them for every pair).
"""

from marketplace.atoms.access import AccessDistrict, AccessHere, AccessOf, Applicant, Outside
from marketplace.atoms.core import NOBODY, SYSTEM, Actor, All, Any_, Combinable, Is, IsSystem, Rule
from marketplace.atoms.evaluations import SheetIn
from marketplace.atoms.pool import (
    KEPT,
    CaseSent,
    InDistrict,
    Kept,
    NoDistrict,
    ObjectionAsked,
    Own,
    organisation_of,
)
from marketplace.atoms.projects import (
    PROJECT_PARTS,
    ProjectDistrict,
    ProjectIn,
    ProjectSide,
    project_of,
)
from marketplace.atoms.upkeep import AtDesk, Attends, Checked, Complained, Heard

__all__ = [
    "KEPT",
    "NOBODY",
    "PROJECT_PARTS",
    "SYSTEM",
    "AccessDistrict",
    "AccessHere",
    "AccessOf",
    "Actor",
    "All",
    "Any_",
    "Applicant",
    "AtDesk",
    "Attends",
    "CaseSent",
    "Checked",
    "Combinable",
    "Complained",
    "Heard",
    "InDistrict",
    "Is",
    "IsSystem",
    "Kept",
    "NoDistrict",
    "ObjectionAsked",
    "Outside",
    "Own",
    "ProjectDistrict",
    "ProjectIn",
    "ProjectSide",
    "Rule",
    "SheetIn",
    "organisation_of",
    "project_of",
]
