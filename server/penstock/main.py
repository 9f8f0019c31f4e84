"""The composition root: settings in, a server out."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from penstock.api.app import create
from penstock.api.front import Front
from penstock.errors import PenstockError
from penstock.runtime.attempt import Bench
from penstock.runtime.clock import Clock, SystemClock
from penstock.runtime.context import Place
from penstock.runtime.deadline import Deadlines
from penstock.runtime.environment import environment_of
from penstock.runtime.executor import Executor
from penstock.runtime.flow_test import FlowTests
from penstock.runtime.flows import FlowVersions
from penstock.runtime.functions import World
from penstock.runtime.ownership import Ownership
from penstock.runtime.poller import Poller
from penstock.runtime.rendering import Renderer
from penstock.runtime.rescuer import Checker, Heart, Rescuer
from penstock.runtime.scheduler import Scheduler
from penstock.runtime.service import Duties
from penstock.runtime.token_sweep import TokenSweep
from penstock.secrets import master
from penstock.secrets.cipher import Cipher
from penstock.secrets.database import SecretStore
from penstock.security.token import Tokens, bootstrap
from penstock.service.isolation import Isolation
from penstock.service.present import PresentFlows
from penstock.service.services import Parses, Services
from penstock.service.surroundings import PluginDefaults
from penstock.settings import Settings
from penstock.storage.configured import open_storage
from penstock.store import schema
from penstock.store.identity import new_id
from penstock.store.session import Database

_TEST_JOBS = 2
"""Cases of declared tests at once: they share the machine with executions."""
_IDLE_SECONDS = 75
"""Clients and load balancers end idle connections after a minute or less; were the server first, it
could end one just when a request is on its way."""


class CannotServe(PenstockError):
    """The server cannot start."""

    code = "cannot-serve"
    title = "Cannot serve"


@dataclass(frozen=True, slots=True)
class Application:
    """A server that is put together; `start` lets it work, `stop` ends it in order."""

    settings: Settings
    database: Database
    services: Services
    executor: Executor
    duties: Duties
    poller: Poller
    asgi: Front
    admin_token: Path
    _serving: threading.Event
    _leaving: threading.Event

    def start(self) -> None:
        """Recovers what was running, then begins to take executions."""
        self.executor.start()
        self.duties.start()
        self._serving.set()

    def leave(self) -> None:
        """Says to those who ask that it stops, and ends streams."""
        self._leaving.set()

    def stop(self) -> None:
        """Refuses new executions, lets running tasks end for a while, and leaves."""
        self.leave()
        self.duties.stop()
        self.poller.stop()
        self.executor.stop(self.settings.shutdown_seconds)
        self.database.close()


def build(settings: Settings, clock: Clock | None = None) -> Application:
    """Puts a server together: database migrated, first token made, nothing running yet."""
    _make_folder(settings.data.resolve())
    database = Database(settings.database_url)
    # Before anything is made: two that start at once must not both make tables and keys.
    ownership = Ownership(database)
    ownership.acquire()
    try:
        return _assemble(settings, clock or SystemClock(), database, ownership=ownership)
    except BaseException:
        ownership.release()
        database.close()
        raise


def _assemble(
    settings: Settings, time: Clock, database: Database, *, ownership: Ownership
) -> Application:
    data = settings.data.resolve()
    schema.prepare(database)
    admin_token = bootstrap(database, data, now=time.now())
    master_key = _master_key(settings)
    secrets = SecretStore(master_key)
    world = _world(settings, database, secrets, Cipher(master_key))
    parses = Parses()
    defaults = PluginDefaults(settings.plugin_defaults)
    flows = FlowVersions(parses, defaults)
    bench = Bench(time, Place(data / "work"))
    executor = Executor(world, flows, bench, workers=settings.workers, ownership=ownership)
    serving, leaving = threading.Event(), threading.Event()
    present = PresentFlows(database, flows)
    scheduler = Scheduler(world, flows, executor, time, missed=settings.recover_missed_schedules)
    poller = Poller(world, flows, executor, bench)
    firing = [scheduler, Deadlines(world, flows, executor, time), poller]
    care = [Heart(executor), Checker(executor), TokenSweep(database, time)]
    duties = Duties([*care, Rescuer(database, executor, time), *firing])

    def changed(may_fire: bool) -> None:  # noqa: FBT001 - the one thing that it tells
        defaults.forget()
        present.forget()
        world.forget()
        executor.declared()
        for duty in firing if may_fire else ():
            duties.nudge(duty.name)

    services = Services(
        database=database,
        secrets=secrets,
        storage=world.storage,
        uploads=data / "work" / "uploads",
        state_versions=settings.state_versions,
        tokens=Tokens(database, time.now),
        flows=flows,
        present=present,
        executor=executor,
        tests=FlowTests(parses, jobs=_TEST_JOBS),
        isolation=world.isolation,
        parses=parses,
        defaults=defaults,
        renderer=lambda execution: Renderer(world, time, execution),
        now=time.now,
        new_id=new_id,
        changed=changed,
        is_leaving=leaving.is_set,
    )
    asgi = create(
        services,
        max_body=settings.max_body,
        max_set_body=settings.max_set_body,
        max_upload=settings.max_upload,
        is_ready=lambda: serving.is_set() and not leaving.is_set() and executor.is_alive,
    )
    return Application(
        settings, database, services, executor, duties, poller, asgi, admin_token, serving, leaving
    )


def _master_key(settings: Settings) -> master.Key:
    given = settings.master_key
    return master.load(given.get_secret_value() if given else None, settings.data.resolve())


def _world(settings: Settings, database: Database, secrets: SecretStore, cipher: Cipher) -> World:
    """What expressions and tasks reach."""
    return World(
        database,
        secrets,
        open_storage(
            settings.storage,
            settings.data.resolve() / "storage",
            endpoint=settings.storage_endpoint,
            region=settings.storage_region,
        ),
        environment_of(os.environ, name=settings.environment, url=settings.url),
        Isolation(is_open=settings.namespaces == "open"),
        settings.local_files,
        cipher,
    )


def serve(
    settings: Settings,
    on_ready: Callable[[Application, str], None],
    stop: threading.Event | None = None,
) -> None:
    """Runs a server until SIGTERM, SIGINT or `stop`; `on_ready` hears its URL once it serves."""
    with _listening(settings) as listener, _signals_kept():
        try:
            application = build(settings)
        except (ArgumentError, DBAPIError, ModuleNotFoundError) as error:
            raise _no_database(settings, error) from None
        _run(application, listener, on_ready, stop=stop or threading.Event())


def _run(
    application: Application,
    listener: socket.socket,
    on_ready: Callable[[Application, str], None],
    *,
    stop: threading.Event,
) -> None:
    import uvicorn  # noqa: PLC0415 - only a server needs a server

    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            on_ready(application, f"http://{shown}:{port}")

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            application.leave()
            await super().shutdown(sockets)

        async def on_tick(self, counter: int) -> bool:
            return stop.is_set() or await super().on_tick(counter)

    config = uvicorn.Config(
        application.asgi,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        http="httptools",
        server_header=False,
        date_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=max(1, round(application.settings.shutdown_seconds)),
    )
    application.start()
    try:
        Server(config).run(sockets=[listener])
    finally:
        application.stop()


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Keeps the process alive through the signals that end serving.

    uvicorn raises them once more when it is done; by default that would end the process
    before the executor has stopped in order.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: None) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Takes the port first: a second server on it fails before it touches the database."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer waits 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            raise CannotServe(
                f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.",
                hint="Stop what uses it, or choose another with --port.",
            ) from None
        listener.listen(2_048)
        yield listener


def _no_database(settings: Settings, error: Exception) -> CannotServe:
    try:
        shown = make_url(settings.database_url).render_as_string(hide_password=True)
    except ArgumentError:
        return CannotServe(
            "PENSTOCK_DATABASE is no database URL.",
            hint="Such as postgresql+psycopg://user@host/name; leave it out for SQLite.",
        )
    cause = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return CannotServe(
        f"Cannot use the database {shown}: {cause.strip().splitlines()[0]}.",
        hint="PostgreSQL needs: pip install 'penstock[postgres]'."
        if isinstance(error, ModuleNotFoundError)
        else "Check that it runs and that its user may write.",
    )


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CannotServe(
            f"Cannot make the data folder {data}: {error.strerror}.",
            hint="Choose another with --data.",
        ) from None
