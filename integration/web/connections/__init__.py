"""Connections to marketplaces and warehouses, and the jobs that use them."""
