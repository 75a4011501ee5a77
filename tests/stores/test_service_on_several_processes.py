"""The service in several processes on one SQLite file."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from service_world import GRACE, START, claims_of

WORKER = Path(__file__).parents[1] / "support" / "refreshing_process.py"
PROCESSES = 4


class Servers:
    """Four processes, each with a service and a handle of its own."""

    def __init__(self, directory: Path) -> None:
        self.now = START
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-W", "error", str(WORKER), "shared"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={"JWTSESSION_SQLITE_DIR": str(directory), "PYTHONUNBUFFERED": "1"},
            )
            for _ in range(PROCESSES)
        ]
        for process in self._processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"

    def all_at_once(self, *calls: tuple[str, list[Any]]) -> tuple[list[Any], Counter[str]]:
        """Have every process make these calls now; answer all outcomes and events."""
        line = json.dumps({"now": self.now, "calls": calls}) + "\n"
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(line)
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.flush()
        return self._answers(self._processes)

    def one(self, index: int, name: str, *arguments: Any) -> Any:
        """Have one process make one call, and answer its outcome."""
        process = self._processes[index % PROCESSES]
        assert process.stdin is not None
        task = {"now": self.now, "calls": [(name, arguments)]}
        process.stdin.write(json.dumps(task) + "\n")
        process.stdin.flush()
        outcomes, _events = self._answers([process])
        return outcomes[0]

    @staticmethod
    def _answers(processes: list[Any]) -> tuple[list[Any], Counter[str]]:
        outcomes: list[Any] = []
        events: Counter[str] = Counter()
        for process in processes:
            answer = json.loads(process.stdout.readline())
            outcomes += answer["outcomes"]
            events.update(answer["events"])
        return outcomes, events

    def close(self) -> None:
        """Have every process end, and see that it ends well."""
        for process in self._processes:
            process.communicate()
        assert [process.returncode for process in self._processes] == [0] * PROCESSES


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Start the processes once for the module, and see that each ends well."""
    running = Servers(tmp_path_factory.mktemp("processes"))
    yield running
    running.close()


@pytest.mark.parametrize("gen", [0, 1, 4])
def test_eight_refreshes_in_four_processes_are_one_move(servers: Servers, gen: int) -> None:
    """One generation, one refresh token, eight access tokens that work."""
    # SERVICE-ROTATE-SAME
    pair = servers.one(0, "authenticate", f"user{gen}")
    for n in range(gen):
        servers.now += GRACE
        pair = servers.one(n, "rotate", pair["refresh_token"])
    servers.now += GRACE
    call = ("rotate", [pair["refresh_token"]])
    outcomes, events = servers.all_at_once(call, call)
    assert len(outcomes) == 8
    [refresh_token] = {outcome["refresh_token"] for outcome in outcomes}
    assert claims_of(refresh_token)["gen"] == gen + 1
    jtis = set()
    for n, outcome in enumerate(outcomes):
        validated = servers.one(n + 1, "validate", outcome["access_token"])["answer"]
        jtis.add(validated["jti"])
        again = servers.one(n + 2, "rotate", outcome["refresh_token"])
        assert again["refresh_repeated"]
        assert again["refresh_token"] == refresh_token
    assert len(jtis) == 8
    assert set(events) <= {"rotated", "refresh_retried"}
    assert events["rotated"] >= 1
    assert sum(events.values()) == 8
    signed_out = [
        servers.one(n, "logout", outcome["access_token"])
        for n, outcome in enumerate(outcomes)
    ]
    assert signed_out == [{"answer": True}] + [{"answer": False}] * 7


def test_eight_replays_in_four_processes_ring_one_alarm(servers: Servers) -> None:
    """All are refused, one event is told, and no process refreshes it again."""
    # SERVICE-ROTATE-REUSE
    old = servers.one(0, "authenticate", "ann")
    new = servers.one(1, "rotate", old["refresh_token"])
    servers.now += GRACE
    call = ("rotate", [old["refresh_token"]])
    outcomes, events = servers.all_at_once(call, call)
    codes = Counter(outcome.get("code") for outcome in outcomes)
    assert set(codes) <= {"auth:refresh_reused", "auth:session_not_found"}
    assert codes["auth:refresh_reused"] >= 1
    assert events == {"refresh_reused": 1}
    for n in range(PROCESSES):
        assert servers.one(n, "rotate", new["refresh_token"]) == {
            "code": "auth:session_not_found"
        }


def test_sign_ins_in_four_processes_never_overshoot(servers: Servers) -> None:
    """Forty sign-ins at once leave the limit of twenty (SERVICE-SIGN-IN-LIMIT)."""
    calls = [("authenticate", ["crowd"])] * 10
    outcomes, events = servers.all_at_once(*calls)
    assert len({outcome["session_id"] for outcome in outcomes}) == 40
    assert events == {"signed_in": 40, "evicted": 20}
    assert servers.one(0, "revoke_all", "crowd") == {"answer": 20}
