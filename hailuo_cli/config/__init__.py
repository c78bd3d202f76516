"""Profiles, accounts and keys: what may stand in the file, where it is, and how it is written."""
