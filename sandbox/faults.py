"""Faults on demand: what goes wrong, where, how often; seeded, so that a run can be repeated."""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sandbox.wire import Response, json_response

# What each kind does. "Before" keeps the effect from taking place, "after" loses only the answer to it.
KINDS = {
    "latency": "answers late, by so many seconds",
    "throttle": "429; the seconds are Retry-After, -1 leaves the header out, -2 sends words instead of a number",
    "error_500_before": "500, and nothing took place",
    "error_500_after": "500, though it took place",
    "reset_before": "the connection is reset, and nothing took place",
    "reset_after": "the connection is reset after it took place",
    "timeout_before": "no answer for so many seconds (60), and nothing took place",
    "timeout_after": "no answer for so many seconds (60), though it took place",
    "late_commit": "the connection is reset at once; it takes place so many seconds later",
    "truncate": "the answer breaks off half-way",
    "wrong_body": "200 with an HTML page",
    "blank": "200 with an empty body",
    "repeated_page": "the page before this one once more",
}
HANG_SECONDS = 60.0
EVERYWHERE = "*"


@dataclass
class Fault:
    """One armed fault. `count` calls are left (-1: no end); `seconds` is the latency, hang, or Retry-After.

    `skip` calls pass unharmed first; with a `page`, only calls for that page of a list are meant (the first is 1).
    """

    id: int
    side: str
    operation: str
    kind: str
    count: int = 1
    seconds: float = 0.0
    probability: float = 1.0
    hits: int = 0
    skip: int = 0
    page: int = 0


@dataclass
class FaultBook:
    """Every armed fault."""

    rng: random.Random
    armed: list[Fault] = field(default_factory=list)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def arm(
        self,
        side: str,
        operation: str,
        kind: str,
        *,
        count: int = 1,
        seconds: float = 0.0,
        probability: float = 1.0,
        skip: int = 0,
        page: int = 0,
    ) -> Fault:
        """Arm a fault for an operation id, or "*". Raises ValueError for a kind that is not known."""
        if kind not in KINDS:
            message = f"unknown fault {kind}: one of {', '.join(KINDS)}"
            raise ValueError(message)
        if side not in ("mirakl", "deposco", EVERYWHERE):
            message = f"unknown side {side}: mirakl, deposco or *"
            raise ValueError(message)
        fault = Fault(next(self._ids), side, operation, kind, count, seconds, probability, skip=skip, page=page)
        self.armed.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        """Disarm one of them, or all."""
        self.armed = [fault for fault in self.armed if fault_id is not None and fault.id != fault_id]

    def strike(self, side: str, operation: str, *, page: int = 1) -> list[Fault]:
        """The faults that hit this call, which asks for that page of a list; each is used up by one."""
        if not self.armed:
            return []
        struck = []
        for fault in list(self.armed):
            if fault.side not in (side, EVERYWHERE) or fault.operation not in (operation, EVERYWHERE):
                continue
            if fault.page not in (0, page):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.probability < 1 and self.rng.random() >= fault.probability:
                continue
            fault.hits += 1
            fault.count -= fault.count > 0
            struck.append(fault)
            if fault.count == 0:
                self.armed.remove(fault)
        return struck


def apply_faults(
    faults: list[Fault], effect: Callable[[], Response], *, later: Callable[[float], None], error_500: bytes
) -> Response:
    """Run the call with its faults. `later` makes it take place after some seconds instead of now."""
    if not faults:
        return effect()
    delay = sum(fault.seconds for fault in faults if fault.kind == "latency")
    kinds = {fault.kind: fault for fault in faults}
    answer = _without_effect(kinds, later, error_500) or _spoiled(effect(), kinds, error_500)
    return replace(answer, delay=answer.delay + delay)


def _without_effect(kinds: dict[str, Fault], later: Callable[[float], None], error_500: bytes) -> Response | None:
    if "throttle" in kinds:
        return _throttled(kinds["throttle"].seconds)
    if "error_500_before" in kinds:
        return _server_error(error_500)
    if "reset_before" in kinds:
        return Response(0, drop=True)
    if "timeout_before" in kinds:
        return Response(0, delay=kinds["timeout_before"].seconds or HANG_SECONDS, drop=True)
    if "late_commit" in kinds:
        later(kinds["late_commit"].seconds)
        return Response(0, drop=True)
    return None


def _throttled(seconds: float) -> Response:
    headers = {-1: (), -2: (("retry-after", "soon"),)}.get(int(seconds), (("retry-after", str(int(seconds))),))
    return json_response({"message": "Too many requests", "status": 429}, 429, headers)


def _spoiled(answer: Response, kinds: dict[str, Fault], error_500: bytes) -> Response:
    if "error_500_after" in kinds:
        return _server_error(error_500)
    if "reset_after" in kinds:
        return Response(0, drop=True)
    if "timeout_after" in kinds:
        return Response(0, delay=kinds["timeout_after"].seconds or HANG_SECONDS, drop=True)
    if "truncate" in kinds:
        return replace(answer, truncate=True)
    if "wrong_body" in kinds:
        return Response(200, b"<html><body>Maintenance</body></html>", (("content-type", "text/html"),))
    if "blank" in kinds:
        return Response(200, b"", (("content-type", "application/json"),))
    return answer


def _server_error(body: bytes) -> Response:
    return Response(500, body, (("content-type", "application/json"),))
