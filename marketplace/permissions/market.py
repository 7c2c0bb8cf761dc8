"""Who may do what with enquiries and demands."""

from __future__ import annotations

from typing import Any

from marketplace.atoms import Is, IsSystem, Rule
from marketplace.atoms.market import DemandOut, DemandSide, InquirySide
from marketplace.models import Demand, DemandAnswer, Inquiry, InquiryMessage, InquiryParty
from marketplace.permissions.names import Permission
from marketplace.phases import Role

_P = Permission
_CITY = Is(Role.CITY_OFFICER, Role.CITY_LEADER)
_EDITORS = Is(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
_TEAM = Is(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR, Role.PROVIDER_VIEWER)
_ASKS, _ASKED = InquirySide("enterprise"), InquirySide("provider")
_DEMANDS, _ANSWERS = DemandSide("enterprise"), DemandSide("provider")

MARKET_RULES: dict[Permission, Rule] = {
    _P.DEMAND_ANSWER: _EDITORS & _ANSWERS,
    _P.DEMAND_MODERATE: _CITY & DemandOut() | IsSystem(),
    _P.DEMAND_READ: Is(Role.ENTERPRISE) & _DEMANDS | _TEAM & _ANSWERS | _CITY & DemandOut(),
    _P.DEMAND_WRITE: Is(Role.ENTERPRISE) & _DEMANDS,
    _P.INQUIRY_ANSWER: _EDITORS & _ASKED,
    _P.INQUIRY_READ: Is(Role.ENTERPRISE) & _ASKS | _TEAM & _ASKED,
    _P.INQUIRY_SEND: Is(Role.ENTERPRISE) & _ASKS,
    _P.INQUIRY_WATCH: _CITY | IsSystem(),
}

MARKET_READS: dict[type[Any], Permission] = {
    Demand: _P.DEMAND_READ,
    DemandAnswer: _P.DEMAND_READ,
    Inquiry: _P.INQUIRY_READ,
    InquiryMessage: _P.INQUIRY_READ,
    InquiryParty: _P.INQUIRY_READ,
}
"""The bureau watches the clock of an enquiry; what was written is for its two sides alone."""
