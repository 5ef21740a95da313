"""A file of SKUs: checked row by row first, and then exactly what was checked is applied."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.permissions import EDIT_SKU_MAPS, page
from integration.models import Channel
from integration.queries.blast_radius import BlastRadius
from integration.queries.freed_by_holds import freed_by_holds
from integration.queries.sku_map import further_parts
from integration.services.import_sku_map import COLUMNS, RowResult, SkuMapReport, import_sku_map
from integration.services.map_sku import sku_holds
from integration.web.maps.forms import SkuFileForm
from integration.web.maps.words import user_of

SALT: Final = "sku map file"
# A check that is older than this is done again: what is mapped may be another by then.
CHECK_SECONDS: Final = 60 * 60
SHOWN: Final = 500
STATUSES: Final = (
    ("error", "With an error", "critical", "critical"),
    ("new", "New", "good", "plus"),
    ("changed", "Changed", "high", "arrow"),
    ("same", "As they are", "neutral", "check"),
)
TEMPLATE: Final = "offer_sku,item_number,units_per_offer\nEXAMPLE-SKU-1,ITEM-001,1\nEXAMPLE-PACK-OF-3,ITEM-001,3\n"


@dataclass(frozen=True)
class Check:
    """What was checked: the report, its counts, what it would free, and the sealed text to apply."""

    channel: Channel
    report: SkuMapReport
    counts: list[tuple[str, str, str, int]]
    rows: list[tuple[RowResult, str, str, str]]
    hidden: int
    radius: BlastRadius
    sealed: str
    digest: str
    taken_away: list[tuple[str, str]]

    @property
    def changes(self) -> bool:
        """Whether applying would change anything."""
        return bool(self.taken_away) or any(row.status in ("new", "changed") for row in self.report.rows)


@page(EDIT_SKU_MAPS)
@require_http_methods(["GET", "HEAD", "POST"])
def sku_map_import(request: HttpRequest) -> HttpResponse:
    """Ask for the file, then show row by row what it would do. Nothing is written here."""
    if request.method != "POST":
        form = SkuFileForm(initial={"channel": request.GET.get("channel", "")})
        return _answer(request, form=form)
    form = SkuFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _answer(request, form=form, status=422)
    check = _check(form.cleaned_data["channel"], form.cleaned_data["text"])
    if not check.report.rows:
        form.add_error("file", "There is no row under the header line.")
        return _answer(request, form=form, status=422)
    return _answer(request, form=form, check=check, status=422 if check.report.errors else 200)


@page(EDIT_SKU_MAPS)
@require_POST
def sku_map_apply(request: HttpRequest) -> HttpResponse:
    """Apply the sealed text, if the map is still the one it was checked against; else show the new check."""
    form = SkuFileForm()
    try:
        sealed: dict[str, str] = signing.loads(request.POST.get("sealed", ""), salt=SALT, max_age=CHECK_SECONDS)
        channel = Channel.objects.defer("api_key").get(code=sealed["channel"])
    except (signing.BadSignature, Channel.DoesNotExist):
        messages.error(request, "This check is too old or was changed on its way. Nothing was applied: check again.")
        return _answer(request, form=form, status=422)
    check = _check(channel, sealed["text"])
    if check.digest != sealed["digest"] or check.report.errors:
        messages.error(request, "The map was changed since you checked. Nothing was applied: look at the rows again.")
        return _answer(request, form=form, check=check, status=422)
    report = import_sku_map(channel=channel, text=sealed["text"], by=user_of(request), dry_run=False)
    counts = Counter(row.status for row in report.rows)
    messages.success(
        request,
        f"{channel.name}: {counts['new']} new, {counts['changed']} changed, {counts['same']} as they were."
        f" {report.freed_orders} order{'s go' if report.freed_orders != 1 else ' goes'} on.",
    )
    return redirect("sku_maps")


@page(EDIT_SKU_MAPS)
@require_safe
def sku_map_template(_request: HttpRequest) -> HttpResponse:
    """A file to begin with."""
    response = HttpResponse(TEMPLATE, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="sku-map.csv"'
    return response


def _check(channel: Channel, text: str) -> Check:
    report = import_sku_map(channel=channel, text=text, by=None, dry_run=True)
    number = Counter(row.status for row in report.rows)
    looks = {status: (label, tone, symbol) for status, label, tone, symbol in STATUSES}
    rows = sorted(report.rows, key=lambda row: (row.status != "error", row.status == "same", row.line))
    named = {(row.offer_sku, row.item_number) for row in report.rows}
    taken_away = further_parts(channel, named)
    moving = {row.offer_sku for row in report.rows if row.status in ("new", "changed")}
    moving |= {sku for sku, _ in taken_away}
    digest = _digest(report, taken_away)
    sealed = signing.dumps({"channel": channel.code, "text": text, "digest": digest}, salt=SALT, compress=True)
    return Check(
        channel=channel,
        report=report,
        counts=[(label, tone, symbol, number[status]) for status, label, tone, symbol in STATUSES],
        rows=[(row, *looks[row.status]) for row in rows[:SHOWN]],
        hidden=max(0, len(rows) - SHOWN),
        radius=freed_by_holds(channel=channel, hold_ids=sku_holds(channel, moving)),
        sealed=sealed,
        digest=digest,
        taken_away=taken_away,
    )


def _digest(report: SkuMapReport, taken_away: list[tuple[str, str]]) -> str:
    return hashlib.sha256(repr((report.rows, taken_away)).encode()).hexdigest()


def _answer(request: HttpRequest, *, form: SkuFileForm, check: Check | None = None, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "check": check, "columns": COLUMNS}
    return render(request, "integration/maps/sku_import.html", context, status=status)
