"""Who may do what: the permissions, and the six roles that hold them. docs/security.md shows the table."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

VIEW_OPERATIONS: Final = "core.view_operations"
VIEW_BUYERS: Final = "core.view_buyers"
WORK_CASES: Final = "core.work_cases"
FIX_ORDERS: Final = "core.fix_orders"
EDIT_SKU_MAPS: Final = "core.edit_sku_maps"
EDIT_SHIPPING_MAPS: Final = "core.edit_shipping_maps"
EDIT_STOCK_RULES: Final = "core.edit_stock_rules"
EDIT_FACILITIES: Final = "core.edit_facilities"
VIEW_MONEY: Final = "core.view_money"
MANAGE_CONNECTIONS: Final = "core.manage_connections"
RUN_JOBS: Final = "core.run_jobs"
VIEW_AUDIT: Final = "core.view_audit"
# What an address may declare instead of a permission: open to anybody, or to anybody who is signed in.
PUBLIC: Final = "public"
SIGNED_IN: Final = "signed in"

PERMISSIONS: Final = (
    ("view_operations", "See orders, shipments, stock, exceptions, maps, connections and jobs"),
    ("view_buyers", "See buyers' names and addresses"),
    ("work_cases", "Take, snooze, assign and comment on exceptions"),
    ("fix_orders", "Correct order data, enter tracking, try again"),
    ("edit_sku_maps", "Map offer SKUs to warehouse items"),
    ("edit_shipping_maps", "Map carriers and shipping methods"),
    ("edit_stock_rules", "Set buffers and other stock rules, push numbers again"),
    ("edit_facilities", "Say what each facility can keep: cut-off, handling time, working days"),
    ("view_money", "See payouts, commissions and journals"),
    ("manage_connections", "Connect shops and warehouses, switch lanes"),
    ("run_jobs", "Run a job by hand"),
    ("view_audit", "See who did what and when"),
)

_STAFF = (VIEW_OPERATIONS, WORK_CASES)
ROLES: Final[dict[str, tuple[str, ...]]] = {
    "Warehouse": (*_STAFF, VIEW_BUYERS, FIX_ORDERS, EDIT_SHIPPING_MAPS, EDIT_FACILITIES),
    "Ecommerce": (*_STAFF, FIX_ORDERS, EDIT_SKU_MAPS, EDIT_SHIPPING_MAPS, EDIT_STOCK_RULES, EDIT_FACILITIES),
    "Finance preparer": (*_STAFF, VIEW_MONEY),
    "Finance approver": (*_STAFF, VIEW_MONEY),
    "Admin": tuple(f"core.{code}" for code, _ in PERMISSIONS),
    "Auditor": (VIEW_OPERATIONS, VIEW_MONEY, VIEW_AUDIT),
}
# Which team's work a role sees first.
TEAM_OF_ROLE: Final = {
    "Warehouse": "warehouse",
    "Ecommerce": "ecommerce",
    "Finance preparer": "finance",
    "Finance approver": "finance",
    "Admin": "operations",
}


def ensure_roles() -> None:
    """Make the groups and give each exactly its permissions. Safe to repeat; people keep their groups."""
    found = {f"core.{row.codename}": row for row in Permission.objects.filter(content_type__app_label="core")}
    for name, codes in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set([found[code] for code in codes])


def page(permission: str) -> Callable[[View], View]:
    """Declare what an address asks for. Nobody signed in goes to the sign-in page; a missing permission is a 403.

    The declaration stays on the view as `permission`, where the test that walks every address reads it.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if permission not in (PUBLIC, SIGNED_IN) and not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        wrapped: Any = guarded if permission == PUBLIC else login_required(guarded)
        wrapped.permission = permission
        declared: View = wrapped
        return declared

    return declare
