"""Which seller: a filter, a sort, and what is tried next where nothing was bought."""
