"""What the tests stand on: servers that play a seller or misbehave, the command as users run it, clips, keys, faults."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The folder of the repository."""
FRAME = ROOT / "examples" / "start-frame.png"
"""An image that keeps every rule."""
