"""Orders, their passports, and the shipments they left with."""
