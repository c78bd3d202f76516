"""One batch for many machines: rows go through a queue in the ledger's database, orders through the ledger."""
