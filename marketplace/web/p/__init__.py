"""Pages for providers' teams (/p)."""

import marketplace.web.p.appeals
import marketplace.web.p.badge
import marketplace.web.p.case_form
import marketplace.web.p.cases
import marketplace.web.p.complaints
import marketplace.web.p.confirm
import marketplace.web.p.demands
import marketplace.web.p.evaluations
import marketplace.web.p.home
import marketplace.web.p.inquiries
import marketplace.web.p.objections
import marketplace.web.p.proceedings
import marketplace.web.p.product_logo
import marketplace.web.p.products
import marketplace.web.p.profile
import marketplace.web.p.projects
import marketplace.web.p.reports
import marketplace.web.p.team  # noqa: F401  views register themselves
from marketplace.web.p.blueprint import blueprint

__all__ = ["blueprint"]
