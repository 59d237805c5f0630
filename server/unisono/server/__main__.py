"""Makes `python -m unisono.server` the command `unisono-server`."""

from unisono.server.cli import main

if __name__ == "__main__":
    main()
