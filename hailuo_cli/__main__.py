"""`python -m hailuo_cli` and the installed command `hailuo`."""

import gc

# loading modules makes many objects and no garbage: looking for some meanwhile is a tenth of a quick command's time
gc.set_threshold(100_000)

from .cli.app import main  # noqa: E402

if __name__ == "__main__":
    main()
