"""Holds Deposco's documents to its XSDs: JSON is turned back into the XML it stands for, and that is validated.

The schemas are stricter than the server in ways that are known (deposco.md, 7.1): elements that must be there, if only
as nil, are left out by everybody; a container has both names; a status has no custom attributes. Those are forgiven,
nothing else: an unknown name, a wrong type or a value outside its list is a violation.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lxml import etree

XS: Final = "{http://www.w3.org/2001/XMLSchema}"
NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
NAMESPACES: Final = "http://integration.deposco.com/"
# Left out by clients whose orders were accepted, and by the answers that were observed.
OMITTED_LIVE: Final = frozenset({"planItems", *(f"customAttribute{number}" for number in range(1, 8))})


@dataclass(frozen=True)
class Field:
    """An element a type may hold, in its place in the sequence."""

    name: str
    type: tuple[str, str] | None
    is_nillable: bool
    is_required: bool


@dataclass(frozen=True)
class Document:
    """A kind of document: its schema file, its root element, its namespace, and the element that repeats in it."""

    file: str
    root: str
    namespace: str
    row: str


ORDERS: Final = Document("OrderHeader.xsd", "orders", "order", "order")
MULTISTATUS: Final = Document("MultiStatusResponse.xsd", "multistatus", "multistatus", "response")
SHIPMENTS: Final = Document("Shipment.xsd", "shipments", "shipment", "shipment")
STATUSES: Final = Document("OrderStatus.xsd", "orders", "orderstatus", "orderStatus")
ITEMS: Final = Document("Item.xsd", "items", "item", "item")
ATPS: Final = Document("ItemATP.xsd", "itemATPDTOes", "", "item-atp")


class Schemas:
    """The schemas, compiled once each. `folder` receives the schema files and their stubs side by side."""

    def __init__(self, contracts: Path, folder: Path) -> None:
        for part in ("xsd", "xsd_stubs"):
            for file in (contracts / "deposco" / part).glob("*.xsd"):
                shutil.copy(file, folder)
        self._folder = folder
        self._compiled: dict[str, etree.XMLSchema] = {}
        self._types: dict[tuple[str, str], list[Field]] = {}
        for file in folder.glob("*.xsd"):
            self._index(etree.parse(file).getroot())

    def _index(self, schema: Any) -> None:
        space = schema.get("targetNamespace", "")
        for kind in schema.iter(f"{XS}complexType"):
            name = kind.get("name") or f"element:{kind.getparent().get('name')}"
            self._types[space, name] = [_field(element, space) for element in _elements(kind)]

    def violations(self, document: Document, value: Any) -> list[str]:
        """What is wrong with a JSON document; empty when there is nothing."""
        return self._validate(document, self.to_xml(document, value))

    def violations_of_xml(self, document: Document, body: bytes) -> list[str]:
        """What is wrong with an XML document as it crossed the wire, but for what is forgiven."""
        root = etree.fromstring(body)
        self._forgive(root, self._row_type(document), document)
        return self._validate(document, root)

    def _validate(self, document: Document, root: Any) -> list[str]:
        if document.file not in self._compiled:
            self._compiled[document.file] = etree.XMLSchema(etree.parse(self._folder / document.file))
        schema = self._compiled[document.file]
        # Through text once, so that prefixes and nil are as a reader would see them.
        schema.validate(etree.fromstring(etree.tostring(root)))
        return [f"{document.root}, line {error.line}: {error.message}" for error in schema.error_log]

    def to_xml(self, document: Document, value: Any) -> Any:
        """The XML that a JSON document stands for: the root element comes back, lists become repeated elements."""
        space = f"{{{NAMESPACES}{document.namespace}}}" if document.namespace else ""
        root = etree.Element(f"{space}{document.root}")
        rows = value.get(document.row) if isinstance(value, dict) else None
        for row in rows if isinstance(rows, list) else [] if rows is None else [rows]:
            self._append(root, document.row, row, self._row_type(document))
        for name in set(value) - {document.row}:
            self._append(root, name, value[name], None)
        return root

    def _row_type(self, document: Document) -> tuple[str, str] | None:
        space = f"{NAMESPACES}{document.namespace}" if document.namespace else ""
        holders = [fields for (owner, _), fields in self._types.items() if owner == space]
        found = [one for fields in holders for one in fields if one.name == document.row]
        return next((one.type for one in found), None)

    def _append(self, parent: Any, name: str, value: Any, kind: tuple[str, str] | None) -> None:
        for item in value if isinstance(value, list) else [value]:
            element = etree.SubElement(parent, name)
            if isinstance(item, dict) and item.get("@nil") == "true":
                element.set(NIL, "true")
            elif isinstance(item, dict):
                self._fill(element, item, kind)
            elif item is not None:
                element.text = str(item)

    def _fill(self, element: Any, values: dict[str, Any], kind: tuple[str, str] | None) -> None:
        fields = self._types.get(kind, []) if kind else []
        if "lpn" in values:
            values = {key: value for key, value in values.items() if key != "number" or not _is_container(fields)}
        for field in fields:
            if field.name in values:
                self._append(element, field.name, values[field.name], field.type)
            elif field.is_required:
                _forgiven(element, field)
        for name in values:
            if all(name != field.name for field in fields):
                self._append(element, name, values[name], None)

    def _forgive(self, parent: Any, kind: tuple[str, str] | None, document: Document) -> None:
        """Bring XML into the order of the schema, as JSON is brought: it was put together from JSON over there."""
        for row in parent.findall(document.row):
            value = _value(row)
            parent.remove(row)
            self._append(parent, document.row, value, kind)


def _is_container(fields: list[Field]) -> bool:
    return {"lpn", "number"} <= {field.name for field in fields}


def _forgiven(element: Any, field: Field) -> None:
    if field.is_nillable:
        etree.SubElement(element, field.name).set(NIL, "true")
    elif field.name in OMITTED_LIVE:
        etree.SubElement(element, field.name)


def _elements(kind: Any) -> Iterator[Any]:
    """The elements of a type, without those of types that are declared inside it."""
    for element in kind.iter(f"{XS}element"):
        owner = next(one for one in element.iterancestors(f"{XS}complexType"))
        if owner is kind:
            yield element


def _field(element: Any, space: str) -> Field:
    name, text = element.get("name"), element.get("type")
    kind: tuple[str, str] | None = None
    if text is None and element.find(f"{XS}complexType") is not None:
        kind = (space, f"element:{name}")
    elif text and not text.startswith("xs:"):
        prefix, _, local = text.rpartition(":")
        kind = (element.nsmap.get(prefix or None) or space, local)
    in_choice = any(True for _ in element.iterancestors(f"{XS}choice"))
    is_required = element.get("minOccurs", "1") != "0" and not in_choice
    return Field(name, kind, element.get("nillable") == "true", is_required)


def _value(element: Any) -> Any:
    if element.get(NIL) == "true":
        return {"@nil": "true"}
    children = list(element)
    if not children:
        return element.text
    result: dict[str, Any] = {}
    for child in children:
        known = result.get(child.tag)
        value = _value(child)
        result[child.tag] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    return result
