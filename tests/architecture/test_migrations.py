from django.apps import apps
from django.db.migrations.loader import MigrationLoader

OURS = ("core", "integration", "reconciliation", "exceptions")


def test_every_migration_can_be_taken_back_or_says_why_not() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    ours = {key: migration for key, migration in loader.disk_migrations.items() if key[0] in OURS}

    stuck = [
        key
        for key, migration in ours.items()
        if not all(operation.reversible for operation in migration.operations)
        and not getattr(migration, "irreversible_because", "")
    ]

    assert ours
    assert stuck == []


def test_every_app_of_ours_is_looked_at() -> None:
    with_models = {model._meta.app_label for model in apps.get_models() if not model.__module__.startswith("django")}

    assert with_models - {"account", "mfa", "django_q"} <= set(OURS)
