"""The transaction log of a shop: what a debit, a refund, a manual document and a closed cycle write into it."""

import itertools
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.clock import iso
from sandbox.mirakl.order import SandboxOrder

if TYPE_CHECKING:
    from sandbox.mirakl.state import Shop

Json = dict[str, Any]
# Which total of a cycle's summary a type of line belongs to; a tax counts only in the total with taxes.
TOTALS = {
    "ORDER_AMOUNT": "payable_orders",
    "ORDER_SHIPPING_AMOUNT": "payable_orders",
    "COMMISSION_FEE": "commissions",
    "REFUND_ORDER_AMOUNT": "refund_payable_orders",
    "REFUND_ORDER_SHIPPING_AMOUNT": "refund_payable_orders",
    "REFUND_COMMISSION_FEE": "refund_commissions",
    "SUBSCRIPTION_FEE": "subscription",
    "MANUAL_CREDIT": "other_credits",
    "MANUAL_INVOICE": "other_invoices",
}
TAXES = {
    "ORDER_AMOUNT_TAX": "payable_orders",
    "ORDER_SHIPPING_AMOUNT_TAX": "payable_orders",
    "REFUND_ORDER_AMOUNT_TAX": "refund_payable_orders",
    "REFUND_ORDER_SHIPPING_AMOUNT_TAX": "refund_payable_orders",
}
CHARGED = ("COMMISSION_FEE", "REFUND_COMMISSION_FEE", "SUBSCRIPTION_FEE")


@dataclass
class Log:
    """Every line, document and cycle of an operator, oldest first."""

    lines: list[Json] = field(default_factory=list)
    documents: list[Json] = field(default_factory=list)
    cycles: list[Json] = field(default_factory=list)
    _by_shop: dict[int, list[Json]] = field(default_factory=dict)
    _by_order: dict[str, list[Json]] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def of(self, shop_id: int) -> list[Json]:
        """A shop's lines."""
        return list(self._by_shop.get(shop_id, ()))

    def add(self, shop: "Shop", kind: str, amount: float, at: float, **entities: Json) -> Json:
        """One line; plus is to the seller."""
        line: Json = {
            "id": str(uuid.uuid4()),
            "type": kind,
            "amount": round(amount, 2),
            "amount_credited": round(max(amount, 0), 2),
            "amount_debited": round(max(-amount, 0), 2),
            "currency_iso_code": shop.currency,
            "date_created": iso(at),
            "last_updated": iso(at),
            "payment_state": "PENDING",
            "shop_id": shop.id,
            "entities": {"domain": "PRODUCT", **entities},
        }
        self.lines.append(line)
        self._by_shop.setdefault(shop.id, []).append(line)
        if "order" in entities:
            self._by_order.setdefault(entities["order"]["id"], []).append(line)
        return line

    def book_debit(self, shop: "Shop", order: SandboxOrder, at: float) -> None:
        """What the debit of an order makes: amounts, taxes on top, and the commission of every live line."""
        taxes_on_top = order.body["order_tax_mode"] == "TAX_EXCLUDED"
        for line in order.lines:
            if line["order_line_state"] in ("REFUSED", "CANCELED"):
                continue
            about = _about(order, line)
            self.add(shop, "ORDER_AMOUNT", line["price"], at, **about)
            self.add(shop, "ORDER_SHIPPING_AMOUNT", line["shipping_price"], at, **about)
            self.add(shop, "COMMISSION_FEE", -line["total_commission"], at, **about)
            for name, kind in (("taxes", "ORDER_AMOUNT_TAX"), ("shipping_taxes", "ORDER_SHIPPING_AMOUNT_TAX")):
                for tax in line[name] if taxes_on_top else ():
                    order_tax = {"code": tax["code"], "rate": tax["rate"]}
                    self.add(shop, kind, tax["amount"], at, order_tax=order_tax, **about)

    def book_refund(self, shop: "Shop", order: SandboxOrder, line: Json, refund: Json, at: float) -> None:
        """What a refund takes from the seller, and the commission it gives back."""
        about = {**_about(order, line), "refund": {"id": refund["id"]}}
        self.add(shop, "REFUND_ORDER_AMOUNT", -refund["amount"], at, **about)
        self.add(shop, "REFUND_ORDER_SHIPPING_AMOUNT", -refund["shipping_amount"], at, **about)
        self.add(shop, "REFUND_COMMISSION_FEE", refund["commission_total_amount"], at, **about)
        for name, kind in (
            ("taxes", "REFUND_ORDER_AMOUNT_TAX"),
            ("shipping_taxes", "REFUND_ORDER_SHIPPING_AMOUNT_TAX"),
        ):
            for tax in refund[name]:
                self.add(shop, kind, -tax["amount"], at, order_tax={"code": tax["code"]}, **about)
        if order.state in ("RECEIVED", "CLOSED"):
            self.release(order.id, at)

    def release(self, order_id: str, at: float) -> None:
        """An order was received: what was pending may be paid out."""
        for line in self._by_order.get(order_id, ()):
            if line["payment_state"] == "PENDING":
                line |= {"payment_state": "PAYABLE", "last_updated": iso(at)}

    def manual(self, shop: "Shop", kind: str, amount: float, description: str, at: float) -> Json:
        """A document by hand, with a number of its own: MANUAL_CREDIT pays the seller, MANUAL_INVOICE charges."""
        document = self._document(shop, kind, amount, description, at)
        sign = 1 if kind == "MANUAL_CREDIT" else -1
        about = {"manual_accounting_document": {"number": f"{document['invoice_id']:08d}"}}
        line = self.add(shop, kind, sign * amount, at, **about)
        line |= {"payment_state": "PAYABLE", "accounting_document_number": f"{document['invoice_id']:08d}"}
        return document

    def close_cycle(self, shop: "Shop", at: float, *, paid: bool = False) -> Json | None:
        """Pay out what is payable: a cycle, its invoice, and the PAYMENT line that brings the balance back.

        A sum that is not positive stays in the balance for the next cycle, and nothing closes.
        """
        lines = [line for line in self.of(shop.id) if line["payment_state"] == "PAYABLE"]
        total = round(sum(line["amount"] for line in lines), 2)
        if total <= 0:
            return None
        charged = -round(sum(line["amount"] for line in lines if line["type"] in CHARGED), 2)
        document = self._document(shop, "AUTO_INVOICE", charged, "Commissions", at)
        number = f"{document['invoice_id']:08d}"
        cycle = _cycle(shop, lines, total, f"PV-{number}", at)
        self.cycles.append(cycle)
        document |= {
            "seller_billing_cycle_id": cycle["id"],
            "start_time": lines[0]["date_created"],
            "end_time": iso(at),
            "summary": {**cycle["summary"], "amount_transferred": total, "amount_transferred_to_operator": charged},
        }
        lines.append(self.add(shop, "PAYMENT", -total, at))
        for line in lines:
            line["seller_billing_cycle_id"] = cycle["id"]
            # A manual document keeps its own number.
            line.setdefault("accounting_document_number", number)
            line |= {"payment_state": "PAID", "last_updated": iso(at), "accounting_document_creation_date": iso(at)}
        if paid:
            self.confirm(cycle["id"], at)
        return cycle

    def confirm(self, cycle_id: str, at: float) -> None:
        """The operator says that a cycle was paid. Many never do."""
        reference = f"TRANSFER-{cycle_id[:8]}"
        for cycle in self.cycles:
            if cycle["id"] == cycle_id:
                cycle["pay_out"] = {"state": "PAID", "reference": reference, "transaction_date": iso(at)}
        for document in self.documents:
            if document.get("seller_billing_cycle_id") == cycle_id:
                document["payment"] = {"state": "PAID", "reference": reference, "transaction_date": iso(at)}

    def _document(self, shop: "Shop", kind: str, amount: float, description: str, at: float) -> Json:
        amount = round(amount, 2)
        detail = {"amount_excl_taxes": amount, "description": description, "quantity": 1, "taxes": []}
        document: Json = {
            "invoice_id": next(self._numbers),
            "id": str(uuid.uuid4()),
            "type": kind,
            "state": "COMPLETE",
            "date_created": iso(at),
            "issue_date": iso(at),
            "due_date": iso(at),
            "currency_iso_code": shop.currency,
            "total_amount_excl_taxes": amount,
            "total_amount_incl_taxes": amount,
            "total_taxes": [],
            "details": [detail],
            "payment": {"state": "PENDING"},
            "pay_out_psp_code": "OPERATOR",
            "issuing_user": {"type": "BATCH" if kind == "AUTO_INVOICE" else "OPERATOR", "information": "Sample"},
            "shop_id": shop.id,
            "shop_name": shop.name,
            "shop_model": "MARKETPLACE",
        }
        self.documents.append(document)
        return document


def _about(order: SandboxOrder, line: Json) -> Json:
    return {
        "order": {
            "id": order.id,
            "commercial_id": order.body["commercial_id"],
            "creation_date": order.body["created_date"],
            "references": {"order_reference_for_seller": order.body["references"]["order_reference_for_seller"]},
        },
        "order_line": {"id": line["order_line_id"]},
    }


def _cycle(shop: "Shop", lines: list[Json], total: float, voucher: str, at: float) -> Json:
    summary: dict[str, float] = {}
    for line in lines:
        name = TOTALS.get(line["type"]) or TAXES.get(line["type"])
        for suffix in ("excl_tax", "incl_tax") if line["type"] in TOTALS else ("incl_tax",):
            if name:
                key = f"total_{name}_{suffix}"
                summary[key] = round(summary.get(key, 0.0) + line["amount"], 2)
    return {
        "id": str(uuid.uuid4()),
        "date_created": iso(at),
        "currency_iso_code": shop.currency,
        "amount_transferred_to_seller": total,
        "payment_voucher_number": voucher,
        "pay_out": {"state": "TO_PAY"},
        "pay_out_psp_code": "OPERATOR",
        "shop": {"shop_id": shop.id, "shop_name": shop.name, "shop_model": "MARKETPLACE"},
        "summary": summary,
    }
