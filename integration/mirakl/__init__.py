"""The Mirakl seller API on the wire. Knows nothing of Django."""
