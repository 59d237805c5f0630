"""make demo: three devices of one person stay in unison. Exit status 0 only if they did."""

import argparse
import asyncio
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console

from demo.device import DemoDevice
from demo.plain_display import PlainDisplay
from demo.scenario import USER, Scenario, verdict
from demo.server import ServerFailedError, mint, serving
from demo.terminal_display import TerminalDisplay
from unisono.client import Platform, Publisher, UnisonoError

#: The demo ends by itself within this time, in seconds, whatever happens.
TIMEOUT = 50

#: The width, in columns, from which on no title of the scenario is cut.
MIN_WIDTH = 80

DEVICES = {"phone": Platform.ANDROID, "laptop": Platform.MACOS, "browser": Platform.WEB}


async def main(console: Console, pace: float) -> int:
    """Run the demo on a temporary store, and return the exit status: 0 if all ended in unison.

    It is shown as a picture, or without a fit terminal as plain lines; `pace` is in seconds for a step.
    Raises `TimeoutError` after `TIMEOUT` seconds, `ServerFailedError`, and `ConnectionError` or
    `UnisonoError` when a connection is lost.
    """
    display = TerminalDisplay(console, pace) if _draws(console) else PlainDisplay(console)
    with tempfile.TemporaryDirectory(prefix="unisono-demo-") as folder:
        store = f"sqlite:///{Path(folder) / 'demo.db'}"
        console.print("Starting a server on a temporary file ...")
        async with asyncio.timeout(TIMEOUT), serving(store) as address:
            app_token, user_token = await asyncio.gather(mint(store), mint(store, "--user", USER))
            devices = [
                DemoDevice(name, platform, target=address, token=user_token, happened=display.happened)
                for name, platform in DEVICES.items()
            ]
            picture = display.show(devices) if isinstance(display, TerminalDisplay) else nullcontext()
            async with Publisher(address, app_token) as publisher:
                with picture:
                    unison = await Scenario(publisher, devices, display).run()
                for device in devices:
                    await device.switch_off()
    console.print(f"\n{verdict(list(DEVICES), unison)}", style="bold green" if unison else "bold red")
    return 0 if unison else 1


def _draws(console: Console) -> bool:
    """Return whether there is a terminal on which three devices fit side by side."""
    return console.is_terminal and not console.is_dumb_terminal and console.width >= MIN_WIDTH


def _pace() -> float:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--pace", type=float, default=2.2, help="seconds to look at each step (2.2)")
    return float(parser.parse_args().pace)


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(Console(highlight=False), _pace())))
    except TimeoutError:
        sys.exit(f"the demo did not end within {TIMEOUT} s")
    except ServerFailedError as error:
        sys.exit(f"the server did not start:\n{error}")
    except (ConnectionError, UnisonoError) as error:
        sys.exit(f"the demo was cut off: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
