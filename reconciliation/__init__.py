"""Checks the money: payouts, tie-outs and journals stand here once the money lane is built."""
