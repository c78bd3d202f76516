"""How this copy of hailuo came to the machine, and the files it carries beside its code."""
