"""Runs a composite action as a GitHub runner does: its environment files, its expressions, its order of steps.

What other actions do is played by folders: caches whose keys are written once, and artifacts. Steps that the test names are
answered with given outputs instead of being run.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

GRACE = 7.5
"""What the runner leaves between SIGINT and SIGTERM when a workflow is cancelled."""


@dataclass
class GitHub:
    """What outlives a run: caches and artifacts."""

    folder: Path
    caches: dict[str, Path] = field(default_factory=dict)
    artifacts: dict[str, Path] = field(default_factory=dict)

    def save_cache(self, key: str, path: Path) -> None:
        """A key is written once; what is written again is passed over."""
        if key not in self.caches and path.exists():
            self.caches[key] = self.folder / f"cache-{len(self.caches)}"
            shutil.copytree(path, self.caches[key])

    def restore_cache(self, key: str, prefixes: str, path: Path) -> None:
        """The key itself, else the newest that begins with one of the prefixes."""
        begins = [prefix for prefix in prefixes.split() if prefix]
        found = [name for name in self.caches if name == key or any(name.startswith(prefix) for prefix in begins)]
        if found:
            shutil.copytree(self.caches[found[-1]], path, dirs_exist_ok=True)

    def upload(self, name: str, paths: str) -> None:
        """Files under their folders, as below the least folder they have in common."""
        files = [Path(line) for line in paths.splitlines() if line and Path(line).exists()]
        if not files:
            return
        target = self.artifacts[name] = self.folder / f"artifact-{len(self.artifacts)}"
        shutil.rmtree(target, ignore_errors=True)
        root = Path(os.path.commonpath([file.absolute().parent for file in files]))
        for file in files:
            place = target / file.absolute().relative_to(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)


@dataclass
class Ended:
    """How a run of the action ended."""

    conclusion: str
    """success, failure or cancelled."""
    outputs: Mapping[str, str]
    summary: str
    log: str
    code: int
    """Of the step that failed first."""
    masks: frozenset[str] = frozenset()
    """What the log never shows from the moment it was named."""


@dataclass
class Runner:
    """One machine: a workspace, an empty place for temporary files, and nothing from before."""

    action: Path
    github: GitHub
    workspace: Path
    temp: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    run_id: str = "1"
    answered: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def run(
        self,
        inputs: Mapping[str, str],
        event: str = "push",
        cancel_when: Callable[[], bool] | None = None,
        during: str = "work",
    ) -> Ended:
        """Run every step; a cancelled run goes on with those that say always()."""
        document: Any = yaml.safe_load((self.action / "action.yml").read_text(encoding="utf-8"))
        given = {name: str(how.get("default", "")) for name, how in document["inputs"].items()} | dict(inputs)
        unknown = set(inputs) - set(document["inputs"])
        assert not unknown
        facts = {f"inputs.{name}": value for name, value in given.items()} | {"runner.temp": str(self.temp)}
        self.temp.mkdir(parents=True, exist_ok=True)
        summary, log, conclusion, code = self.temp / "summary", "", "success", 0
        masks: set[str] = set()
        for number, step in enumerate(document["runs"]["steps"]):
            if not self._wanted(step.get("if", "success()"), facts, conclusion):
                continue
            outputs: Mapping[str, str]
            name, outcome = step.get("id", f"step-{number}"), "success"
            if name in self.answered:
                outputs = self.answered[name]
            elif "uses" in step:
                self._use(step["uses"], {key: _filled(str(value), facts) for key, value in step["with"].items()})
                outputs = {}
            else:
                assert step["shell"] == "bash"
                assert "${{" not in step["run"], "an input inside a script is a hole"
                values = {key: _filled(str(value), facts) for key, value in step.get("env", {}).items()}
                cancel = cancel_when if name == during else None
                status, said, outputs = self._step(step["run"], values, summary, number, event, cancel)
                said, hidden = _masked(said, masks)
                log, masks = log + said, masks | hidden
                if cancel:
                    conclusion = "cancelled"
                if status:
                    code = code or status
                    outcome, conclusion = "failure", conclusion if conclusion == "cancelled" else "failure"
            facts[f"steps.{name}.outcome"] = outcome
            facts |= {f"steps.{name}.outputs.{key}": value for key, value in outputs.items()}
        results = {key: _filled(how["value"], facts) for key, how in document["outputs"].items()}
        text = summary.read_text(encoding="utf-8") if summary.exists() else ""
        return Ended(conclusion, results, text, log, code, frozenset(masks))

    def _wanted(self, condition: str, facts: Mapping[str, str], conclusion: str) -> bool:
        terms = [term.strip() for term in condition.split("&&")]
        if not {"always()", "success()"} & set(terms) and conclusion != "success":
            return False
        return all(_holds(term, facts, conclusion) for term in terms)

    def _use(self, action: str, options: Mapping[str, str]) -> None:
        name = action.partition("@")[0]
        if name == "actions/cache/save":
            self.github.save_cache(options["key"], Path(options["path"]))
        elif name == "actions/cache/restore":
            self.github.restore_cache(options["key"], options["restore-keys"], Path(options["path"]))
        elif name == "actions/upload-artifact":
            workspace = str(self.workspace)
            lines = [os.path.join(workspace, line) for line in options["path"].splitlines() if line]  # noqa: PTH118 - an absolute line stays
            self.github.upload(options["name"], "\n".join(lines))
        else:
            assert name == "actions/setup-python", name

    def _step(
        self,
        script: str,
        values: Mapping[str, str],
        summary: Path,
        number: int,
        event: str,
        cancel_when: Callable[[], bool] | None,
    ) -> tuple[int, str, Mapping[str, str]]:
        said, written, file = self.temp / f"log-{number}", self.temp / f"output-{number}", self.temp / f"{number}.sh"
        file.write_text(script, encoding="utf-8")
        written.touch()
        environ = {
            **self.environ,
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_OUTPUT": str(written),
            "GITHUB_REPOSITORY": "me/films",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": self.run_id,
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(self.temp),
            **values,
        }
        with said.open("wb") as log:
            process = subprocess.Popen(
                [str(shutil.which("bash")), "--noprofile", "--norc", "-e", "-o", "pipefail", str(file)],
                cwd=self.workspace,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            if cancel_when:
                while process.poll() is None and not cancel_when():
                    pass
                process.send_signal(signal.SIGINT)  # to that process alone, as the runner does
                try:
                    process.wait(GRACE)
                except subprocess.TimeoutExpired:
                    process.terminate()
            code = process.wait(300)
        text = said.read_text(encoding="utf-8")
        said.unlink()
        return code, text, _outputs(written.read_text(encoding="utf-8"))


def _masked(log: str, masks: set[str]) -> tuple[str, set[str]]:
    """The log as it is shown, and what it asks to hide: a line is hidden as of the one that asks for it."""
    hidden, shown = set(masks), []
    for line in log.splitlines(keepends=True):
        if line.startswith("::add-mask::"):
            hidden.add(line.strip().removeprefix("::add-mask::"))
            continue
        for secret in sorted(hidden, key=len, reverse=True):
            line = line.replace(secret, "***")
        shown.append(line)
    return "".join(shown), hidden


def _filled(text: str, facts: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", lambda found: facts.get(found[1], ""), text)


def _holds(term: str, facts: Mapping[str, str], conclusion: str) -> bool:
    if term == "always()":
        return True
    if term == "success()":
        return conclusion == "success"
    compared = re.fullmatch(r"([\w.-]+) (==|!=) '([^']*)'", term)
    assert compared, f"an expression that this runner does not know: {term}"
    return (facts.get(compared[1], "") == compared[3]) == (compared[2] == "==")


def _outputs(text: str) -> Mapping[str, str]:
    """Both forms: name=value, and name<<MARK with lines up to the mark."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, several, mark = line.partition("<<")
        if several and "=" not in name:
            value: list[str] = []
            while (more := next(lines)) != mark:
                value.append(more)
            found[name] = "\n".join(value)
        else:
            name, _, one = line.partition("=")
            found[name] = one
    return found
