"""`python -m unisono.client.cli` is the command `unisono`."""

from unisono.client.cli import main

if __name__ == "__main__":
    main()
