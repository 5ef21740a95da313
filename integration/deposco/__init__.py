"""The Deposco API on the wire. Knows nothing of Django."""
