"""Side-by-side runs against peers: `python -m benchmarks.NAME [--small] [--json FILE]`.

Peers are no part of the product: `make benchmark-peers` installs what `benchmarks/requirements.txt` pins. One that is
not there is named and left out.
"""
