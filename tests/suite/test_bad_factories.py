"""A factory, a store or a command line that is wrong is named, and nobody is judged by it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from jwtsession_conformance.cli import main

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
import asyncio, time
from contextlib import asynccontextmanager, contextmanager
from jwtsession.errors import StoreUnavailable
from jwtsession_stores.memory import MemoryStore, factory as good

def managed(store):
    @asynccontextmanager
    async def factory(place):
        yield store
    return factory

class Short(MemoryStore):
    swap = None

class Without:
    async def get(self, key, *, now): return None

class OtherNames(MemoryStore):
    async def get(self, session, *, at): return None

class NotAsync(MemoryStore):
    def insert(self, record, *, limit, now): return []

class Nothing:
    def __getattr__(self, name):
        async def nothing(*positional, **named): return None
        return nothing

class Down(MemoryStore):
    async def insert(self, record, *, limit, now):
        raise StoreUnavailable from ConnectionError("port 5432 is closed")
"""

OPENS = "@asynccontextmanager\nasync def factory(place):\n"

METHODS = "insert get swap touch replace_data list remove remove_all purge_expired"

NO_STORE = {
    "raises": (
        "def factory(place): raise RuntimeError('no database here')",
        "The factory raised RuntimeError: no database here.",
    ),
    "returns None": ("def factory(place): return None", "The factory returned None."),
    "is async": ("async def factory(place): return good(place)", "returned a coroutine"),
    "is a bare generator": (
        "async def factory(place): yield MemoryStore()",
        "returned an async generator",
    ),
    "is not asynchronous": (
        "@contextmanager\ndef factory(place): yield MemoryStore()",
        "returned a context manager that is not asynchronous",
    ),
    "returns the wrong thing": (
        "def factory(place): return 7",
        "The factory returned an int.",
    ),
    "returns a bare store": (
        f"factory = lambda _: type('Bare', (), dict.fromkeys('{METHODS}'.split(), print))",
        "returned a store itself",
    ),
    "takes no place": (
        "def factory(): return good('a')",
        "The factory could not be called with a place",
    ),
    "opening raises": (
        f"{OPENS}    raise ConnectionError('refused')\n    yield",
        "Opening the store raised ConnectionError: refused.",
    ),
    "opening hangs": (
        f"{OPENS}    await asyncio.sleep(99)\n    yield",
        "Opening the store had not finished after 0.5 seconds.",
    ),
    "closing raises": (
        f"{OPENS}    yield MemoryStore()\n    raise OSError('still busy')",
        "Closing the store raised OSError: still busy.",
    ),
    "closing hangs": (
        f"{OPENS}    yield MemoryStore()\n    await asyncio.sleep(99)",
        "Closing the store had not finished after 0.5 seconds.",
    ),
    "opens None": ("factory = managed(None)", "The factory opened None."),
    "lacks a method": ("factory = managed(Short())", "has no swap."),
    "lacks most methods": (
        "factory = managed(Without())",
        "has no insert, swap, touch, replace_data, list, remove, remove_all, purge_expired.",
    ),
    "has other arguments": (
        "factory = managed(OtherNames())",
        "get cannot be called as the protocol calls it",
    ),
    "has a method that is not asynchronous": (
        "factory = managed(NotAsync())",
        "insert is not asynchronous",
    ),
    "is a stub": (
        "factory = managed(Nothing())",
        "Every method of the store answered None",
    ),
    "is down": (
        "factory = managed(Down())",
        "StoreUnavailable from insert, because of ConnectionError: port 5432 is closed.",
    ),
    "exits": (
        "def factory(place): raise SystemExit(0)",
        "The factory raised SystemExit: 0.",
    ),
    "is prefilled": (
        "from faulty_stores_whole import _filled as factory",
        "A place that was never opened before holds a session already.",
    ),
    "blocks": (
        f"{OPENS}    time.sleep(7)\n    yield",
        "Opening the store blocked the event loop",
    ),
}

NO_TARGET = {
    "no colon": ("sessions", "'sessions' does not name a factory."),
    "no module": (":factory", "':factory' does not name a factory."),
    "no name": ("bad_module:", "'bad_module:' does not name a factory."),
    "two colons": ("a:b:c", "'a:b:c' does not name a factory."),
    "empty": ("", "'' does not name a factory."),
    "absent module": ("no_such_module:factory", "There is no module 'no_such_module'."),
    "absent submodule": ("json.nothing:factory", "There is no module 'json.nothing'."),
    "broken module": ("broken_module:factory", "could not be imported: ZeroDivisionError"),
    "exiting module": ("exiting_module:factory", "could not be imported: SystemExit: 4"),
    "needy module": ("needy_module:factory", "No module named 'no_such_driver'"),
    "absent name": ("bad_module:factori", "The module bad_module has no 'factori'."),
    "not callable": (
        "bad_module:number",
        "bad_module:number is not callable: it is an int.",
    ),
    "surrogate": ("bad_module:\udcff", "has no '\\udcff'."),
    "nul": ("bad\x00module:factory", "There is no module 'bad\\x00module'."),
    "huge": ("x" * 100_000 + ":factory", "There is no module"),
    "relative": (".sessions:factory", "could not be imported"),
    "file": ("bad_module.py:factory", "There is no module 'bad_module.py'."),
}

WRONG_OPTIONS = {
    "no factory": ([], "No factory was named."),
    "unknown capability": (
        ["bad_module:factory", "--capabilities", "shared,fast"],
        "'fast' is not a capability.",
    ),
    "unknown check": (
        ["bad_module:factory", "--check", "nothing"],
        "There is no check 'nothing'.",
    ),
    "unknown requirement": (
        ["bad_module:factory", "--requirement", "STORE-NO-SUCH"],
        "No check is about 'STORE-NO-SUCH'.",
    ),
    "report is a folder": (["bad_module:factory", "--json", "."], "cannot be written"),
    "report below a file": (
        ["bad_module:factory", "--json", "bad_module.py/report.json"],
        "cannot be written",
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a few modules, as an author does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "bad_module.py").write_text(f"{HEAD}\nnumber = 7\nfactory = good\n")
    (tmp_path / "broken_module.py").write_text("1 / 0\n")
    (tmp_path / "exiting_module.py").write_text("raise SystemExit(4)\n")
    (tmp_path / "needy_module.py").write_text("import no_such_driver\n")
    yield tmp_path
    for name in (
        "bad_module",
        "broken_module",
        "exiting_module",
        "needy_module",
        "written",
    ):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("case", NO_STORE)
def test_a_factory_that_gives_no_store_is_named(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong factory or store ends with 3, says what it is, and shows no stack."""
    source, said = NO_STORE[case]
    (folder / "written.py").write_text(f"{HEAD}\n{source}\n")
    status = main(
        ["store", "written:factory", "--patience", "0.5", "--json", "report.json"]
    )
    printed = "".join(capsys.readouterr())
    assert status == 3
    assert said in " ".join(printed.split())
    assert "Traceback" not in printed
    report = json.loads((folder / "report.json").read_text())
    assert report["verdict"] == "harness-error"
    assert report["harness_errors"]
    assert not any(one["verdict"] == "PASS" for one in report["requirements"])


@pytest.mark.parametrize("case", NO_TARGET)
def test_a_path_that_leads_nowhere_is_named(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong name on the command line ends with 3, in one line."""
    assert folder.is_dir()
    path, said = NO_TARGET[case]
    assert main(["store", path]) == 3
    printed = "".join(capsys.readouterr())
    assert said in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("case", WRONG_OPTIONS)
def test_a_wrong_option_is_named(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong option ends with 3 before anything is run."""
    assert folder.is_dir()
    options, said = WRONG_OPTIONS[case]
    assert main(["store", *options]) == 3
    printed = "".join(capsys.readouterr())
    assert said in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    "arguments", [[], ["stare"], ["store", "--seed", "x"], ["store", "--patience", "0"]]
)
def test_wrong_usage_is_not_taken_for_incomplete(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What argparse refuses ends with 3 and not with its own 2, which means incomplete."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 3
    assert "usage" in capsys.readouterr().err


def test_a_store_that_keeps_nothing_is_a_wrong_store(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An insert without effect is the store's fault, and not the harness's."""
    (folder / "written.py").write_text(
        f"{HEAD}\nclass Sieve(MemoryStore):\n"
        "    async def insert(self, record, *, limit, now): return []\n"
        "factory = managed(Sieve())\n"
    )
    assert main(["store", "written:factory"]) == 1
    assert "FAIL STORE-INSERT-ROUNDTRIP" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("body", "named", "said"),
    [
        ("raise KeyError('row')", "STORE-SWAP-FIELDS", "swap raised KeyError: 'row'."),
        (
            "await asyncio.sleep(60)",
            "STORE-SWAP-FIELDS",
            "had not answered after 0.3 seconds",
        ),
        ("return True", "STORE-SWAP-FIELDS", "swap answered a bool"),
        ("raise asyncio.CancelledError", "STORE-SWAP-FIELDS", "nobody cancelled it"),
    ],
)
def test_a_method_that_never_works_fails_its_requirement(
    body: str, named: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A foreign exception, no answer and a useless one are violations with a name."""
    (folder / "written.py").write_text(
        f"{HEAD}\nclass Odd(MemoryStore):\n"
        "    async def swap(self, key, *, expected, replacement, now):\n"
        f"        {body}\n"
        f"{OPENS}    yield Odd()\n"
    )
    options = ["--requirement", "STORE-SWAP-FIELDS", "--patience", "0.3"]
    assert main(["store", "written:factory", *options]) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert f"FAIL {named}" in printed
    assert said in printed


def test_a_store_that_blocks_the_loop_is_given_up(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A call that waits without awaiting fails, and the other checks still run."""
    (folder / "written.py").write_text(
        f"{HEAD}\nclass Blocking(MemoryStore):\n"
        "    async def remove_all(self, user_id, *, keep=None, now):\n"
        "        time.sleep(7)\n"
        f"{OPENS}    yield Blocking()\n"
    )
    options = ["--check", "STORE-REMOVE-ALL-KEEP/the-kept-one"]
    options += [
        "--requirement",
        "STORE-PURGE-LIMIT",
        "--patience",
        "0.3",
        "--json",
        "r.json",
    ]
    assert main(["store", "written:factory", *options]) == 1
    assert "remove_all blocked the event loop" in " ".join(capsys.readouterr().out.split())
    checks = {
        one["id"]: one for one in json.loads((folder / "r.json").read_text())["checks"]
    }
    assert checks["STORE-PURGE-LIMIT/at-most"]["status"] == "passed"
