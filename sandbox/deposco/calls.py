"""What every warehouse call shares."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.deposco.rendering import as_xml, mechanical
from sandbox.deposco.state import Json, Tenant
from sandbox.wire import Request, Response, json_response, text_response

if TYPE_CHECKING:
    from sandbox.world import World


@dataclass
class Context:
    """One call of a tenant. `subjects` are the orders it is about, for the ledger."""

    world: "World"
    tenant: Tenant
    request: Request
    parts: dict[str, str]
    now: float
    repeat_page: bool = False
    effective: bool = False
    subjects: list[str] = field(default_factory=list)

    def wants_xml(self) -> bool:
        """Whether the caller asked for XML."""
        return "xml" in self.request.headers.get("accept", "")

    def page(self, name: str) -> int:
        """A page number, counted from one."""
        text = self.request.one(name)
        page = int(text) if text.isdecimal() and int(text) > 0 else 1
        return max(1, page - 1) if self.repeat_page else page


def collection(call: Context, root: str, namespace: str, name: str, rows: list[Any], status: int = 200) -> Response:
    """Rows under a root element. In JSON the root falls away, and one row is no list; no row leaves an empty object."""
    if call.wants_xml():
        text = f'<ns2:{root} xmlns:ns2="http://integration.deposco.com/{namespace}">{as_xml(name, rows)}</ns2:{root}>'
        return text_response(text, status, "application/xml")
    return json_response({name: mechanical(rows)} if rows else {}, status)


def ready_collection(call: Context, root: str, namespace: str, name: str, rows: list[Json]) -> Response:
    """Rows that are texts already and hold no list of one: long lists need not be gone through once more."""
    if call.wants_xml():
        return collection(call, root, namespace, name, rows)
    return json_response({name: rows[0] if len(rows) == 1 else rows} if rows else {})
