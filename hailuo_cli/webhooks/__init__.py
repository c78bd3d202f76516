"""Hearing from providers: calls are checked, answered at once, and lead to a look at the job with the key."""
