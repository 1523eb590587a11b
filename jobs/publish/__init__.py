"""What listeners and operators get: one M3U8 playlist for each listener, with the reason for each track, and a summary
of the week's run."""
