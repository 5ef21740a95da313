"""What the next imports and exports of a marketplace are to do, where it is not the usual."""

from dataclasses import dataclass, field

IMPORT_STATES = ("WAITING", "RUNNING")
EXPORT_STATES = ("PENDING",)


@dataclass
class Plan:
    """How the next `count` jobs go (-1: all to come), of one shop or, with 0, of any.

    `delay` lets a job begin late, behind those that came after it; `seconds` is how long it takes (-1: as usual);
    `stays` leaves it in that state until somebody lets it go; `ends` FAILED applies the first `lines` lines only.
    """

    shop_id: int = 0
    count: int = 1
    delay: float = 0.0
    seconds: float = -1.0
    stays: str = ""
    ends: str = ""
    lines: int = 0
    code: str = "1"
    detail: str = "Internal error"


@dataclass
class Plans:
    """Plans in the order they were made; the first that fits a job is used up by it."""

    waiting: list[Plan] = field(default_factory=list)

    def take(self, shop_id: int) -> Plan:
        """The plan of a job that begins now; the usual one when there is none."""
        for plan in self.waiting:
            if plan.shop_id in (0, shop_id):
                plan.count -= plan.count > 0
                if plan.count == 0:
                    self.waiting.remove(plan)
                return plan
        return Plan()
