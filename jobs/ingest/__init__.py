"""Bringing data in: files in the contracts' columns, and folders of music with tags, into the input tables.

A broken row is named, counted and set aside, and the rest goes on; the same input a second time changes nothing.
"""
