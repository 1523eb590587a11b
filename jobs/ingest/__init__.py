"""Bringing data in: files in the contracts' columns, and folders of music with tags, into the input tables.

A broken row is named, counted and set aside, and the rest goes on; the same input a second time changes nothing.
"""

# Columns that a contract requires and a file may leave out, by table: they are filled in.
FILLED_IN = {"tracks": ("work_id",), "exclusions": ("excluded_id",)}
