"""Reads stock rules from CSV: checks every line, shows what would change, and applies all of it or nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.models import User
from integration.domain.buffers import StockRule as DomainRule
from integration.domain.buffers_csv import read_rules, write_rules
from integration.models import StockRule, StockRuleChange
from integration.services.stock.change_rules import Draft, RuleSet, change_rules, draft_rules
from integration.services.stock.rule_rows import rules_of

Status = Literal["new", "changed", "same", "removed", "error"]


@dataclass(frozen=True)
class RuleLine:
    """What one line of the file would do; `line` 0 is a rule that the file does not name and that would go."""

    line: int
    scope: str
    status: Status
    message: str


@dataclass(frozen=True)
class RulesReport:
    """Every line with its result. Nothing was written unless there is a `change`."""

    lines: tuple[RuleLine, ...]
    wanted: RuleSet
    change: StockRuleChange | None = None

    @property
    def errors(self) -> tuple[RuleLine, ...]:
        """The lines that cannot be used."""
        return tuple(line for line in self.lines if line.status == "error")

    @property
    def changes(self) -> int:
        """How many rules would be made, changed or removed."""
        return sum(line.status in ("new", "changed", "removed") for line in self.lines)


def import_rules(
    *,
    text: str,
    replaces_all: bool,
    by: User | None,
    dry_run: bool,
    preview: Mapping[str, Any] | None = None,
) -> RulesReport:
    """Make the rules of the file stand. With `replaces_all` the rules that it does not name go.

    A file with a bad line changes nothing, so that it can be mended and sent again.
    """
    read = read_rules(text)
    rules = [rule for _, rule in read.rules]
    wanted = RuleSet(rules)
    draft = draft_rules(wanted)
    if replaces_all:
        wanted = RuleSet(rules, _surplus(rules, draft))
        draft = draft_rules(wanted)
    report = RulesReport(tuple(_lines(read.rules, draft, wanted)) + _problems(read.problems), wanted)
    if dry_run or report.errors:
        return report
    summary = f"A file of {len(rules):,} rules" + (" in place of all" if replaces_all else "")
    change = change_rules(wanted=wanted, summary=summary, by=by, preview=preview)
    return RulesReport(report.lines, wanted, change)


def export_rules() -> str:
    """All rules that count, as the file that would bring them back."""
    return write_rules(rules_of(StockRule.objects.filter(is_active=True).order_by("id")))


def _surplus(rules: list[DomainRule], draft: Draft) -> list[int]:
    """Rules that stand and that no line of the file is about."""
    named = {row.pk for row in draft.after if row.pk}
    standing = rules_of(StockRule.objects.filter(is_active=True))
    scopes = {_scope(rule) for rule in rules}
    return [rule.id for rule in standing if rule.id and rule.id not in named and _scope(rule) not in scopes]


def _lines(rules: tuple[tuple[int, DomainRule], ...], draft: Draft, wanted: RuleSet) -> Iterator[RuleLine]:
    before = {_scope(rule): rule for rule in rules_of(draft.before)}
    after = {_scope(rule) for rule in rules_of(draft.after)}
    for position, (line, rule) in enumerate(rules):
        scope = f"{rule.aspect.value}, {rule.scope_words}"
        found = draft.problems.get(position)
        if found:
            yield RuleLine(line, scope, "error", " ".join(found.values()))
        elif _scope(rule) in before:
            yield RuleLine(line, scope, "changed", f"{before[_scope(rule)].value_words} becomes {rule.value_words}")
        else:
            yield RuleLine(line, scope, "new" if _scope(rule) in after else "same", rule.value_words)
    for rule in rules_of(row for row in draft.before if row.pk in wanted.removals):
        yield RuleLine(0, f"{rule.aspect.value}, {rule.scope_words}", "removed", rule.value_words)


def _problems(problems: tuple[Any, ...]) -> tuple[RuleLine, ...]:
    return tuple(
        RuleLine(problem.line, problem.column, "error", problem.words)
        for problem in sorted(problems, key=lambda row: row.line)
    )


def _scope(rule: DomainRule) -> tuple[object, ...]:
    place = (rule.channel, rule.offer_sku, rule.item, rule.tag, rule.facility)
    return (rule.aspect, *place, rule.first_date, rule.last_date)
