"""The form of a profile or a product: drafts kept while typing, reasons at fields, both versions
when two people changed it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, render_template, request
from werkzeug.wrappers import Response

from marketplace.errors import Invalid
from marketplace.models import ChangeRequest
from marketplace.phases import RequestPhase
from marketplace.schemas import profile as schema
from marketplace.schemas.profile import Field
from marketplace.services.profiles import field_policy
from marketplace.services.profiles.field_policy import Effect, Policy
from marketplace.services.profiles.provider_profile import Saved
from marketplace.web import drafts, profile_shapes
from marketplace.web.context import vocabulary
from marketplace.web.forms import form_data, load, page_again
from marketplace.web.work import once

drafts.LABELS |= schema.LABELS

TEMPLATE = "p/profile_form.html"
Groups = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Kind:
    """What a form is about: its fields in groups, and how each takes effect."""

    key: str
    fields: tuple[Field, ...]
    policy: Callable[[], Policy]
    groups: Groups

    @property
    def lists(self) -> tuple[str, ...]:
        """Fields with several values."""
        return tuple(field.name for field in self.fields if field.widget in schema.LISTS)


PROFILE = Kind("profile", schema.PROVIDER, field_policy.provider, (
    ("单位", ("name", "short_name", "address", "headcount", "local_headcount")),
    ("介绍", ("intro", "strengths", "service_areas", "process_links", "qualifications", "honours")),
    ("联系", ("website", "contact_role", "contact_phone")),
))  # fmt: skip
PRODUCT = Kind("product", schema.PRODUCT, field_policy.product, (
    ("名称与登记", ("name", "release", "ip_name", "ip_no")),
    ("分类", ("category", "segments", "process_links", "scenes")),
    ("介绍", ("summary", "description", "modules_common", "modules_custom")),
    ("价格", ("pricing_model", "list_price_cny", "pilot_price_cny", "price_unit",
              "annual_fee_cny", "price_valid_until")),
    ("部署与交付", ("deployment", "interfaces", "suited_sizes", "prerequisites", "typical_days",
                    "on_site_days", "after_sales")),
))  # fmt: skip


NEEDED = ("ip_name", "ip_no", "segments")
"""Of a new product these must be filled in as well; of one that is there when they change."""


@dataclass(frozen=True)
class Form:
    """One form: where it goes, what stands behind it, and the request that it would replace."""

    kind: Kind
    title: str
    key: str
    action: str
    back: str
    base: int
    stored: Mapping[str, Any]
    request: ChangeRequest | None = None
    new: bool = False

    def context(self) -> dict[str, Any]:
        """What the template needs whatever the values are."""
        declared = {field.name: field for field in self.kind.fields}
        effects = self.kind.policy().effects
        options = vocabulary().options
        kinds = {field.kind for field in self.kind.fields if field.kind}
        return {
            "form": self,
            "groups": [
                (title, [declared[name] for name in names]) for title, names in self.kind.groups
            ],
            "checked": [
                name for name, effect in effects.items()
                if effect is Effect.APPROVAL and not self.new
            ],
            "options": {
                "sizes": list(schema.SIZE_NAMES.items()),
                **{kind: [(w.code, w.name) for w in options(kind)] for kind in kinds},
            },
            "labels": schema.LABELS[self.kind.key] | ({"note": "登记说明"} if self.new else {}),
            "needed": NEEDED if self.new else (),
            "returned": self.request is not None
            and self.request.phase == RequestPhase.RETURNED,
            "theirs": [],
        }  # fmt: skip

    def page(self) -> str:
        """The form with its draft, or with what stands."""
        draft = drafts.of(self.key, base_version=self.base)
        shown = {f.name: schema.shown(f, self.stored.get(f.name)) for f in self.kind.fields}
        note = self.request.note if self.request else ""
        ticked = {
            name: draft.all(name) if draft.fields else list(self.stored.get(name) or [])
            for name in self.kind.lists
        }
        return render_template(
            TEMPLATE, errors={}, values=draft.values or {**shown, "note": note}, ticked=ticked,
            base=self.base, draft=draft, **self.context(),
        )  # fmt: skip

    def again(self, error: Invalid, **more: Any) -> Response:
        """What was typed, and what is wrong with it."""
        context = {
            **self.context(), "draft": drafts.of(self.key, base_version=self.base),
            "ticked": {name: request.form.getlist(name) for name in self.kind.lists},
            "base": request.form.get("version", ""), **more,
        }  # fmt: skip
        return page_again(TEMPLATE, error, **context)

    def clash(self, mine: Mapping[str, Any]) -> Response:
        """Both versions; saving again, after a look, goes on from the present one."""
        rows = profile_shapes.differences(self.kind.fields, mine, self.stored)
        error = Invalid(fields={"form": ["内容已被他人更新，没有保存"]})
        response = self.again(error, theirs=rows, clashed=True, base=self.base)
        response.status_code = 409
        return response

    def typed(self) -> tuple[dict[str, Any], str, int]:
        """Values, note and version as they were sent. Raises Invalid."""
        data = form_data(self.kind.lists, drop=(once.KEY_FIELD,))
        loaded = load(schema.form(self.kind.fields, _codes), data)
        return loaded, loaded.pop("note"), loaded.pop("version")


def _codes(kind: str) -> list[str]:
    return [word.code for word in vocabulary().options(kind)]


def say(saved: Saved) -> None:
    """What became of a form, on the next page."""
    if saved.public:
        flash(f"已公开：{'、'.join(saved.public)}。", "ok")
    if saved.request is not None and saved.request.phase == RequestPhase.RETURNED:
        flash("被退回的修改没有变动，没有再次提交。", "info")
    elif saved.request is not None:
        labels = "、".join(profile_shapes.labels(saved.request))
        flash(f"已提交审核：{labels}。审核通过前，公开页不变。", "ok")
    if not saved.public and saved.request is None:
        flash("没有需要审核的修改。", "info")
