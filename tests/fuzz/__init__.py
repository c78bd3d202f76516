"""Every parser against hostile input: targets T1 to T14, and an order's whole life as a state machine.

In the suite each property runs some hundred examples. Longer, by name and time:

    python -m tests.fuzz T9 T10 --seconds 60
    python -m tests.fuzz orders --seconds 600

What was found once stays as a file in `seeds/` or an example at its target.
"""
