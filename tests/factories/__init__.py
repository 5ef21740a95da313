"""Rows for tests, one factory per row, with the least that makes it valid."""
