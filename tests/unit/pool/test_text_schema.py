"""What the edit forms accept."""

import pytest
from marshmallow import ValidationError

from marketplace.models import CaseStudy, Product, Provider
from marketplace.schemas import texts
from marketplace.services.profiles.texts import EDITABLE

CODES = {"segment": ["auto_parts"], "scene": ["planning"], "deployment": ["saas"]}


def codes(kind: str) -> list[str]:
    return CODES.get(kind, ["known"])


def load(fields, **data):
    return texts.form(fields, codes).load({"version": "3", "reason": "改", **data})


def test_forms_and_service_name_the_same_fields():
    for model, fields in (
        (Provider, texts.PROVIDER), (Product, texts.PRODUCT), (CaseStudy, texts.CASE),
    ):  # fmt: skip
        assert {field.name for field in fields} == set(EDITABLE[model])
        assert set(EDITABLE[model]) <= set(model.__table__.columns.keys())


def test_an_empty_form_empties_every_text():
    loaded = load(texts.PROVIDER)
    assert loaded == {
        "intro": "", "strengths": [], "service_areas": [], "process_links": [],
        "qualifications": [], "honours": [], "website": "", "contact_role": "",
        "version": 3, "reason": "改",
    }  # fmt: skip


def test_lines_become_a_list():
    assert load(texts.PROVIDER, strengths=" 注塑 \r\n\r\n压铸\n")["strengths"] == ["注塑", "压铸"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("website", "javascript:alert(1)"),
        ("website", "ftp://x"),
        ("website", "https://a b"),
        ("website", "//evil.example"),
        ("contact_role", "长" * 41),
        ("intro", "长" * 2001),
        ("strengths", "\n".join("长" * 201 for _ in range(1))),
        ("strengths", "\n".join(str(n) for n in range(31))),
        ("service_areas", ["unknown"]),
        ("hidden_at", "2024-01-01"),
        ("version", "0"),
        ("version", "9" * 30),
    ],
)
def test_refuses(name, value):
    with pytest.raises(ValidationError) as caught:
        load(texts.PROVIDER, **{name: value})
    assert list(caught.value.messages) == [name]


def test_a_reason_is_required():
    with pytest.raises(ValidationError) as caught:
        texts.form(texts.CASE, codes).load({"version": "1"})
    assert list(caught.value.messages) == ["reason"]
