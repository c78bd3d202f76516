"""A provider that runs on the user's own machine: same requests, no key, no cost."""
