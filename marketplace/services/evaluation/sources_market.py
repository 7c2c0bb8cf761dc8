"""Sources that come from the catalogue, from enquiries and from upkeep duties."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from marketplace import clock
from marketplace.models import (
    CaseStudy,
    Complaint,
    EvaluationSheet,
    Inquiry,
    InquiryParty,
    PeriodicReport,
    Proceeding,
    Product,
)
from marketplace.phases import (
    ComplaintPhase,
    InquiryPhase,
    ProceedingKind,
    ProceedingPhase,
    ReportPhase,
)
from marketplace.programmes.evaluation import Indicator
from marketplace.services.calendar import calendar
from marketplace.services.evaluation.sources import Frame, Row, source


@source("replies_in_time")
def replies_in_time(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
    """Enquiries sent in the period whose clock has ended or that were answered.

    They come to the provider, so each of its places answers for them. The clock is the scheme's
    number of working days, else the enquiry's own.
    """
    days = calendar.load(session)
    rows = session.execute(
        select(
            EvaluationSheet.membership_id, InquiryParty.id, Inquiry.title, InquiryParty.sent_at,
            InquiryParty.reply_by, InquiryParty.answered_at, InquiryParty.phase,
            InquiryParty.state_since,
        )
        .join(InquiryParty, InquiryParty.provider_id == EvaluationSheet.provider_id)
        .join(Inquiry, Inquiry.id == InquiryParty.inquiry_id)
        .where(
            frame.sheets, InquiryParty.sent_at >= frame.since, InquiryParty.sent_at < frame.until
        )
        .order_by(InquiryParty.id)
    )  # fmt: skip
    for place, id_, title, sent, own_due, answered, phase, since in rows:
        due = own_due
        if indicator.within_working_days:
            last = days.add(clock.beijing(sent).date(), indicator.within_working_days)
            due = clock.end_of_day(last)
        ended = since if phase == InquiryPhase.CLOSED else frame.frozen_at
        if answered is None and ended < due:
            continue  # nobody is late yet, or the enterprise took it back in time
        good = answered is not None and answered < due
        said = f"{clock.beijing(answered):%Y-%m-%d}答复" if answered else "没有答复"
        note = f"{clock.beijing(sent):%Y-%m-%d}收到，{said}"
        yield Row(place, f"inquiries/{id_}", title, int(good), note)


def _months_before(at: datetime, months: int) -> datetime:
    """The first instant of the same day ``months`` earlier; 31 becomes the last of the month."""
    day = clock.beijing(at).date()
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for number in (day.day, 30, 29, 28):
        try:
            return clock.start_of_day(date(year, month + 1, number))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


@source("live_cases")
def live_cases(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
    """Cases of the place's own segment in the hall; good when refreshed recently enough."""
    fresh = _months_before(frame.frozen_at, indicator.fresh_months or 0)
    rows = session.execute(
        select(EvaluationSheet.membership_id, CaseStudy.id, CaseStudy.title, CaseStudy.updated_at)
        .join(
            CaseStudy,
            and_(
                CaseStudy.provider_id == EvaluationSheet.provider_id,
                CaseStudy.segment == EvaluationSheet.segment,
            ),
        )
        .where(frame.sheets, CaseStudy.hidden_at.is_(None), CaseStudy.client_consent)
        .order_by(CaseStudy.id)
    )
    for place, id_, title, at in rows:
        good = at >= fresh
        note = f"{clock.beijing(at):%Y-%m-%d}更新" + ("" if good else "，已超过时限")
        yield Row(place, f"cases/{id_}", title, int(good), note)


@source("product_ip")
def product_ip(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
    """Public products for the place's own segment; good when their registration is named."""
    rows = session.execute(
        select(
            EvaluationSheet.membership_id, EvaluationSheet.segment,
            Product.id, Product.name, Product.segments, Product.ip_no,
        )
        .join(Product, Product.provider_id == EvaluationSheet.provider_id)
        .where(frame.sheets, Product.hidden_at.is_(None))
        .order_by(Product.id)
    )  # fmt: skip
    for place, segment, id_, name, segments, number in rows:
        if segment in segments:
            yield Row(place, f"products/{id_}", name, int(bool(number)), number or "没有登记")


@source("reports_in_time")
def reports_in_time(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
    """Reports due in the period; good when complete and first sent in time, skipped ones are not
    counted."""
    rows = session.execute(
        select(
            EvaluationSheet.membership_id, PeriodicReport.id, PeriodicReport.period,
            PeriodicReport.due_at, PeriodicReport.due_on, PeriodicReport.first_sent_at,
            PeriodicReport.phase,
        )
        .join(PeriodicReport, PeriodicReport.membership_id == EvaluationSheet.membership_id)
        .where(
            frame.sheets, PeriodicReport.due_at >= frame.since, PeriodicReport.due_at <= frame.until
        )
        .order_by(PeriodicReport.id)
    )  # fmt: skip
    for place, id_, period, due, last, sent, phase in rows:
        skipped = phase == ReportPhase.SKIPPED
        good = phase == ReportPhase.SUBMITTED and sent is not None and sent < due
        said = "免报" if skipped else f"{clock.beijing(sent):%Y-%m-%d}报送" if sent else "没有报送"
        note = f"截止{last}，{said}" + ("，已退回" if phase == ReportPhase.RETURNED else "")
        yield Row(place, f"reports/{id_}", f"{period}报告", int(good), note, counts=not skipped)


@source("upheld_complaints")
def upheld_complaints(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
    """Complaints upheld in the period; anonymous leads never count."""
    rows = session.execute(
        select(
            EvaluationSheet.membership_id, Complaint.id, Complaint.subject, Complaint.concluded_at
        )
        .join(Complaint, Complaint.membership_id == EvaluationSheet.membership_id)
        .where(
            frame.sheets, Complaint.phase == ComplaintPhase.UPHELD, ~Complaint.anonymous,
            Complaint.concluded_at >= frame.since, Complaint.concluded_at < frame.until,
        )
        .order_by(Complaint.id)
    )  # fmt: skip
    for place, id_, subject, at in rows:
        yield Row(place, f"complaints/{id_}", subject, 1, f"{_day(at)}查实")


@source("overdue_rectifications")
def overdue_rectifications(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
    """Rectifications whose day passed in the period while they lay with the provider, or that
    led to a graver proceeding."""
    later = aliased(Proceeding)
    followed = exists().where(later.predecessor_id == Proceeding.id)
    rows = session.execute(
        select(EvaluationSheet.membership_id, Proceeding.id, Proceeding.due_at)
        .join(Proceeding, Proceeding.membership_id == EvaluationSheet.membership_id)
        .where(
            frame.sheets, Proceeding.kind == ProceedingKind.RECTIFICATION,
            Proceeding.due_at >= frame.since, Proceeding.due_at <= frame.until,
            or_(Proceeding.phase == ProceedingPhase.PROVIDER, followed),
        )
        .order_by(Proceeding.id)
    )  # fmt: skip
    for place, id_, due in rows:
        yield Row(place, f"proceedings/{id_}", "限期整改", 1, f"期限{_day(due)}")


def _day(at: datetime | None) -> str:
    return f"{clock.beijing(at):%Y-%m-%d}" if at else ""
