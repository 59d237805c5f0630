"""The command behind `make vectors`: writes all files of `tests/vectors` anew."""

import asyncio

from tests.guarantees.vectors.files import FILES, path_of, written


async def main() -> None:
    """Write the files."""
    for number in range(FILES):
        path_of(number).write_text(await written(number))


if __name__ == "__main__":
    asyncio.run(main())
