"""The record of every job, on disk before money moves."""
