from __future__ import annotations

import base64
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from penstock.plugins.core.http import _exchange
from penstock.plugins.core.http.request import Request
from penstock.sdk.task import Outputs, TaskFailed

Run = Callable[..., Outputs]
TYPE = "core.http.Request"


def test_get_gives_code_headers_body(run: Run, service) -> None:
    outputs = run(TYPE, uri=f"{service.url}/a?x=1", params={"y": ["2", "3"], "z": True})
    assert service.seen[0]["method"] == "GET"
    assert service.seen[0]["path"] == "/a?x=1&y=2&y=3&z=true"
    assert outputs["code"] == 200
    assert json.loads(str(outputs["body"])) == {"ok": 1}
    headers = outputs["headers"]
    assert isinstance(headers, dict)
    assert headers["content-type"] == ["application/json"]
    assert outputs["uri"] == f"{service.url}/a?x=1&y=2&y=3&z=true"


def test_bodies_as_text_and_as_json(run: Run, service) -> None:
    run(TYPE, uri=service.url, method="post", body='{"a": "ü"}')
    run(TYPE, uri=service.url, method="PUT", body={"a": [1]})
    run(TYPE, uri=service.url, method="POST", body="x", contentType="text/plain")
    run(TYPE, uri=service.url, method="POST", body="x", headers={"content-type": "a/b", "X-N": 5})
    bodies = [(s["method"], s["body"], s["headers"]["content-type"]) for s in service.seen]
    assert bodies == [
        ("POST", '{"a": "ü"}', "application/json"),
        ("PUT", '{"a": [1]}', "application/json"),
        ("POST", "x", "text/plain"),
        ("POST", "x", "a/b"),
    ]
    assert service.seen[3]["headers"]["x-n"] == "5"


def test_forms(run: Run, service, context, tmp_path) -> None:
    run(TYPE, uri=service.url, method="POST", formData={"a": "1 2", "b": ["x", "y"]})
    assert service.seen[0]["body"] == "a=1+2&b=x&b=y"
    report = tmp_path / "report.csv"
    report.write_text("n\n1\n")
    uri = context.store_file(report)
    run(
        TYPE,
        uri=service.url,
        method="POST",
        contentType="multipart/form-data",
        formData={"title": "Week", "file": {"name": "r.csv", "content": uri}},
    )
    body = service.seen[1]["body"]
    assert service.seen[1]["headers"]["content-type"].startswith("multipart/form-data; boundary=")
    assert 'name="title"\r\n\r\nWeek' in body
    assert 'name="file"; filename="r.csv"' in body
    assert "n\n1\n" in body


def test_credentials(run: Run, service) -> None:
    run(TYPE, uri=service.url, options={"auth": {"type": "BEARER", "token": "t0k"}})
    basic = {"type": "BASIC", "username": "ada", "password": "pw"}
    run(TYPE, uri=service.url, options={"auth": basic})
    given = [s["headers"]["authorization"] for s in service.seen]
    assert given == ["Bearer t0k", "Basic " + base64.b64encode(b"ada:pw").decode()]


def test_failure_names_status_and_first_bytes_but_no_secret(run: Run, service) -> None:
    service.answers["/no"] = (503, {}, b"try\nlater" + b"x" * 5000)
    uri = service.url.replace("http://", "http://user:hidden@") + "/no?key=hidden"
    options = {"auth": {"type": "BEARER", "token": "hidden"}}
    with pytest.raises(TaskFailed) as caught:
        run(TYPE, uri=uri, options=options)
    assert caught.value.message.startswith(f"GET {service.url}/no answered 503: try later")
    assert "hidden" not in caught.value.message
    assert len(caught.value.message) < 500
    assert caught.value.outputs["code"] == 503


def test_failures_can_be_allowed(run: Run, service) -> None:
    service.answers["/no"] = (404, {}, b"")
    assert run(TYPE, uri=f"{service.url}/no", options={"allowFailed": True})["code"] == 404
    codes = {"allowedResponseCodes": [404]}
    assert run(TYPE, uri=f"{service.url}/no", options=codes)["code"] == 404
    with pytest.raises(TaskFailed, match="answered 404 without a body"):
        run(TYPE, uri=f"{service.url}/no", options={"allowedResponseCodes": [409]})


def test_redirects(run: Run, service) -> None:
    service.answers["/old"] = (302, {"Location": "/new"}, b"")
    assert run(TYPE, uri=f"{service.url}/old")["uri"] == f"{service.url}/new"
    stay = run(TYPE, uri=f"{service.url}/old", options={"followRedirects": False})
    assert stay["code"] == 302


def test_charsets(run: Run, service) -> None:
    service.answers["/said"] = (200, {"Content-Type": "text/plain; charset=latin-1"}, b"\xfc")
    service.answers["/unsaid"] = (200, {"Content-Type": "text/plain"}, b"\xfc")
    assert run(TYPE, uri=f"{service.url}/said")["body"] == "ü"
    latin = run(TYPE, uri=f"{service.url}/unsaid", options={"defaultCharset": "latin-1"})
    assert latin["body"] == "ü"
    assert run(TYPE, uri=f"{service.url}/unsaid")["body"] == "\ufffd"


def test_body_is_bounded(run: Run, service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_exchange, "MAX_BODY_BYTES", 1000)
    service.answers["/big"] = (200, {}, b"x" * 1001)
    with pytest.raises(TaskFailed, match="more than an output may hold"):
        run(TYPE, uri=f"{service.url}/big")


@pytest.mark.parametrize("uri", ["ftp://x/y", "nonsense", "http://", "http://[::bad", "file:///x"])
def test_bad_addresses_get_a_sentence(run: Run, uri: str) -> None:
    with pytest.raises(TaskFailed):
        run(TYPE, uri=uri)


def test_unreachable_service_gets_a_sentence(run: Run) -> None:
    with pytest.raises(TaskFailed, match=r"GET http://127\.0\.0\.1:1/x failed: .*refused"):
        run(TYPE, uri="http://127.0.0.1:1/x?q=hidden")


def test_silence_ends_at_the_time_limit(run: Run, service) -> None:
    with pytest.raises(TaskFailed, match="failed: timed out"):
        run(TYPE, uri=f"{service.url}/hang", options={"timeout": {"readIdleTimeout": "PT0.05S"}})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody signed but itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=36_500))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "cert.pem"
    path.write_bytes(secret + made.public_bytes(pem))
    return path


@pytest.fixture
def tls_service(service, certificate: Path):
    """The same service behind TLS."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    service.server.socket = tls.wrap_socket(service.server.socket, server_side=True)
    service.url = service.url.replace("http:", "https:")
    return service


def test_certificates_are_checked_unless_said_otherwise(run: Run, tls_service) -> None:
    with pytest.raises(TaskFailed, match="certificate verify failed"):
        run(TYPE, uri=tls_service.url)
    trusting = {"ssl": {"insecureTrustAllCertificates": True}}
    assert run(TYPE, uri=tls_service.url, options=trusting)["code"] == 200


def test_cancel_ends_a_waiting_request_behind_tls(context, tls_service) -> None:
    cancelled_while_waiting(context, tls_service)


def test_cancel_ends_a_waiting_request_at_once(context, service) -> None:
    cancelled_while_waiting(context, service)


def cancelled_while_waiting(context, service) -> None:
    task = Request.model_validate(
        {
            "id": "r",
            "type": TYPE,
            "uri": f"{service.url}/hang",
            "options": {"ssl": {"insecureTrustAllCertificates": True}},
        }
    )
    failed: list[TaskFailed] = []

    def call() -> None:
        try:
            task.run(context)
        except TaskFailed as error:
            failed.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    assert service.arrived.wait(30)
    context.cancel()
    thread.join(30)
    assert not thread.is_alive()
    assert "asked to stop" in failed[0].message


def test_logs_hide_credentials(run: Run, service, context) -> None:
    service.answers["/c"] = (200, {"Set-Cookie": "sid=hidden"}, b"answer")
    run(
        TYPE,
        uri=f"{service.url}/c",
        method="POST",
        body="question",
        options={
            "auth": {"type": "BEARER", "token": "hidden"},
            "logs": ["REQUEST_HEADERS", "REQUEST_BODY", "RESPONSE_HEADERS", "RESPONSE_BODY"],
        },
    )
    text = "\n".join(line for _, line in context.lines)
    assert "hidden" not in text
    assert "question" in text
    assert "answer" in text
    assert "authorization: ***" in text


def test_goes_through_a_socks_proxy(run: Run, service) -> None:
    port = int(service.url.rpartition(":")[2])
    asked: list[bytes] = []

    class Socks(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.read(self.rfile.read(2)[1])
            self.wfile.write(b"\x05\x00")
            self.rfile.read(4)
            asked.append(self.rfile.read(self.rfile.read(1)[0]))
            self.rfile.read(2)
            self.wfile.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            with socket.create_connection(("127.0.0.1", port)) as there:
                there.sendall(self.connection.recv(65536))
                while chunk := there.recv(65536):
                    self.wfile.write(chunk)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Socks) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        proxy = {"type": "SOCKS", "address": "127.0.0.1", "port": server.server_address[1]}
        found = run(TYPE, uri="http://elsewhere.invalid/x", options={"proxy": proxy})
        server.shutdown()
        thread.join()
    assert (found["code"], asked) == (200, [b"elsewhere.invalid"])


def test_older_spellings_of_the_options(run: Run, service) -> None:
    service.answers["/no"] = (404, {}, b"")
    older = {"basicAuthUser": "ada", "basicAuthPassword": "pw"}
    assert run(TYPE, uri=f"{service.url}/no", allowFailed=True, options=older)["code"] == 404
    basic = "Basic " + base64.b64encode(b"ada:pw").decode()
    assert service.seen[0]["headers"]["authorization"] == basic
    with pytest.raises(TaskFailed):
        run(TYPE, uri=f"{service.url}/no", allowFailed=True, options={"allowFailed": False})


def test_digest_proves_the_password_without_sending_it(run: Run, service) -> None:
    challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256'
    service.answers["/d"] = (401, {"WWW-Authenticate": challenge}, b"")
    auth = {"type": "DIGEST", "username": "ada", "password": "pw-of-ada"}
    with pytest.raises(TaskFailed, match="answered 401"):
        run(TYPE, uri=f"{service.url}/d", options={"auth": auth})
    said = str(service.seen[1]["headers"]["authorization"])
    assert said.startswith('Digest username="ada", realm="r", nonce="n"')
    assert "pw-of-ada" not in said


def test_an_encrypted_body_is_shown_nowhere(run: Run, service, context) -> None:
    service.answers["/s"] = (200, {}, b"token")
    service.answers["/no"] = (500, {}, b"token")
    logs = {"logs": ["RESPONSE_BODY"]}
    found = run(TYPE, uri=f"{service.url}/s", encryptBody=True, options=logs)
    assert found["body"] is None
    assert found["encryptedBody"] == {"sealed": "nekot"}
    assert context.lines == []
    with pytest.raises(TaskFailed) as caught:
        run(TYPE, uri=f"{service.url}/no", encryptBody=True)
    assert "token" not in caught.value.message
    assert caught.value.outputs["body"] is None


def test_goes_through_a_proxy(run: Run, service) -> None:
    port = int(service.url.rpartition(":")[2])
    proxy = {"type": "HTTP", "address": "127.0.0.1", "port": port}
    run(TYPE, uri="http://elsewhere.invalid/x", options={"proxy": proxy})
    assert service.seen[0]["path"] == "http://elsewhere.invalid/x"
