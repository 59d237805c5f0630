"""`python -m unisono.server` is the command `unisono-server`."""

from unisono.server.cli import main

if __name__ == "__main__":
    main()
