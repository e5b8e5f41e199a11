"""Paperround: the day's papers on your topics, in one quiet letter."""
