"""Items over V2: one by its number, pages of all of them, and the parts of kits."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from core.http import StatusError, UnknownOutcomeError
from integration.deposco.items import Components, components_of, facts_of
from integration.deposco.normalise import as_decimal, as_text
from integration.deposco.profile import Profile
from integration.deposco.schemas import ItemFacts, ItemsPage
from integration.deposco.v2.reading import NESTED, id_of, is_of_unit, is_whole, key_of, rows_of
from integration.deposco.v2.session import Session, next_key, rows_of_list

Json = dict[str, Any]
ITEMS, KITS = "/items", "/kitHeaders"
NOT_GRANTED = (403, 404)


class Items:
    """The items of one business unit. The first call of each question is one that the caller took a token for."""

    def __init__(self, session: Session, profile: Profile, business_unit: str) -> None:
        self._session, self._profile, self._bu = session, profile, business_unit

    def facts_of(self, number: str) -> ItemFacts | None:
        """One item; None when there is none. A kit that does not tell its parts is looked up among the kits."""
        params = {"businessUnit": self._bu, "number": number}
        rows = next(self._session.pages("v2.items.find", ITEMS, params, paid=True))
        mine = [row for row in rows if as_text(row.get("number")) == number and is_of_unit(row, self._bu)]
        if not mine:
            return None
        facts = self._facts(mine[0])
        if facts.components_known:
            return facts
        found = self._parts_of_kit(number)
        return facts if found is None else replace(facts, components=found, components_known=True)

    def page(self, *, updated_after: datetime | None, key: str) -> ItemsPage:
        """One page of the list. Raises UnknownOutcomeError for a list that leads back to where it was."""
        params: Json = {"businessUnit": self._bu, "pageSize": self._profile.v2.item_page}
        if updated_after is not None:
            params["updatedAfter"] = updated_after.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = self._session.get("v2.items.list", ITEMS, {"searchId": key} if key else params, paid=True)
        following = next_key(body) or ""
        if key and following == key:
            message = "The list of items leads back to the page it came from"
            raise UnknownOutcomeError(message)
        rows = [row for row in rows_of_list(body) if is_of_unit(row, self._bu) and as_text(row.get("number"))]
        return ItemsPage(items=tuple(self._facts(row) for row in rows), next_key=following)

    def _facts(self, row: Json) -> ItemFacts:
        facts = facts_of(in_v1_words(row), self._profile.inventory.safety_stock)
        listed = row.get("components")
        # A list inside of a document is cut after so many rows, and says nothing of it.
        is_cut = not is_whole(listed) if isinstance(listed, dict) else len(rows_of(listed)) >= NESTED
        return replace(facts, components_known=False) if is_cut else facts

    def _parts_of_kit(self, number: str) -> Components | None:
        """What goes into one of this item, by the kit of its name that has it as its output; None when it is not sure.

        Kits have a scope of their own (kits/read), which a token need not have: then nothing is known of them.
        """
        params = {"businessUnit": self._bu, "name": number}
        try:
            kits = next(self._session.pages("v2.kits.find", KITS, params, paid=False))
        except StatusError as error:
            if error.status not in NOT_GRANTED:
                raise
            return None
        for row in kits:
            if not is_of_unit(row, self._bu):
                continue
            details = self._details(row)
            made = [one for one in details if _kind(one) == "output" and _item(one) == number]
            count = as_decimal(made[0].get("quantity")) if len(made) == 1 else None
            if count is not None and count > 0:
                used = [{**one, "item": _item(one)} for one in details if _kind(one) == "input"]
                parts, is_all = components_of(used, "item")
                return tuple((item, units / count) for item, units in parts) if parts and is_all else None
        return None

    def _details(self, kit: Json) -> list[Json]:
        listed, key = kit.get("kitDetails"), id_of(kit)
        if key is None or (rows_of(listed) and is_whole(listed)):
            return rows_of(listed)
        pages = self._session.pages("v2.kits.details", f"{KITS}/{key}/kitDetails", {}, paid=False)
        return [row for page in pages for row in page]


def _kind(detail: Json) -> str:
    return (as_text(detail.get("type")) or "").lower()


def _item(detail: Json) -> str | None:
    return key_of(detail.get("item"), "number")


def in_v1_words(row: Json) -> Json:
    """An item in the words that V1 has for it, so that whoever reads items knows one form only."""
    return {
        **row,
        "businessUnit": key_of(row.get("businessUnit"), "code"),
        "upcs": {"upc": _values(row.get("upcs"))},
        "packs": {"pack": [{**pack, "upcs": {"upc": _values(pack.get("upcs"))}} for pack in rows_of(row.get("packs"))]},
        "components": {
            "component": [
                {**part, "componentItem": key_of(part.get("subComponent"), "number")}
                for part in rows_of(row.get("components"))
            ]
        },
    }


def _values(collection: Any) -> list[str]:
    return [value for code in rows_of(collection) if (value := as_text(code.get("value")))]
