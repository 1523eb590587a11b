"""A REST catalog on loopback: the part of Iceberg's REST specification that the lake uses, over a catalog in SQLite."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

from pyiceberg.catalog.rest import CreateTableRequest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.table import CommitTableRequest, Table

STATUS = {
    NoSuchTableError: 404,
    NamespaceAlreadyExistsError: 409,
    TableAlreadyExistsError: 409,
    CommitFailedException: 409,
}


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a catalog whose tables lie in `folder`; yields its address."""
    folder.mkdir()
    catalog = SqlCatalog("served", uri=f"sqlite:///{folder}/catalog.db", warehouse=folder.as_uri())
    handler = type("Bound", (_Handler,), {"catalog": catalog, "lock": Lock()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    catalog: SqlCatalog
    lock: Lock  # SQLite, one request at a time

    def do_GET(self) -> None:
        self._answer(b"")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""

    def _answer(self, body: bytes) -> None:
        parts = self.path.partition("?")[0].strip("/").split("/")[1:]  # without "v1"
        try:
            with self.lock:
                status, answer = 200, self._result(parts, body)
        except tuple(STATUS) as error:
            name = type(error).__name__
            status = STATUS[type(error)]
            answer = {"error": {"message": str(error), "type": name, "code": status}}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _result(self, parts: list[str], body: bytes) -> dict:
        match parts:
            case ["config"]:
                return {"defaults": {}, "overrides": {}}
            case ["namespaces"]:
                namespace = json.loads(body)["namespace"]
                self.catalog.create_namespace(tuple(namespace))
                return {"namespace": namespace, "properties": {}}
            case ["namespaces", namespace, "tables"]:
                wanted = CreateTableRequest.model_validate({"location": None, **json.loads(body)})
                return _table(
                    self.catalog.create_table(
                        (namespace, wanted.name),
                        wanted.table_schema,
                        partition_spec=wanted.partition_spec,
                        properties=wanted.properties,
                    )
                )
            case ["namespaces", namespace, "tables", name]:
                table = self.catalog.load_table((namespace, name))
                if body:
                    commit = CommitTableRequest.model_validate_json(body)
                    self.catalog.commit_table(table, commit.requirements, commit.updates)
                    table = self.catalog.load_table((namespace, name))
                return _table(table)
        raise AssertionError(f"not a request of the lake: {self.command} {self.path}")


def _table(table: Table) -> dict:
    return {"metadata-location": table.metadata_location, "metadata": json.loads(table.metadata.model_dump_json())}
