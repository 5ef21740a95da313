"""Errors of the Deposco client besides those of core.http."""


class UnsupportedTransportError(Exception):
    """The profile asks for an API generation that this capability has no client for."""
