"""A file of rules: checked line by line with what would move, and then exactly what was checked is applied."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from core.permissions import EDIT_STOCK_RULES, page
from integration.domain.buffers_csv import COLUMNS
from integration.services.stock.import_rules import RuleLine, RulesReport, import_rules
from integration.services.stock.preview_change import PreviewedChange, preview_change
from integration.web.maps.words import user_of
from integration.web.stock.rules.edit import SOON
from integration.web.stock.rules.forms import RulesFileForm

SALT: Final = "stock rules file"
# A check that is older than this is done again: other rules may stand by then.
CHECK_SECONDS: Final = 60 * 60
SHOWN: Final = 500
LOOKS: Final = {
    "error": ("Error", "critical", "critical"),
    "new": ("New", "good", "plus"),
    "changed": ("Changed", "high", "arrow"),
    "removed": ("Removed", "high", "critical"),
    "same": ("As it is", "neutral", "check"),
}


@dataclass(frozen=True)
class Check:
    """What was checked: the report, its counts, what would move, and the sealed text to apply."""

    report: RulesReport
    counts: list[tuple[str, int]]
    lines: list[tuple[RuleLine, str, str, str]]
    hidden: int
    preview: PreviewedChange | None
    sealed: str
    digest: str


@page(EDIT_STOCK_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def buffers_file(request: HttpRequest) -> HttpResponse:
    """Ask for the file, then show line by line what it would do. Nothing is written here."""
    if request.method != "POST":
        return _answer(request, RulesFileForm())
    form = RulesFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _answer(request, form, status=422)
    check = _check(form.cleaned_data["text"], replaces_all=form.cleaned_data["replaces_all"])
    if not check.report.lines:
        form.add_error("file", "There is no rule under the header line.")
        return _answer(request, form, status=422)
    return _answer(request, form, check=check, status=422 if check.report.errors else 200)


@page(EDIT_STOCK_RULES)
@require_POST
def buffers_apply(request: HttpRequest) -> HttpResponse:
    """Apply the sealed text, if the rules are still those it was checked against; else show the new check."""
    try:
        sealed: dict[str, Any] = signing.loads(request.POST.get("sealed", ""), salt=SALT, max_age=CHECK_SECONDS)
    except signing.BadSignature:
        messages.error(request, "This check is too old or was changed on its way. Nothing was applied: check again.")
        return _answer(request, RulesFileForm(), status=422)
    check = _check(sealed["text"], replaces_all=sealed["replaces_all"])
    if check.digest != sealed["digest"] or check.report.errors:
        messages.error(request, "Rules were changed since you checked. Nothing was applied: look at the lines again.")
        return _answer(request, RulesFileForm(), check=check, status=422)
    report = import_rules(
        text=sealed["text"],
        replaces_all=sealed["replaces_all"],
        by=user_of(request),
        dry_run=False,
        preview=check.preview.kept if check.preview else None,
    )
    number = Counter(line.status for line in report.lines)
    messages.success(request, f"{number['new']} new, {number['changed']} changed, {number['removed']} removed. {SOON}")
    return redirect("buffers")


def _check(text: str, *, replaces_all: bool) -> Check:
    report = import_rules(text=text, replaces_all=replaces_all, by=None, dry_run=True)
    number: Counter[str] = Counter(line.status for line in report.lines)
    lines = sorted(report.lines, key=lambda line: (line.status != "error", line.status == "same", line.line))
    digest = hashlib.sha256(repr(report.lines).encode()).hexdigest()
    body = {"text": text, "replaces_all": replaces_all, "digest": digest}
    return Check(
        report=report,
        counts=[(LOOKS[status][0], number[status]) for status in LOOKS],
        lines=[(line, *LOOKS[line.status]) for line in lines[:SHOWN]],
        hidden=max(0, len(lines) - SHOWN),
        preview=preview_change(report.wanted) if report.changes and not report.errors else None,
        sealed=signing.dumps(body, salt=SALT, compress=True),
        digest=digest,
    )


def _answer(
    request: HttpRequest, form: RulesFileForm, *, check: Check | None = None, status: int = 200
) -> HttpResponse:
    context = {"tab": "buffers", "form": form, "check": check, "columns": COLUMNS}
    return render(request, "integration/stock/buffers_file.html", context, status=status)
