"""Benchmarks: one command each, printing its figures as ratios within one run."""
