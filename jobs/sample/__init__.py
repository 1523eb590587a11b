"""The sample world: what a small music service would have on disk, made from a seed.

Artists, tracks with audio, listeners with 26 weeks of history, playlists, bans and a web site are written as the plain
files that a user would bring, and come in through `jobs.ingest` like anybody's. Who likes what, and what belongs
together, is planted: only `jobs.sample` itself and the tests know it.
"""
