"""The JavaScript client of the specification, run by node against a server that misbehaves.

Each test gives the server a script of answers and the client a few lines to run, and then
looks at what the client asked for and what it has left.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT = Path(__file__).parents[2] / "spec/client/session-client.js"
NODE = shutil.which("node")

PAIR = {
    "access_token": "a1",
    "refresh_token": "r1",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_expires_in": 2592000,
    "session_id": "01J9Z3K8QTN6M4W2R5V7X1B3CD",
}
GOOD = (200, {}, PAIR)
BUSY = (503, {"Retry-After": "0"}, {"code": "store:unavailable"})
REUSED = (401, {}, {"code": "auth:refresh_reused"})
DONE = (204, {}, None)

PROLOGUE = """
import {
  SessionClient, MemoryTokens, COOKIES, SessionEnded, SessionUnavailable,
} from CLIENT;
const server = SERVER;
const tokens = new MemoryTokens();
const base = server + "/auth";
const caught = async (work) => { try { return await work(); } catch (e) { return e; } };
// What navigator.locks does, for one process: one holder at a time, in order.
const queue = () => {
  let last = Promise.resolve();
  return { request: (name, work) => {
    const turn = last.then(work); last = turn.catch(() => {}); return turn;
  } };
};
const client = (more = {}) => new SessionClient({ base, tokens, ...more });
const signIn = (it) => it.signedIn({ access_token: "a0", refresh_token: "r0" });
const report = (what) => console.log(JSON.stringify(what));
"""


@dataclass
class Backend:
    """What the server answers next, by path, and what it was asked."""

    url: str = ""
    answers: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[tuple[str, str | None, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    released: threading.Event = field(default_factory=threading.Event)

    def next_answer(self, path: str, bearer: str | None, body: Any) -> Any:
        """Note a request and return its answer; /me knows the access token a1 alone."""
        with self.lock:
            self.asked.append((path, bearer, body))
            if path == "/me":
                return (
                    (200, {}, {"user": "ann"}) if bearer == "Bearer a1" else (401, {}, {})
                )
            return self.answers[path].pop(0)

    def of(self, path: str) -> list[tuple[str | None, Any]]:
        """Return what was asked under a path: bearer and body."""
        return [(bearer, body) for asked, bearer, body in self.asked if asked == path]


@pytest.fixture
def backend() -> Iterator[Backend]:
    """Serve on a free port of the loopback until the test is over."""
    backend = Backend()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            size = int(self.headers.get("content-length", "0"))
            self._answer(json.loads(self.rfile.read(size)))

        def _answer(self, body: Any) -> None:
            answer = backend.next_answer(self.path, self.headers.get("authorization"), body)
            if answer == "hang":
                backend.released.wait()
            if isinstance(answer, str):
                self.close_connection = True  # "drop": not a word
                return
            status, headers, content = answer
            text = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    backend.url = f"http://127.0.0.1:{server.server_port}"
    yield backend
    backend.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


def run(backend: Backend, script: str) -> Any:
    """Run the lines in node and return what they report."""
    if NODE is None:
        reason = "node is needed to run the JavaScript client: install Node.js 20 or later"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    module = PROLOGUE.replace("CLIENT", json.dumps(CLIENT.as_uri()), 1)
    module = module.replace("SERVER", json.dumps(backend.url), 1) + script
    done = subprocess.run(
        [NODE, "--input-type=module", "-"],
        input=module,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_parallel_requests_share_one_refresh(backend: Backend) -> None:
    """Five requests with an expired access token refresh once and all succeed."""
    backend.answers = {"/auth/refresh": [GOOD]}
    got = run(
        backend,
        """
        const it = client(); signIn(it);
        const five = [1, 2, 3, 4, 5].map(() => it.fetch(server + "/me"));
        const status = (await Promise.all(five)).map((answer) => answer.status);
        report({ status, left: tokens.load() });
        """,
    )
    assert got == {"status": [200] * 5, "left": {"access": "a1", "refresh": "r1"}}
    assert backend.of("/auth/refresh") == [(None, {"refresh_token": "r0"})]


def test_tabs_with_a_lock_share_one_refresh(backend: Backend) -> None:
    """Two clients with one lock and one store refresh once; the second finds it done."""
    backend.answers = {"/auth/refresh": [GOOD]}
    got = run(
        backend,
        """
        const locks = queue();
        const one = client({ locks }), two = client({ locks });
        signIn(one);
        report(await Promise.all([one.refresh(), two.refresh()]));
        """,
    )
    assert got == [{"access": "a1", "refresh": "r1"}] * 2
    assert len(backend.of("/auth/refresh")) == 1


def test_an_outage_keeps_the_tokens_and_is_tried_again(backend: Backend) -> None:
    """A 503 is repeated with the same token after what Retry-After says."""
    backend.answers = {"/auth/refresh": [BUSY, BUSY, GOOD]}
    got = run(backend, "const it = client(); signIn(it); report(await it.refresh());")
    assert got == {"access": "a1", "refresh": "r1"}
    assert backend.of("/auth/refresh") == [(None, {"refresh_token": "r0"})] * 3


def test_a_lost_answer_is_asked_for_again(backend: Backend) -> None:
    """A connection that closes without an answer is tried again with the same token."""
    backend.answers = {"/auth/refresh": ["drop", GOOD]}
    got = run(backend, "const it = client(); signIn(it); report(await it.refresh());")
    assert got == {"access": "a1", "refresh": "r1"}
    assert backend.of("/auth/refresh") == [(None, {"refresh_token": "r0"})] * 2


def test_a_server_that_hangs_is_given_up_on(backend: Backend) -> None:
    """A request without an answer ends at its time-out and is tried again."""
    backend.answers = {"/auth/refresh": ["hang", GOOD]}
    got = run(
        backend,
        "const it = client({ timeout: 300 }); signIn(it); report(await it.refresh());",
    )
    assert got == {"access": "a1", "refresh": "r1"}


def test_a_long_outage_ends_the_attempt_and_not_the_session(backend: Backend) -> None:
    """Where Retry-After is beyond the life of the attempt, it ends with the tokens kept."""
    backend.answers = {"/auth/refresh": [(503, {"Retry-After": "600"}, {})]}
    got = run(
        backend,
        """
        const it = client(); signIn(it);
        const error = await caught(() => it.refresh());
        report([error instanceof SessionUnavailable, tokens.load()]);
        """,
    )
    assert got == [True, {"access": "a0", "refresh": "r0"}]


@pytest.mark.parametrize("answer", [REUSED, (400, {}, {"code": "auth:refresh_missing"})])
def test_a_refusal_ends_the_session(backend: Backend, answer: Any) -> None:
    """A refused refresh forgets the tokens and says which code it was."""
    backend.answers = {"/auth/refresh": [answer]}
    got = run(
        backend,
        """
        const it = client(); signIn(it);
        const error = await caught(() => it.refresh());
        const after = await caught(() => it.fetch("http://nowhere.invalid/"));
        const again = await caught(() => it.refresh());
        report([error, after, again].map((e) => e instanceof SessionEnded)
          .concat([error.message, tokens.load()]));
        """,
    )
    assert got == [True, True, True, answer[2]["code"], None]
    assert len(backend.of("/auth/refresh")) == 1


def test_a_refused_loser_keeps_the_tokens_of_the_winner(backend: Backend) -> None:
    """A refusal drops no tokens that another client has stored meanwhile."""
    backend.answers = {"/auth/refresh": [REUSED]}
    got = run(
        backend,
        """
        let reads = 0;
        const shared = { saved: [], save(t) { this.saved.push(t); },
          load() { return ++reads > 2 ? { access: "a9", refresh: "r9" }
            : { access: "a0", refresh: "r0" }; } };
        const it = client({ tokens: shared });
        report([await it.refresh(), shared.saved]);
        """,
    )
    assert got == [{"access": "a9", "refresh": "r9"}, []]


def test_cookies_need_no_tokens_here(backend: Backend) -> None:
    """With cookies the refresh is an empty object, and a refusal is still the end."""
    backend.answers = {"/auth/refresh": [GOOD, REUSED]}
    got = run(
        backend,
        """
        const it = client({ tokens: COOKIES });
        await it.refresh();
        report((await caught(() => it.refresh())) instanceof SessionEnded);
        """,
    )
    assert got is True
    assert backend.of("/auth/refresh") == [(None, {})] * 2


@pytest.mark.parametrize("answer", [DONE, (401, {}, {"code": "jwt:invalid_signature"})])
def test_sign_out_sends_what_there_is_and_forgets(backend: Backend, answer: Any) -> None:
    """A sign-out presents both tokens, is repeated after an outage, and forgets them."""
    backend.answers = {"/auth/logout": [BUSY, answer]}
    got = run(
        backend,
        """
        const it = client(); signIn(it);
        await it.signOut(); await it.signOut();
        report(tokens.load());
        """,
    )
    assert got is None
    assert backend.of("/auth/logout") == [("Bearer a0", {"refresh_token": "r0"})] * 2


def test_sign_out_waits_for_a_refresh_in_flight(backend: Backend) -> None:
    """With locks, a refresh cannot put tokens back after the sign-out."""
    backend.answers = {"/auth/refresh": [GOOD], "/auth/logout": [DONE]}
    got = run(
        backend,
        """
        const it = client({ locks: queue() }); signIn(it);
        await Promise.all([it.refresh(), it.signOut()]);
        report(tokens.load());
        """,
    )
    assert got is None
    assert backend.of("/auth/logout") == [("Bearer a1", {"refresh_token": "r1"})]


def test_it_is_short_and_needs_nothing() -> None:
    """The client has at most 120 lines and imports nothing."""
    lines = CLIENT.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    assert not [line for line in lines if line.lstrip().startswith("import ")]
