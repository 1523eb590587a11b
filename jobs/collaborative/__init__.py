"""Collaborative filtering: where listeners and tracks stand to each other, learned from who plays and lists what.

`interactions` turns listens, play counts and playlists into confidences, `als` factorizes them, `evaluation` lets the
factors predict what comes next, and `metrics` says how well they do.
"""
