"""MiniMax Hailuo video from the terminal, through any provider. Start reading at `jobs.py`."""

__version__ = "0.1.0"
