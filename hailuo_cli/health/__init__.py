"""Whether this installation could work: everything is looked at, nothing is changed. `hailuo doctor` shows it."""
