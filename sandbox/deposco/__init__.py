"""The warehouse side: Deposco V1 with the quirks that were observed."""
