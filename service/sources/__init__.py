"""Digest files: found in folders, recognised by their content, read into editions."""
