"""Jobs: what is on the clock, how each last run went, and whether the queues answer."""

from typing import Final

import django_filters
import django_tables2 as tables
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from core.jobs import registry
from core.models import JobRun, User
from core.permissions import RUN_JOBS, VIEW_OPERATIONS, page
from core.templatetags.ui import badge, moment
from core.web.keyset import Order
from core.web.listing import ListPage, ListTable, is_listing_request
from integration.errors import InvalidInputError
from integration.queries.job_board import job_board
from integration.services.ask_for_run import ask_for_run
from integration.templatetags.jobs import counts_in_words

OUTCOMES: Final = {
    "ok": ("good", "check"),
    "failed": ("critical", "critical"),
    "running": ("accent", "clock"),
    "skipped": ("neutral", "arrow"),
}


class RunFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Runs by job and outcome."""

    job = django_filters.ChoiceFilter(
        label="Job", choices=lambda: [(name, name) for name in sorted(registry())], empty_label="All jobs"
    )
    outcome = django_filters.ChoiceFilter(
        label="Outcome",
        choices=[("ok", "Done"), ("failed", "Failed"), ("skipped", "Skipped")],
        empty_label="Any outcome",
    )

    class Meta:
        model = JobRun
        fields: tuple[str, ...] = ()


class RunTable(ListTable):
    """One row per run that did something, failed, or was asked for."""

    caption = "Runs"

    started_at = tables.Column("Started", attrs={"td": {"class": "is-tight"}})
    job = tables.Column("Job", attrs={"td": {"class": "mono is-tight"}})
    scope = tables.Column("For", default="-")
    took = tables.Column("Took", empty_values=(), attrs={"td": {"class": "is-number"}, "th": {"class": "is-number"}})
    counts = tables.Column("What it did", empty_values=(), attrs={"td": {"class": "is-wide"}})
    outcome = tables.Column("Outcome", attrs={"td": {"class": "is-tight"}})

    class Meta(ListTable.Meta):
        model = JobRun
        fields = ()
        empty_text = (
            "No run yet. Runs that find nothing to do are not listed; their beat above shows that they took place."
        )

    def render_started_at(self, record: JobRun) -> SafeString | str:
        """The moment, to the second."""
        return moment(record.started_at, "full")

    def render_took(self, record: JobRun) -> str:
        """How long, in seconds."""
        if record.finished_at is None:
            return "-"
        return f"{(record.finished_at - record.started_at).total_seconds():.2f} s"

    def render_counts(self, record: JobRun) -> SafeString | str:
        """The counts in words, and the error behind a fold."""
        words = counts_in_words(record.counts)
        if not record.error:
            return words
        return format_html(
            '<details class="more"><summary>{}</summary><pre class="body">{}</pre></details>',
            record.error.strip().splitlines()[-1][:160],
            record.error,
        )

    def render_outcome(self, record: JobRun) -> SafeString:
        """Colour, shape and word."""
        return badge(record.get_outcome_display(), *OUTCOMES.get(record.outcome, ("neutral", "")))

    def value_started_at(self, record: JobRun) -> str:
        """The moment itself, for CSV."""
        return record.started_at.isoformat()

    def value_counts(self, record: JobRun) -> str:
        """The words alone, for CSV."""
        return record.error or counts_in_words(record.counts)

    def value_outcome(self, record: JobRun) -> str:
        """The word alone, for CSV."""
        return str(record.get_outcome_display())


RUNS: Final = ListPage(
    filterset=RunFilter,
    table=RunTable,
    orders={"started_at": Order("id")},  # rows are numbered as they begin, and the number has the index
    default="-started_at",
    template="integration/connections/jobs.html",
    filename="job-runs",
)


@page(VIEW_OPERATIONS)
@require_safe
def jobs(request: HttpRequest) -> HttpResponseBase:
    """What is late or failing first, then the beats, the queues, and the latest runs."""
    context = {} if is_listing_request(request) else {"board": job_board(), "may_run": request.user.has_perm(RUN_JOBS)}
    return RUNS.respond(request, JobRun.objects.all(), context)


@page(RUN_JOBS)
@require_POST
def job_run(request: HttpRequest) -> HttpResponse:
    """Make a job due at once; the clock starts it, not this page."""
    assert isinstance(request.user, User)
    try:
        beat = ask_for_run(beat=request.POST.get("beat", ""), by=request.user)
    except InvalidInputError as error:
        messages.error(request, " ".join(error.problems.values()))
    else:
        messages.success(
            request,
            f"{beat.job}{f' for {beat.scope}' if beat.scope else ''} is due now. A worker begins it in a moment.",
        )
    return redirect("jobs")
