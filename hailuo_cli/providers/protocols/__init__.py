"""Conversations that several providers have in common; what is a provider's own stays in its file."""
