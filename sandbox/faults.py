"""Faults on demand: what goes wrong, where, how often; seeded, so that a run can be repeated."""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sandbox.wire import Response, json_response

KINDS = (
    "latency",
    "throttle",
    "error_500_before",
    "error_500_after",
    "reset_before",
    "reset_after",
    "timeout_before",
    "timeout_after",
    "truncate",
    "wrong_body",
    "blank",
    "repeated_page",
    "late_commit",
)


@dataclass
class Fault:
    """One armed fault. `count` calls are left (-1: no end); `seconds` is the latency, hang, or Retry-After."""

    id: int
    side: str
    operation: str
    kind: str
    count: int = 1
    seconds: float = 0.0
    probability: float = 1.0
    hits: int = 0


@dataclass
class FaultBook:
    """Every armed fault."""

    rng: random.Random
    armed: list[Fault] = field(default_factory=list)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def arm(
        self, side: str, operation: str, kind: str, *, count: int = 1, seconds: float = 0.0, probability: float = 1.0
    ) -> Fault:
        """Arm a fault for an operation id, or "*". Raises ValueError for a kind that is not known."""
        if kind not in KINDS:
            message = f"unknown fault {kind}: one of {', '.join(KINDS)}"
            raise ValueError(message)
        fault = Fault(next(self._ids), side, operation, kind, count, seconds, probability)
        self.armed.append(fault)
        return fault

    def clear(self) -> None:
        """Disarm all of them."""
        self.armed.clear()

    def strike(self, side: str, operation: str) -> list[Fault]:
        """The faults that hit this call; each is used up by one."""
        struck = []
        for fault in list(self.armed):
            if fault.side not in (side, "*") or fault.operation not in (operation, "*"):
                continue
            if fault.probability < 1 and self.rng.random() >= fault.probability:
                continue
            fault.hits += 1
            fault.count -= fault.count > 0
            struck.append(fault)
            if fault.count == 0:
                self.armed.remove(fault)
        return struck


def apply_faults(faults: list[Fault], effect: Callable[[], Response]) -> Response:
    """Run the call with its faults: those "before" keep the effect from taking place, those "after" only the answer."""
    delay = sum(fault.seconds for fault in faults if fault.kind == "latency")
    kinds = {fault.kind: fault for fault in faults}
    if "throttle" in kinds:
        wait = str(int(kinds["throttle"].seconds)) if kinds["throttle"].seconds >= 0 else "soon"
        return json_response({"message": "Too many requests", "status": 429}, 429, (("retry-after", wait),))
    if "error_500_before" in kinds:
        return replace(_server_error(), delay=delay)
    if "reset_before" in kinds:
        return Response(0, delay=delay, drop=True)
    if "timeout_before" in kinds:
        return Response(0, delay=delay + (kinds["timeout_before"].seconds or 60), drop=True)
    answer = _spoiled(effect(), kinds)
    return replace(answer, delay=answer.delay + delay)


def _spoiled(answer: Response, kinds: dict[str, Fault]) -> Response:
    if "error_500_after" in kinds:
        answer = _server_error()
    elif "reset_after" in kinds or "late_commit" in kinds:
        answer = Response(0, drop=True)
    elif "timeout_after" in kinds:
        answer = Response(0, delay=kinds["timeout_after"].seconds or 60, drop=True)
    elif "truncate" in kinds:
        answer = replace(answer, truncate=True)
    elif "wrong_body" in kinds:
        answer = Response(200, b"<html><body>Maintenance</body></html>", (("content-type", "text/html"),))
    elif "blank" in kinds:
        answer = Response(200, b"", (("content-type", "application/json"),))
    return answer


def _server_error() -> Response:
    body = {"status": 500, "message": "Internal Server Error", "error": "Internal Server Error", "errorDescription": ""}
    return json_response(body, 500)
