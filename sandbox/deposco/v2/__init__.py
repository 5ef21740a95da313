"""Deposco V2: the same tenants, orders and shipments as V1, spoken in JSON with bearer tokens and keyset pages."""
