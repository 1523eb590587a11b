"""The work: each stage is a package, run as `python -m jobs.<stage> [step] --week YYYY-MM-DD`."""
