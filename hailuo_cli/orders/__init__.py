"""The story of an order: paid once, waited for, saved. Read `submit.py` first."""
