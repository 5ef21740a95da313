"""Questions about the rows, one per file. Nothing here writes."""
