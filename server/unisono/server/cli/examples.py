"""Examples at the end of a command's --help."""


def examples(*lines: str) -> str:
    """An epilog that keeps its lines as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
