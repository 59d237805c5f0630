"""Says whether a server would start with certain settings, as far as that is seen beside one that runs.

Changes nothing: no key is made, no store, and no port is taken.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from unisono.server.api.tls import CertificateError
from unisono.server.app import dev_key, maintenance
from unisono.server.app.asking.own_certificate import own_certificate
from unisono.server.app.asking.own_server import OwnServerError
from unisono.server.app.build import certificate, check_key_is_private
from unisono.server.app.hook_book import hooks_of
from unisono.server.app.trust import declared_apps, trust
from unisono.server.clock import SystemClock
from unisono.server.config import Settings
from unisono.server.core.access.hooks import HookBook
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.store.base import StoreError


class _Unusable(Exception):
    """A file or an address that a server cannot use."""


_PROBLEMS: Final = (AccessMisconfigured, CertificateError, OwnServerError, StoreError, _Unusable)


def problems(settings: Settings) -> list[str]:
    """Return what would keep a server from starting, or its clients from it; nothing where all is well."""
    found = []
    for check in _CHECKS:
        try:
            check(settings)
        except _PROBLEMS as error:
            found.append(str(error))
        except OSError as error:
            found.append(f"{error.filename or 'a file'}: {error.strerror or error}")
    return found


def _access(settings: Settings) -> None:
    if not settings.dev or dev_key.key_file(settings.store_file).exists():
        trust(settings, SystemClock())


def _hooks(settings: Settings) -> None:
    apps = {app.app_id for app in declared_apps(settings)}
    HookBook(hooks_of(settings, apps, transport=settings.chosen_transport))


def _tls(settings: Settings) -> None:
    certificate(settings)
    check_key_is_private(settings)
    if settings.tls_certificate is not None:
        own_certificate(settings.tls_certificate)


def _store(settings: Settings) -> None:
    if settings.store_file.exists():
        maintenance.plan_migration(settings)
        _check_writable(settings.store_file)
    else:
        _check_folder(settings.store_file)


def _audit_log(settings: Settings) -> None:
    file = settings.audit_log
    if file is not None and file.exists():
        _check_writable(file)
    elif file is not None:
        _check_folder(file)


def _ports(settings: Settings) -> None:
    if settings.listen == settings.metrics_listen and not settings.listen.endswith(":0"):
        raise _Unusable(f"listen and metrics_listen are both {settings.listen}: give metrics another port")


def _check_folder(file: Path) -> None:
    folder = file.resolve().parent
    if not folder.is_dir():
        raise _Unusable(f"the folder {folder} does not exist; make it, or use another file than {file}")
    _check_writable(folder)


def _check_writable(path: Path) -> None:
    if not os.access(path, os.W_OK):
        raise _Unusable(f"cannot write {path}: let the user that the server runs as do so")


_CHECKS: Final[tuple[Callable[[Settings], None], ...]] = (
    *(_access, _hooks, _tls),
    *(_store, _audit_log, _ports),
)
