"""Changes stock rules: checked as a whole, applied as a whole, kept as one change that can be taken back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import transaction

from core.audit import record_audit
from core.clock import db_now
from core.models import User
from integration.domain.buffers import StockRule as DomainRule
from integration.domain.buffers_problems import rule_problems
from integration.errors import InvalidInputError
from integration.models import StockRule, StockRuleChange
from integration.services.stock.follow_rules import follow_rules
from integration.services.stock.rule_rows import SCOPE, VALUES, Places, kept, read_places, restored, row_of, scope_of

# Two people who change rules at once do so one after the other.
ONE_AT_A_TIME = 6_815_003
# Rules of one change whose audit entry names them one by one.
AUDITED = 200


@dataclass(frozen=True)
class RuleSet:
    """What is wanted: rules to be there (with an id: in place of that one) and ids of rules to go."""

    upserts: Sequence[DomainRule] = ()
    removals: Sequence[int] = ()


@dataclass(frozen=True)
class Draft:
    """A wanted change, worked out against the rules as they stand: rows before and after, problems by place in upserts."""

    before: Sequence[StockRule] = ()
    after: Sequence[StockRule] = ()
    problems: Mapping[int, Mapping[str, str]] = field(default_factory=dict)


def draft_rules(wanted: RuleSet) -> Draft:
    """What a change would do. Writes nothing. A rule for a scope that has one replaces that one's values."""
    places = read_places()
    problems: dict[int, dict[str, str]] = {}
    rows: dict[int, StockRule] = {}
    for position, rule in enumerate(wanted.upserts):
        found = _problems(rule, places)
        if found:
            problems[position] = found
        else:
            rows[position] = row_of(rule, places)
    standing = _standing(rows.values(), [*wanted.removals, *(rule.id for rule in wanted.upserts if rule.id)])
    by_id = {row.pk: row for row in standing}
    by_scope = {scope_of(row): row for row in standing if row.is_active}
    taken: dict[tuple[Any, ...], int] = {}
    before: dict[int, StockRule] = {pk: by_id[pk] for pk in wanted.removals if pk in by_id}
    after: list[StockRule] = []
    for position, row in rows.items():
        scope = scope_of(row)
        same = by_scope.get(scope)
        if row.pk and row.pk not in by_id:
            problems[position] = {"": "This rule was removed meanwhile: make it anew."}
        elif row.pk and same is not None and same.pk != row.pk:
            problems[position] = {"": f"Rule {same.pk} stands for this scope already: change that one."}
        elif scope in taken:
            problems[position] = {"": "This scope stands twice: keep one."}
        else:
            taken[scope] = position
            old = by_id.get(row.pk) if row.pk else same
            row.pk = old.pk if old is not None else None
            if old is None or kept(old) != kept(row):
                after.append(row)
                if old is not None:
                    before[old.pk] = old
    return Draft(list(before.values()), after, problems)


def change_rules(
    *, wanted: RuleSet, summary: str, by: User | None, preview: Mapping[str, Any] | None = None
) -> StockRuleChange | None:
    """Apply a change; None when everything stands as wanted already. The numbers concerned are worked out anew.

    Raises InvalidInputError, with the problems of the first rule that has any, and then nothing is changed.
    """
    with transaction.atomic():
        _lock()
        draft = draft_rules(wanted)
        for position in sorted(draft.problems):
            raise InvalidInputError(draft.problems[position])
        if not draft.before and not draft.after:
            return None
        return _apply(draft.before, draft.after, summary, by, preview)


def undo_rule_change(*, change_id: int, by: User | None) -> StockRuleChange:
    """Put the rules of a change back as they were, as a change of its own (so that this can be undone as well).

    Raises InvalidInputError when it was undone before, or when one of its rules was changed since.
    """
    with transaction.atomic():
        _lock()
        change = StockRuleChange.objects.select_for_update().get(pk=change_id)
        if change.undone_at is not None:
            raise InvalidInputError({"": "This change was undone already."})
        now_there = {row.pk: row for row in StockRule.objects.filter(pk__in=[row["id"] for row in change.after])}
        moved = [row["id"] for row in change.after if row["id"] not in now_there or kept(now_there[row["id"]]) != row]
        back = [restored(row) for row in change.before]
        clashing = _standing(back, [])
        own = {row["id"] for row in change.after} | {row.pk for row in back}
        scopes = {scope_of(row) for row in back if row.is_active}
        if moved or any(row.pk not in own and scope_of(row) in scopes for row in clashing if row.is_active):
            raise InvalidInputError({"": "Rules of this change were changed since: undo the newer change first."})
        undo = _apply(list(now_there.values()), back, f"Undone: {change.summary}"[:300], by, None)
        change.undone_at, change.undone_by = undo.at, by
        change.save(update_fields=["undone_at", "undone_by"])
        return undo


def _apply(
    before: Sequence[StockRule],
    after: Sequence[StockRule],
    summary: str,
    by: User | None,
    preview: Mapping[str, Any] | None,
) -> StockRuleChange:
    """Make `after` stand in place of `before`. The caller holds the lock."""
    now = db_now()
    old = [kept(row) for row in before]
    staying = {row.pk for row in after if row.pk}
    StockRule.objects.filter(pk__in=[row.pk for row in before if row.pk not in staying]).delete()
    _write(after, by, now)
    change = StockRuleChange.objects.create(
        at=now,
        by=by,
        summary=summary[:300],
        before=old,
        after=[kept(row) for row in after],
        preview=dict(preview or {}),
    )
    record_audit(
        by=by,
        action="stock_rules.changed",
        subject=change,
        before={"rules": old[:AUDITED], "count": len(old)},
        after={"rules": change.after[:AUDITED], "count": len(change.after), "summary": summary},
    )
    follow_rules([*before, *after])
    return change


def _write(rows: Sequence[StockRule], by: User | None, now: datetime) -> None:
    for row in rows:
        row.updated_at, row.updated_by = now, by
    known = [row for row in rows if row.pk]
    fields = [*SCOPE, *VALUES, "updated_at", "updated_by"]
    StockRule.objects.bulk_create(
        known,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[name.removesuffix("_id") for name in fields],
    )
    StockRule.objects.bulk_create([row for row in rows if not row.pk], batch_size=1000)


def _problems(rule: DomainRule, places: Places) -> dict[str, str]:
    found = {problem.field: problem.words for problem in rule_problems(rule)}
    if rule.channel and rule.channel not in places.channels:
        found["channel"] = f"There is no channel {rule.channel}. Channels: {', '.join(places.channels) or 'none yet'}."
    if rule.facility and rule.facility not in places.facilities:
        known = ", ".join(sorted(set(places.facility_words.values()))) or "none was read yet"
        found["facility"] = f"There is no facility {rule.facility}. Facilities: {known}."
    return found


def _standing(rows: Iterable[StockRule], ids: Sequence[int]) -> list[StockRule]:
    """The rules of these ids, and those that may stand for the same scopes."""
    wanted = list(rows)
    skus, items = {row.offer_sku for row in wanted}, {row.item_number for row in wanted}
    near = StockRule.objects.filter(offer_sku__in=skus, item_number__in=items) if wanted else StockRule.objects.none()
    return list({row.pk: row for row in (*near, *StockRule.objects.filter(pk__in=ids))}.values())


def _lock() -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
