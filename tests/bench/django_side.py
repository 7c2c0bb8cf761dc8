"""The peer of ``pages_bench``: the list page as one would write it with the Django ORM."""

from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import path

PUBLIC = ("listed", "warned", "rectifying")
render: Callable[[list[dict[str, Any]]], str] = str


class Organisation(models.Model):
    name = models.CharField(max_length=120)
    short_name = models.CharField(max_length=40)
    district = models.CharField(max_length=12)

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "organisations"


class Provider(models.Model):
    organisation = models.ForeignKey(Organisation, models.DO_NOTHING)
    intro = models.TextField()
    updated_at = models.DateTimeField()

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "providers"


class Membership(models.Model):
    provider = models.ForeignKey(Provider, models.DO_NOTHING, related_name="memberships")
    type = models.CharField(max_length=20)
    segment = models.CharField(max_length=40)
    phase = models.CharField(max_length=20)

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "memberships"


class Product(models.Model):
    provider = models.ForeignKey(Provider, models.DO_NOTHING, related_name="products")
    name = models.CharField(max_length=80)
    release = models.CharField(max_length=20)
    pilot_price_cny = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "products"


class Case(models.Model):
    provider = models.ForeignKey(Provider, models.DO_NOTHING, related_name="cases")
    segment = models.CharField(max_length=40)

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "cases"


def _card(provider: Provider) -> dict[str, Any]:
    members = list(provider.memberships.all())
    products = list(provider.products.all())
    cases = list(provider.cases.all())
    prices = [item.pilot_price_cny for item in products]
    return {
        "id": str(provider.pk),
        "url": f"/providers/{provider.pk}",
        "name": provider.organisation.name,
        "types": [("产品", "产品型", item.type) for item in members[:1]],
        "standing": {"tone": "ok", "icon": "check-circle", "label": "在池"},
        "segments": sorted({item.segment for item in members}),
        "intro": provider.intro[:96],
        "district": provider.organisation.district,
        "products_line": f"{products[0].name} {products[0].release} 等 {len(products)} 个产品",
        "price_text": f"{min(prices) / 10000:.2f}–{max(prices) / 10000:.2f} 万元",
        "cases_count": len(cases),
        "cases_note": f"同行业 {len(cases)}",
        "service_areas": [],
        "updated": f"{provider.updated_at:%Y-%m-%d}",
    }


def providers(request: HttpRequest) -> HttpResponse:
    rows = (
        Provider.objects.filter(
            memberships__segment=request.GET["segment"], memberships__phase__in=PUBLIC
        )
        .select_related("organisation")
        .prefetch_related("memberships", "products", "cases")
        .order_by("id")
        .distinct()
    )
    page = Paginator(rows, 20).page(int(request.GET.get("page", "1")))
    return HttpResponse(render([_card(row) for row in page.object_list]))


urlpatterns = [path("providers", providers)]
