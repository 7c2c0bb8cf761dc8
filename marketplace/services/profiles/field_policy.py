"""How each field of a profile or product takes effect: ``config/fields/*.yml`` (F-P13)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from marketplace.programmes.loader import read_yaml
from marketplace.schemas.profile import PRODUCT, PROVIDER, Field
from marketplace.services.uploads import slots
from marketplace.settings import ROOT

FOLDER = ROOT / "config" / "fields"


class Effect(StrEnum):
    """``FREE``: at once; ``NOTIFY``: at once, the bureau is told; ``APPROVAL``: when approved."""

    FREE = "free"
    NOTIFY = "notify"
    APPROVAL = "approval"


@dataclass(frozen=True)
class Policy:
    """The policy of one kind of subject. ``expected``: fields that make it complete.

    ``pictures``: the same for pictures, by the slot of their upload.
    """

    effects: Mapping[str, Effect]
    expected: tuple[str, ...]
    pictures: Mapping[str, Effect]

    def named(self, effect: Effect, names: Collection[str]) -> list[str]:
        """Those of ``names`` that take effect in this way, in the order of the file."""
        return [name for name, found in self.effects.items() if found is effect and name in names]


def read(path: Path, declared: tuple[Field, ...]) -> Policy:
    """One file. Raises ValueError, KeyError for a policy that cannot be."""
    data = read_yaml(path)
    effects = {name: Effect(value) for name, value in data["fields"].items()}
    known = {field.name for field in declared}
    if set(effects) != known:
        raise ValueError(f"{path.name}: {sorted(set(effects) ^ known)}")
    sealed = [field.name for field in declared if field.widget == "phone"]
    # A request keeps what it proposes in plain words: a sealed value must not go there.
    if any(effects[name] is Effect.APPROVAL for name in sealed):
        raise ValueError(f"{path.name}: {sealed}")
    if not set(data["expected"]) <= known:
        raise ValueError(f"{path.name}: {sorted(set(data['expected']) - known)}")
    pictures = {name: Effect(value) for name, value in data.get("pictures", {}).items()}
    if not set(pictures) <= set(slots.rules().slots):
        raise ValueError(f"{path.name}: {sorted(pictures)}")
    return Policy(effects, tuple(data["expected"]), pictures)


@cache
def provider() -> Policy:
    """The policy of profiles."""
    return read(FOLDER / "provider.yml", PROVIDER)


@cache
def product() -> Policy:
    """The policy of products."""
    return read(FOLDER / "product.yml", PRODUCT)
