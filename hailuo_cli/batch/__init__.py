"""Many videos from one file: read the rows, plan them, make them so, report on them."""
