"""A picture on a terminal: which way this one has, and the bytes for each way. Pure; nothing here writes."""
