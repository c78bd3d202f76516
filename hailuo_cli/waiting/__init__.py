"""When to look at a job: many jobs at once, each provider at its own pace."""
