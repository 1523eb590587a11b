"""Reads the web: feeds and sites from `sources`, politely and safely, and keeps the articles in them as text. What
became of each address it considered is in `crawl_log`."""
