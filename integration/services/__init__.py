"""One verb per file: everything that changes a status."""
