"""Wires the applications together. Nothing imports it but the entry points."""
