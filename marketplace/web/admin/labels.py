"""The words for what the records hold as codes; ``config/messages/records.yml`` has them."""

from typing import Any

from marketplace.programmes.loader import read_yaml
from marketplace.settings import ROOT

_words: dict[str, dict[str, Any]] = read_yaml(ROOT / "config" / "messages" / "records.yml")

ACTIONS: dict[str, str] = _words["actions"]
SUBJECTS: dict[str, str] = _words["subjects"]
KINDS: dict[str, str] = _words["kinds"]
RESULTS: dict[str, str] = _words["results"]
STATES: dict[str, str] = _words["states"]
FIELDS: dict[str, str] = _words["fields"]
