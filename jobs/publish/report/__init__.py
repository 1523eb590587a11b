"""The report of a week's run: questions to the lake, plots, and one page of static HTML."""
