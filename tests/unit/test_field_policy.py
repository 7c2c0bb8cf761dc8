"""Policies of fields as data: what is shipped is whole, what cannot be is refused."""

import pytest
import yaml

from marketplace.schemas.profile import PROVIDER
from marketplace.services.profiles import field_policy
from marketplace.services.profiles.field_policy import FOLDER, Effect


def test_what_is_shipped():
    named = field_policy.provider().named
    everything = [field.name for field in PROVIDER]
    assert named(Effect.APPROVAL, ["short_name", "name", "intro"]) == ["name", "short_name"]
    assert "contact_phone" in named(Effect.FREE, everything)
    assert field_policy.product().effects["list_price_cny"] is Effect.NOTIFY


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fields": {"contact_phone": "approval"}}, "contact_phone"),
        ({"fields": {"shoe_size": "free"}}, "shoe_size"),
        ({"fields": {"name": "sometimes"}}, "sometimes"),
        ({"expected": ["shoe_size"]}, "shoe_size"),
    ],
)
def test_what_cannot_be(tmp_path, change, said):
    data = yaml.safe_load((FOLDER / "provider.yml").read_text("utf-8"))
    data["fields"] |= change.get("fields", {})
    data["expected"] = change.get("expected", data["expected"])
    path = tmp_path / "provider.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    with pytest.raises(ValueError, match=said):
        field_policy.read(path, PROVIDER)
