"""Calls a function that may block for long, even for ever, on a thread that nobody else waits for."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Value = TypeVar("Value")


async def call_on_thread(function: Callable[[], Value], name: str) -> Value:
    """Return what a function returns, called on a thread of its own with the context variables of this task.

    Cancelling leaves the thread alone. One that never ends takes no room from the threads of the event loop,
    nor does it keep the process from exiting. Raises what the function raises, and `RuntimeError` where the
    process can have no more threads.
    """
    answer: Future[Value] = Future()
    answer.set_running_or_notify_cancel()  # from here on it cannot be cancelled, and always takes the answer
    context = contextvars.copy_context()

    def work() -> None:
        try:
            answer.set_result(context.run(function))
        except Exception as error:
            answer.set_exception(_awaitable(error))
        except BaseException as error:  # such as SystemExit, which must not end the event loop
            answer.set_exception(RuntimeError(f"the function raised {error!r}"))

    threading.Thread(target=work, name=name, daemon=True).start()
    return await asyncio.wrap_future(answer)


def _awaitable(error: Exception) -> Exception:
    """Return an error that a future of asyncio takes: with StopIteration, who waits would wait for ever."""
    return RuntimeError(f"the function raised {error!r}") if isinstance(error, StopIteration) else error
