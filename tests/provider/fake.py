"""A small Penstock in memory: as much of the HTTP contract as the provider uses, over real sockets."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

TOKEN = "fake-token-1"
UNKNOWN = {"$unknown": True}
TASK_TYPES = {"core.log.Log", "core.flow.Subflow", "core.debug.Return"}


def ref_of(item: dict) -> str:
    parts = [item["kind"], item["namespace"], item.get("id")]
    return "/".join(part for part in parts if part)


def sha(data: str) -> str:
    return hashlib.sha256(data.encode()).hexdigest()


def fingerprint(value: str) -> str:
    return hmac.new(b"fake", value.encode(), hashlib.sha256).hexdigest()


class Refused(Exception):
    def __init__(self, status: int, code: str, detail: str, problems: list | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"status": status, "code": code, "detail": detail, "problems": problems or []}


class Fake:
    """State and behaviour; ``start`` serves it on a free port of the loopback."""

    def __init__(self) -> None:
        self.objects: dict[str, dict] = {}
        self.requests: list[tuple[str, str]] = []
        self.bodies: list[dict] = []
        self.headers: list[dict[str, str]] = []
        self.failures: list[tuple[int, dict[str, str]] | None] = []
        self.refusals: dict[str, Refused] = {}
        self.version = 1
        self.versions: dict[str, str] = {}
        self.lock = threading.Lock()
        self.asked = threading.Condition()
        self.connections: set[socket.socket] = set()

    def start(self) -> str:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_: object) -> None:
                return

            def answer(self) -> None:
                fake.answer(self)

            do_GET = do_POST = answer  # noqa: N815 (names that http.server wants)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        url = urllib.parse.urlsplit(request.path)
        size = int(request.headers.get("Content-Length") or 0)
        body = json.loads(request.rfile.read(size)) if size else None
        path = url.path.removeprefix("/api/v1/tenants/main")
        name = path.strip("/").replace(":", "_")
        with self.asked:
            self.connections.add(request.connection)
            self.asked.notify_all()
        with self.lock:
            self.requests.append((request.command, path))
            self.bodies.append(body)
            self.headers.append(dict(request.headers))
            failing = self.failures.pop(0) if self.failures else (0, {})
            if failing is None:
                request.close_connection = True
                return
            status, extra = failing
            etag = ""
            try:
                self.admit(request, status)
                query = {k: v[0] for k, v in urllib.parse.parse_qs(url.query).items()}
                self.owner = request.headers.get("Penstock-Owner", "api")
                route = getattr(self, f"on_{name}", self.on_nothing)
                status, answer = 200, route(body or query)
            except Refused as refused:
                status, answer = refused.status, refused.body
            data = json.dumps(answer).encode()
            if name == "state" and status == 200:
                etag = f'"{hashlib.sha256(data).hexdigest()}"'
                if request.headers.get("If-None-Match") == etag:
                    status, data = 304, b""
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(data)))
        if etag:
            request.send_header("ETag", etag)
        extra = {**self.versions, **extra}
        for key, value in extra.items():
            request.send_header(key, value)
        request.end_headers()
        request.wfile.write(data)
        with self.asked:
            self.asked.notify_all()

    def hang_up(self) -> None:
        """Ends all connections, as servers do with those on which nothing comes for a while."""
        while self.connections:
            self.connections.pop().shutdown(socket.SHUT_RDWR)

    def wait_until(self, predicate) -> None:
        """Returns once a request makes the predicate true."""
        with self.asked:
            assert self.asked.wait_for(predicate, 30)

    def admit(self, request: BaseHTTPRequestHandler, status: int) -> None:
        if status:
            raise Refused(status, "", "broken on purpose")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refused(401, "unauthenticated", "The token is not known.")

    # what the contract names

    def on_nothing(self, _: dict) -> dict:
        raise Refused(404, "not-found", "There is nothing at this address.")

    def on_whoami(self, _: dict) -> dict:
        return {"actor": "test", "tenant": "main", "version": "9.9.9", "apiVersion": self.version}

    def on_state_read(self, body: dict) -> dict:
        rows = [{"ref": ref_of(i), "object": self.objects.get(ref_of(i))} for i in body["objects"]]
        return {"objects": rows}

    def on_state(self, query: dict) -> dict:
        kinds, namespaces = query["kinds"].split(","), query["namespaces"].split(",")
        found = [
            o for o in self.objects.values() if o["kind"] in kinds and o["namespace"] in namespaces
        ]
        return {"objects": found}

    def on_secrets_compare(self, body: dict) -> dict:
        items = []
        for item in body["items"]:
            there = self.objects.get(f"secret/{item['namespace']}/{item['key']}")
            wanted = fingerprint(item["value"])
            equal = bool(there) and there["fingerprint"] == wanted
            items.append(
                {
                    **item,
                    "value": None,
                    "equal": equal,
                    "exists": bool(there),
                    "fingerprint": wanted,
                }
            )
        return {"items": items}

    def on_plan(self, body: dict) -> dict:
        rows, problems = [], []
        for item in body["objects"]:
            found = self.check(item, body)
            form = (
                self.form(item, self.owner)
                if not any(p["severity"] == "error" for p in found)
                else None
            )
            rows.append({"ref": ref_of(item), "kind": item["kind"], "problems": found})
            if form is not None and UNKNOWN not in item["spec"].values():
                rows[-1]["contentHash"] = form["contentHash"]
            problems += found
        problems += [p for item in body["deletes"] for p in self.users(item, body)]
        valid = not any(p["severity"] == "error" for p in problems)
        return {"valid": valid, "objects": rows, "problems": problems}

    def on_apply(self, body: dict) -> dict:
        before = dict(self.objects)
        try:
            rows = [self.delete(item, body) for item in body["deletes"]]
            rows += [self.put(item, body, self.owner) for item in body["objects"]]
        except Refused:
            self.objects = before
            raise
        return {"objects": rows, "warnings": []}

    # how it judges

    def put(self, item: dict, body: dict, owner: str) -> dict:
        ref = ref_of(item)
        if ref in self.refusals:
            raise self.refusals[ref]
        errors = [p for p in self.check(item, body) if p["severity"] == "error"]
        if errors:
            raise Refused(422, "invalid-object", f"{ref} is not valid.", errors)
        there = self.objects.get(ref)
        if there and there["owner"] != owner:
            raise Refused(409, "foreign-owner", f'{ref} belongs to "{there["owner"]}".')
        if item.get("ifMatch") and (there or {}).get("contentHash") != item["ifMatch"]:
            raise Refused(412, "precondition-failed", f"{ref} has changed.")
        form = self.form(item, owner)
        if there and there["contentHash"] == form["contentHash"]:
            form = there
        self.objects[ref] = form
        return {"ref": ref, "object": form, "revision": form["revision"]}

    def delete(self, item: dict, body: dict) -> dict:
        ref = ref_of(item)
        if ref not in self.objects:
            raise Refused(404, "not-found", f"There is no {ref}.")
        users = self.users(item, body)
        if users:
            raise Refused(409, "in-use", f"{ref} is in use.", users)
        del self.objects[ref]
        return {"ref": ref, "action": "delete"}

    def users(self, item: dict, body: dict) -> list[dict]:
        leaving = {ref_of(gone) for gone in body["deletes"]}
        return [
            {
                "severity": "error",
                "code": "in-use",
                "object": ref_of(item),
                "message": f"{ref} uses it.",
            }
            for ref, other in self.objects.items()
            if other["kind"] == "schedule"
            and item["kind"] == "flow"
            and ref not in leaving
            and (other["namespace"], other["flowId"]) == (item["namespace"], item["id"])
        ]

    def form(self, item: dict, owner: str) -> dict:
        ref, spec = ref_of(item), dict(item["spec"])
        there = self.objects.get(ref)
        common = {"kind": item["kind"], "namespace": item["namespace"], "owner": owner}
        if item["kind"] != "namespace":
            common["key" if item["kind"] == "secret" else "id"] = item["id"]
        if item["kind"] == "flow":
            parsed = yaml.safe_load(spec["source"])
            spec |= {"description": parsed.get("description"), "labels": parsed.get("labels") or {}}
            content = sha(spec["source"])
        elif item["kind"] == "secret":
            mark = fingerprint(
                json.dumps(spec.pop("value"))
                if isinstance(spec["value"], dict)
                else spec.pop("value")
            )
            same = there is not None and there["fingerprint"] == mark
            spec |= {
                "fingerprint": mark,
                "version": (there["version"] if there else 0) + (not same),
            }
            content = sha(json.dumps([spec.get("description"), mark]))
        else:
            if item["kind"] == "schedule":
                spec = {"timezone": "UTC", "inputs": {}, "disabled": False, **spec}
            content = sha(json.dumps(spec, sort_keys=True))
        revision = (there["revision"] if there else 0) + 1
        return {**common, **spec, "contentHash": content, "revision": revision}

    def check(self, item: dict, body: dict) -> list[dict]:
        ref, spec = ref_of(item), item["spec"]

        def problem(message: str, **more: object) -> dict:
            return {
                "severity": "error",
                "object": ref,
                "message": message,
                "code": "invalid",
                "hint": None,
                **more,
            }

        if item["kind"] == "schedule":
            cron = spec.get("cron")
            if isinstance(cron, str) and "99" in cron:
                return [problem(f'"{cron}" never fires.', path="cron", hint="Minutes go to 59.")]
            flow = f"flow/{item['namespace']}/{spec.get('flowId')}"
            if flow not in self.objects and isinstance(spec.get("flowId"), str):
                return [problem(f"There is no {flow} yet.", path="flowId", severity="warning")]
        if item["kind"] != "flow":
            return []
        try:
            flow = yaml.safe_load(spec["source"])
        except yaml.YAMLError as error:
            mark = error.problem_mark
            return [problem("This is no YAML.", line=mark.line + 1, column=mark.column + 1)]
        found, coming = [], {ref_of(other) for other in body["objects"]}
        for number, task in enumerate(flow.get("tasks", ())):
            if task["type"] not in TASK_TYPES:
                line = next(
                    n
                    for n, text in enumerate(spec["source"].splitlines(), 1)
                    if task["type"] in text
                )
                message = f"There is no task type {task['type']}."
                found.append(
                    problem(
                        message,
                        path=f"tasks[{number}].type",
                        line=line,
                        column=11,
                        hint="Did you mean core.log.Log?",
                    )
                )
            child = f"flow/{task.get('namespace')}/{task.get('flowId')}"
            if (
                task["type"].endswith("Subflow")
                and child not in self.objects
                and child not in coming
            ):
                found.append(
                    problem(
                        f"There is no {child} yet.",
                        severity="warning",
                        path=f"tasks[{number}].flowId",
                    )
                )
        return found

    # what happens behind Terraform's back

    def write(
        self, kind: str, namespace: str, name: str | None, spec: dict, owner: str = "api"
    ) -> dict:
        item = {"kind": kind, "namespace": namespace, "id": name, "spec": spec}
        with self.lock:
            self.objects[ref_of(item)] = self.form(item, owner)
            return self.objects[ref_of(item)]
