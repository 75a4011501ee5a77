"""The pytest plug-in: the verdict at the end of a run, whatever became of the items.

It is loaded into every test run of whoever installed this package, so it imports pytest
alone; everything else is imported once a suite has been seen. With xdist the items run in
other processes: what they found travels in the properties of their reports, and which
suites there were in the output of each worker.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jwtsession_conformance.report import Report

_ITEM = "jwtsession_item"
_EVIDENCE = "jwtsession_evidence"


def pytest_configure(config: pytest.Config) -> None:
    """Watch this run for suites."""
    config.pluginmanager.register(_Watch(config), "jwtsession_conformance_watch")


class _Watch:
    """What is known of each suite of a run, by the node id of its test function."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._items: dict[str, int] = {}
        self._lost: list[str] = []
        self._described: dict[str, dict[str, Any]] = {}
        self._results: dict[str, list[dict[str, Any]]] = {}
        self._reports: dict[str, Report] = {}

    # ── collecting ──

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Count the items of each suite, before any is deselected."""
        for item in items:
            if _target(item) is not None:
                name = _suite_of(item)
                self._items[name] = self._items.get(name, 0) + 1

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """See which suites were made, and are neither collected nor in their module."""
        door = sys.modules.get("jwtsession_conformance.door")
        if door is None:
            return
        collected = {id(getattr(item, "function", None)) for item in session.items}
        for suite in door.SUITES:
            module = sys.modules.get(suite.module)
            held = (
                {id(value) for value in vars(module).values()}
                if module
                else {id(suite.test)}
            )
            if id(suite.test) not in held | collected:
                self._lost.append(suite.module)

    # ── running ──

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Say in the reports of an item, a skipped one's too, which suite it belongs to."""
        target = _target(item)
        if target is None:
            return
        made = cast("Any", item)  # what pytest makes of a parametrized function
        check = made.callspec.params["conformance_check"]
        described: dict[str, Any] = {
            "suite": _suite_of(item),
            "target": target.name,
            "capabilities": sorted(target.capabilities),
            "seed": made.function.jwtsession_seed,
            "check": check.id,
            "requirement": check.requirement,
        }
        item.user_properties.append((_ITEM, json.dumps(described)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a phase of an item went; with xdist it comes from a worker."""
        properties = dict(report.user_properties)
        if _ITEM not in properties:
            return
        item = json.loads(str(properties[_ITEM]))
        found = properties.get(_EVIDENCE)
        self._described[item["suite"]] = item
        results = self._results.setdefault(item["suite"], [])
        results += _results(report, json.loads(str(found)) if found else [], item)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of xdist had collected."""
        output = getattr(node, "workeroutput", {}).get("jwtsession_conformance")
        if output:
            told = json.loads(output)
            self._items.update(told["items"])
            self._lost += [one for one in told["lost"] if one not in self._lost]

    # ── judging ──

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Judge each suite, and let the run fail where one is not conformant."""
        door = sys.modules.get("jwtsession_conformance.door")
        for suite in door.SUITES if door else ():
            suite.run.close()
        worker_output = getattr(self._config, "workeroutput", None)
        if worker_output is not None:
            told = {"items": self._items, "lost": self._lost}
            worker_output["jwtsession_conformance"] = json.dumps(told)
            return
        if self._config.getoption("collectonly", default=False):
            self._items.clear()
            self._lost.clear()
            return
        self._reports = {name: self._judged(name) for name in self._results}
        bad = [one for one in self._reports.values() if not one.conformant]
        if (bad or self._lost) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the verdict on each suite."""
        nothing = [name for name in self._items if name not in self._results]
        if not (self._reports or self._lost or nothing):
            return
        terminalreporter.section("conformance")
        for name, report in self._reports.items():
            from jwtsession_conformance.report.terminal import (  # noqa: PLC0415 - lazily
                short_lines,
                style_for,
            )

            terminalreporter.line(name)
            for line in short_lines(report, style_for(sys.stdout)):
                terminalreporter.line(line)
        for name in nothing:
            terminalreporter.line(
                f"{name}: nothing was verified, since none of its {self._items[name]} checks ran"
            )
        for module in self._lost:
            terminalreporter.line(
                f"{module}: a store_suite was made there and lost, perhaps to another "
                "definition of its name; nothing was verified"
            )

    def _judged(self, name: str) -> Report:
        from jwtsession_conformance.report.evidence import read_evidence  # noqa: PLC0415
        from jwtsession_conformance.run import judged  # noqa: PLC0415 - lazily

        results = [read_evidence(one) for one in self._results[name]]
        described = self._described[name]
        return judged(
            described["target"],
            described["capabilities"],
            results,
            seed=described["seed"],
            seconds=sum(one.seconds for one in results),
        )


def _target(item: pytest.Item) -> Any:
    return getattr(getattr(item, "function", None), "jwtsession_target", None)


def _suite_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _results(
    report: pytest.TestReport, found: Sequence[dict[str, Any]], item: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return what a phase of an item says about its check.

    What the check itself found counts, and not what the report was made to say. Without
    such evidence nothing has passed.
    """

    def said(status: str, reason: str) -> list[dict[str, Any]]:
        return [
            {
                "id": item["check"],
                "requirement": item["requirement"],
                "status": status,
                "seconds": 0.0,
                "violations": [],
                "reason": f"{item['check']}: {reason}",
                "note": "",
                "replay": "",
            }
        ]

    if hasattr(report, "wasxfail"):
        return said(
            "xfailed", f"it is marked as expected to fail. {report.wasxfail}".strip()
        )
    if report.when == "setup" and not report.passed:
        if report.skipped:
            return said("skipped", f"it was skipped. {_reason(report)}".strip())
        return said("not-reached", "its setup failed.")
    if report.when != "call":
        return []
    if found and report.failed and all(one["status"] == "passed" for one in found):
        return said("not-reached", "it passed, and its test failed for another reason.")
    if found:
        return list(found)
    if report.skipped:
        return said("skipped", f"it was skipped. {_reason(report)}".strip())
    return said("not-reached", "its test ended without running it.")


def _reason(report: pytest.TestReport) -> str:
    longrepr = report.longrepr
    return str(longrepr[2])[:200] if isinstance(longrepr, tuple) else ""
