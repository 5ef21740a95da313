from collections import defaultdict

from django.apps import apps

OURS = ("core", "integration", "reconciliation", "exceptions")
# Moments that the machine or a far side sets. A moment that a person sets needs a field that says who: `x_at`, `x_by`.
OF_THE_MACHINE = {
    "acceptance_deadline",
    "accepted",
    "asked",
    "atp_read",
    "attached",
    "beat",
    "began",
    "changed",
    "cleared",
    "closed",
    "complete",
    "computed",
    "confirmed",
    "deadline",
    "done",
    "finished",
    "first_seen",
    "first_sent",
    "freed",
    "fully_computed",
    "gone",
    "import_prepared",
    "in_wms",
    "judged",
    "last_ok",
    "last_read",
    "last_sent",
    "last_started",
    "mirakl_updated",
    "next_attempt",
    "opened",
    "ordered",
    "polled",
    "proved",
    "proved_fully",
    "pushed",
    "read",
    "ready",
    "received",
    "recompute_asked",
    "refused",
    "reopened",
    "retry",
    "rolled_back",
    "seen",
    "sent",
    "shipped",
    "shipping_deadline",
    "started",
    "ticked",
    "touched",
    "updated",
    "wanted",
    "wide_read",
}
# Set by a person, who stands in the audit entry of the same transaction.
AUDITED = {"created": "channel.connected, warehouse.connected", "tested": "channel.tested, warehouse.tested"}


def moments() -> dict[str, set[str]]:
    """The stems of all `_at` fields that have no `_by` beside them, with the models that have them."""
    found: dict[str, set[str]] = defaultdict(set)
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            names = {field.name for field in model._meta.get_fields()}
            for name in names:
                if name.endswith("_at") and f"{name.removesuffix('_at')}_by" not in names:
                    found[name.removesuffix("_at")].add(model.__name__)
    return found


def test_every_moment_set_by_a_person_says_who() -> None:
    nameless = {stem: models for stem, models in moments().items() if stem not in OF_THE_MACHINE | AUDITED.keys()}

    assert nameless == {}


def test_the_list_of_the_machines_moments_names_no_field_that_is_gone() -> None:
    assert (OF_THE_MACHINE | AUDITED.keys()) - moments().keys() == set()
