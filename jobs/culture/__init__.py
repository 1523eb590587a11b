"""Words about artists: finds artists and tracks in the articles, the terms that people use around them, and which
artists are spoken of alike (Whitman and Lawrence, "Inferring descriptions and similarity for music from community
metadata", ICMC 2002)."""
