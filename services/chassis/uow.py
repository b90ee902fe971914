"""The unit of work of a service class, and how each worker gets its own."""

from __future__ import annotations

from typing import cast

from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

from services.chassis.relay import Relay
from services.chassis.restored import RestoreWatch
from services.chassis.transaction import Transaction


class UnitOfWorkProvider(DependencyProvider):
    """Gives each worker its unit of work, commits it after the method, and closes it always.

    The relay comes with it: whatever process writes events also publishes them. So does the watch that keeps both from
    a database that was set back.
    """

    restore_watch = RestoreWatch()
    relay = Relay()

    def get_dependency(self, worker_ctx: WorkerContext) -> Transaction:
        """The transaction that the entrypoint opened, or a new one."""
        joined = worker_ctx.data.get("transaction")
        if joined is not None:
            return cast(Transaction, joined)
        transaction = Transaction(self.container.runtime, worker_ctx.data["call"])
        worker_ctx.data["own_transaction"] = transaction
        return transaction

    def worker_commit(self, worker_ctx: WorkerContext) -> None:
        """Commit, unless the entrypoint opened the transaction and commits it itself."""
        transaction = worker_ctx.data.get("own_transaction")
        if transaction is not None:
            transaction.commit()

    def worker_teardown(self, worker_ctx: WorkerContext) -> None:
        """Give the connection back."""
        transaction = worker_ctx.data.get("own_transaction")
        if transaction is not None:
            transaction.close()


def UnitOfWork() -> Transaction:
    """Declare the unit of work of a service class: `uow = UnitOfWork()`. Inside a worker it is a Transaction."""
    return cast(Transaction, UnitOfWorkProvider())
