"""make demo: three devices of one person stay in unison. Exit status 0 only if they did."""

import asyncio
import sys
import tempfile
from pathlib import Path

import grpc

from demo.server import ServerFailedError, mint, serving
from demo.story import Story, verdict
from demo.words import narrator
from unisono.client import connect

#: The demo ends by itself within this time, in seconds, whatever happens.
AT_MOST = 50


async def main() -> int:
    """Run the demo on a temporary store."""
    with tempfile.TemporaryDirectory(prefix="unisono-demo-") as folder:
        store = f"sqlite:///{Path(folder) / 'demo.db'}"
        print("Starting a server on a temporary file ...", flush=True)
        async with asyncio.timeout(AT_MOST), serving(store) as address:
            app_token, user_token = await asyncio.gather(mint(store), mint(store, "--user", "ada"))
            async with connect(address) as channel:
                story = Story(channel, app_token=app_token, user_token=user_token, say=narrator())
                unison = await story.tell()
    print(f"\n{verdict(('phone', 'laptop', 'browser'), unison)}")
    return 0 if unison else 1


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except TimeoutError:
        sys.exit(f"the demo did not end within {AT_MOST} s")
    except ServerFailedError as error:
        sys.exit(f"the server did not start:\n{error}")
    except (ConnectionError, grpc.aio.AioRpcError) as error:
        sys.exit(f"the demo was cut off: {error}")
