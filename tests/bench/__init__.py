"""Benchmarks: each builds its own data, prints a table and one JSON line, and says what it
compares. Run them with `make bench` or `python -m tests.bench NAME`.
"""
