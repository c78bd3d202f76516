"""What a film says about its own making: read from the file, and written into a copy of it."""
