"""Today: what a team does next."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.clock import db_now
from core.models import User
from core.permissions import VIEW_MONEY, VIEW_OPERATIONS, page
from exceptions.domain.catalogue import CATALOGUE, TEAM_LABELS
from exceptions.queries.desk import cases_of_tab
from exceptions.queries.today import changes_since, checks_of, money_of_open_orders, todays_flow, urgent_orders

NEXT: int = 6


@page(VIEW_OPERATIONS)
@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """The page people bookmark: by the reader's own team, or by any other with `?team=`."""
    own = request.user.team if isinstance(request.user, User) else ""
    team = request.GET.get("team", own)
    team = team if team in TEAM_LABELS else ""
    waiting = cases_of_tab("open").order_by("severity", "deadline_at", "id")
    sees_money = request.user.has_perm(VIEW_MONEY)
    context = {
        "team": team,
        "teams": TEAM_LABELS,
        "urgent": urgent_orders(),
        "checks": checks_of(team),
        "flow": todays_flow(),
        "next": (waiting.filter(team=team) if team else waiting)[:NEXT],
        "changes": changes_since(db_now() - timedelta(hours=24)),
        "money": money_of_open_orders() if sees_money and team in ("finance", "") else {},
    }
    return render(request, "exceptions/today.html", context)


@page(VIEW_OPERATIONS)
@require_safe
def handbook(request: HttpRequest) -> HttpResponse:
    """Daily checks per team, what each kind of exception means, who owns it, what to do."""
    kinds = {team: [entry for entry in CATALOGUE if entry.team == team] for team in TEAM_LABELS}
    checks = {team: checks_of(team) for team in TEAM_LABELS}
    chapters = [(team, label, checks[team], kinds[team]) for team, label in TEAM_LABELS.items()]
    return render(request, "exceptions/handbook.html", {"chapters": chapters})
