"""What became of a batch, for people and programs: a page that plays the clips, Markdown, CSV, JSON lines."""
