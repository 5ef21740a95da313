"""Read-only questions about cases and the state of the whole."""
