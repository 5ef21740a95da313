"""Moves the data: marketplace orders in, warehouse orders out, dispatches back. Never raises a case."""
