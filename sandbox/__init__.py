"""Plays a marketplace and a warehouse over real HTTP. Imports no application, and none imports it."""
