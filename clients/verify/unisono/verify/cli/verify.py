"""Runs the load of a plan, removes what it leaves, and judges what was recorded."""

import asyncio
import logging
from functools import partial

from unisono.client import DeadlineExceeded, Transport, Unavailable, UnisonoError, create_transport
from unisono.client.cli.failures import Failure, UsageFailure, say, warn
from unisono.client.cli.formatting.errors import by_options
from unisono.client.cli.service.remarks import remarks
from unisono.client.cli.service.tokens import TokenCommandError
from unisono.client.cli.signals import run_until_first_done, stop_event
from unisono.verify.cli import failures
from unisono.verify.cli.plan import Plan
from unisono.verify.cli.progress import ProgressReporter, progress_reporter
from unisono.verify.cli.report import Report, judge
from unisono.verify.cli.tokens import TokenSet
from unisono.verify.history_file import Saved, save
from unisono.verify.load.access import Connect
from unisono.verify.load.cleanup import remove_all
from unisono.verify.load.preflight import OlderServer, UnusableToken, check_tokens
from unisono.verify.load.run import LoadOptions, NotConverged, run
from unisono.verify.recording import Recorder, steady_clock


def verify(plan: Plan) -> int:
    """Carry out a plan, print the report, and return the exit status: 1 when a promise is broken, else 0.

    Raises a `Failure` when tokens cannot be used, when the process is asked to end (SIGTERM, SIGHUP), or
    when the history cannot be saved; and after the report, when traffic or the clean-up failed.
    """
    recorder = Recorder(steady_clock())
    with remarks(partial(warn, as_json=plan.as_json)):
        connect = _connect(plan)
    # Devices warn of marks that were refused and of streams that were cut; here both are intended.
    logging.getLogger("unisono.client").setLevel(logging.ERROR)
    with progress_reporter(recorder.history, quiet=plan.as_json) as reporter:
        verification = Verification(plan, connect, recorder, reporter)
        asyncio.run(verification.run())
        reporter.stage("judging what was recorded")
        report = verification.report()
    report.show(as_json=plan.as_json)
    for failure in verification.failures[:-1]:
        say(failure, as_json=plan.as_json)
    for failure in verification.failures[-1:]:
        raise failure
    return 1 if report.broken else 0


class Verification:
    """One run of a plan. `failures` are those of traffic and clean-up: what was recorded is still judged."""

    def __init__(self, plan: Plan, connect: Connect, recorder: Recorder, reporter: ProgressReporter) -> None:
        self.failures: list[Failure] = []
        self._plan = plan
        self._recorder = recorder
        self._reporter = reporter
        self._connect = connect
        self._tokens = TokenSet(plan)
        self._app_id = ""
        #: Whether there may be something to remove.
        self._left = True

    async def run(self) -> None:
        """Check the tokens, run the load, and remove what it leaves, also after an error or cancellation.

        Raises a `Failure` when tokens cannot be used, or when the process is asked to end.
        """
        with stop_event() as asked:
            await run_until_first_done(self._run(), self._reporter.run(), asked.wait())
            if asked.is_set():
                raise Failure("it was told to end before the run was over")

    def report(self) -> Report:
        """Judge the history, and save it first if the plan says so. Raises a `Failure` when saving fails."""
        plan, history = self._plan, self._recorder.history
        about = {
            "target": plan.target,
            "app": self._app_id,
            "users": list(plan.users),
            "traffic": plan.seconds,
            "seed": plan.seed,
        }
        if plan.save is not None:
            try:
                with plan.save.open("w", encoding="utf-8") as file:
                    save(Saved(history=history, about=about), file)
            except OSError as error:
                raise Failure(f"--save {plan.save}: {error.strerror}", "name another file") from error
        return judge(history, about)

    async def _run(self) -> None:
        self._reporter.stage("checking the tokens")
        await self._tokens.ask()
        try:
            self._app_id = await self._checked()
            await self._loaded()
        finally:
            if self._left:
                self._reporter.stage("removing what it left")
                await self._removed()

    async def _checked(self) -> str:
        """Return the app's id. Raises a `Failure` for an older server, or when a token cannot be used."""
        plan, principals = self._plan, self._tokens
        try:
            app_id = await check_tokens(
                self._connect, principals.access().backend, principals.users, plan.prefix
            )
        except OlderServer as older:
            self._left = False
            raise failures.of_an_older_server(plan) from older
        except UnusableToken as unfit:
            self._left = not isinstance(unfit.error, Unavailable | DeadlineExceeded)
            raise failures.of_a_token(unfit, plan) from unfit
        except TokenCommandError as error:
            raise failures.of_a_run(error, plan) from error
        if plan.app_id not in ("", app_id):
            raise failures.of_another_app(app_id, plan)
        return app_id

    async def _loaded(self) -> None:
        plan = self._plan
        load = LoadOptions(
            users=list(plan.users),
            seconds=plan.seconds,
            rate=plan.rate,
            seed=plan.seed,
            prefix=plan.prefix,
            faults=plan.faults,
        )
        access = self._tokens.access(self._app_id)
        try:
            await run(self._connect, access, load, self._recorder, self._reporter.stage)
        except (UnisonoError, NotConverged, TokenCommandError) as error:
            self.failures.append(failures.of_a_run(error, plan))

    async def _removed(self) -> None:
        plan = self._plan
        try:
            await remove_all(self._connect, self._tokens.access(), list(plan.users), plan.prefix)
        except (UnisonoError, TokenCommandError) as error:
            # When a token cannot be used, that has been reported already.
            if self._app_id:
                self.failures.append(failures.of_cleanup(error, plan))


def _connect(plan: Plan) -> Connect:
    """Return a function that opens connections. Raises a `UsageFailure` for an invalid address."""

    def connect() -> Transport:
        return create_transport(plan.target, **plan.connection)

    try:
        connect()  # it opens with the first call
    except ValueError as error:
        raise UsageFailure(by_options(str(error))) from None
    return connect
