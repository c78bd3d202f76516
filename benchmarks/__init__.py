"""hailuo beside its peers and the limits of the machine, in one run: `python -m benchmarks` from the root of a clone.

Only the ratios mean something elsewhere: every row runs its contenders in turn against one loopback server, and
reports medians.
"""
