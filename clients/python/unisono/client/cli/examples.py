"""What stands at the end of a command's --help, with its lines as they are."""


def examples(*lines: str) -> str:
    """Examples, as an epilog."""
    return block("Examples:", *lines)


def block(title: str, *lines: str) -> str:
    """Lines under a title, as a part of an epilog."""
    return "\n".join(("\b", title, *(f"  {line}" for line in lines)))
