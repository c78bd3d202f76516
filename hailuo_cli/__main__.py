"""`python -m hailuo_cli` and the installed command `hailuo`."""

from .cli.app import main

if __name__ == "__main__":
    main()
