"""Pages for city and district staff: the pool, its quotas, and the texts of its members."""

# Views register themselves with the blueprint.
import marketplace.web.work.actions
import marketplace.web.work.activities
import marketplace.web.work.admissions
import marketplace.web.work.appeals
import marketplace.web.work.awards
import marketplace.web.work.bans
import marketplace.web.work.batches
import marketplace.web.work.board
import marketplace.web.work.bulk
import marketplace.web.work.candidacies
import marketplace.web.work.cases
import marketplace.web.work.changes
import marketplace.web.work.complaints
import marketplace.web.work.credit_findings
import marketplace.web.work.demands
import marketplace.web.work.evaluations
import marketplace.web.work.evaluations_publish
import marketplace.web.work.evaluations_scoring
import marketplace.web.work.evidence
import marketplace.web.work.exports
import marketplace.web.work.find
import marketplace.web.work.inquiries
import marketplace.web.work.memberships
import marketplace.web.work.notice_form
import marketplace.web.work.notices
import marketplace.web.work.objections
import marketplace.web.work.proceedings
import marketplace.web.work.programmes
import marketplace.web.work.projects
import marketplace.web.work.providers
import marketplace.web.work.quotas
import marketplace.web.work.replacements
import marketplace.web.work.report_sums
import marketplace.web.work.reports
import marketplace.web.work.requests
import marketplace.web.work.rounds
import marketplace.web.work.spot_checks
import marketplace.web.work.texts
import marketplace.web.work.waivers
import marketplace.web.work.what_if
import marketplace.web.work.why  # noqa: F401
from marketplace.web.work.blueprint import blueprint

__all__ = ["blueprint"]
