"""`python -m hailuo_cli` and the installed command `hailuo`."""

import gc
import sys

# loading modules makes many objects and no garbage: looking for some meanwhile is a tenth of a quick command's time
gc.set_threshold(100_000)

try:
    from .cli.app import main
except KeyboardInterrupt:  # before anything could be heard or done
    sys.stderr.write("stopped by SIGINT\n  → nothing was sent\n")
    sys.exit(130)

if __name__ == "__main__":
    main()
