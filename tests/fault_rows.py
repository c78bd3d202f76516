"""The rows of the fault list by their ids, so that none is forgotten: each has a test that carries its id in its name
or in the name of one case of its table, or a reason why it does not apply.

Show how they stand: python -m tests.fault_rows
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.fault_kinds import KINDS

TESTS = Path(__file__).parent


@dataclass(frozen=True)
class Row:
    """`priority` 0 holds on every change, 1 every night, 2 before a release. `why_not`: it does not apply, and why."""

    priority: int
    fault: str
    why_not: str = ""


GROUPS = {
    "A": "paying",
    "B": "crashes and signals",
    "C": "waiting",
    "D": "saving",
    "E": "credentials",
    "F": "hostile text",
    "G": "config, ledger, file system",
    "H": "environment",
    "I": "images",
}
ROWS = {
    "A1": Row(0, "an order that is never answered"),
    "A2": Row(0, "an order that is answered with a reset"),
    "A3": Row(0, "an acceptance that is cut"),
    "A4": Row(0, "an acceptance without a usable id"),
    "A5": Row(0, "a login page in place of an acceptance"),
    "A6": Row(0, "an order that cannot leave"),
    "A7": Row(0, "a 429 that says when"),
    "A8": Row(0, "a Retry-After that is no wait"),
    "A9": Row(0, "a server error after an order"),
    "A10": Row(0, "an order refused as malformed"),
    "A11": Row(0, "an order refused for its key"),
    "A12": Row(0, "no balance"),
    "A13": Row(0, "an error code inside a 200"),
    "A14": Row(0, "an order redirected with its method"),
    "A15": Row(0, "an order redirected to a GET"),
    "A16": Row(0, "the same dedupe key again"),
    "A17": Row(0, "the same dedupe key at once"),
    "A18": Row(1, "a dedupe key for another request"),
    "A19": Row(0, "the same order while one is in doubt"),
    "A20": Row(0, "a server that dies among many orders"),
    "A21": Row(1, "dearer than allowed, or of unknown price"),
    "A22": Row(1, "a cancel that is not taken"),
    "A23": Row(1, "a dry run"),
    "B1": Row(0, "killed at every step of an order"),
    "B2": Row(0, "killed at every step of a wait and a download"),
    "B3": Row(0, "Ctrl-C before an order leaves"),
    "B4": Row(0, "Ctrl-C before an order is answered"),
    "B5": Row(0, "Ctrl-C while waiting"),
    "B6": Row(0, "SIGTERM and SIGHUP"),
    "B7": Row(1, "a terminal that goes away"),
    "B8": Row(0, "a power cut, by the order of syncs"),
    "B9": Row(2, "a power cut, by a file system that forgets"),
    "B10": Row(1, "killed for its memory"),
    "B11": Row(1, "stopped for a while and continued"),
    "B12": Row(1, "what a killed process left"),
    "B13": Row(1, "an old ledger restored"),
    "B14": Row(0, "killed between the name and the ledger"),
    "C1": Row(0, "ten minutes of trouble, then the video"),
    "C2": Row(1, "a new job not known yet"),
    "C3": Row(0, "a key refused during a wait"),
    "C4": Row(0, "an unknown status word"),
    "C5": Row(1, "a job that ends twice, odd percentages"),
    "C6": Row(0, "done without an address"),
    "C7": Row(0, "a job that does not end"),
    "C8": Row(1, "a 429 to every job"),
    "C9": Row(0, "a clock that jumps"),
    "C10": Row(1, "a Retry-After as a date"),
    "C11": Row(0, "an address to poll at another host"),
    "C12": Row(0, "an answer that is far too large"),
    "C13": Row(0, "an answer that drips"),
    "C14": Row(1, "a job that is gone"),
    "C15": Row(1, "an answer about another job"),
    "C16": Row(1, "how often a job is looked at"),
    "D1": Row(0, "a connection that drops"),
    "D2": Row(0, "a range that is ignored"),
    "D3": Row(0, "another piece than was asked for"),
    "D4": Row(0, "a video that changed meanwhile"),
    "D5": Row(1, "a part that is complete, or too long"),
    "D6": Row(0, "a body that ends early"),
    "D7": Row(0, "a length that is too short"),
    "D8": Row(0, "no length at all"),
    "D9": Row(1, "broken chunks"),
    "D10": Row(0, "a page in place of a video"),
    "D11": Row(0, "an empty video"),
    "D12": Row(0, "an address that expired"),
    "D13": Row(0, "a body without an end"),
    "D14": Row(0, "a trickle"),
    "D15": Row(0, "too many redirects"),
    "D16": Row(0, "a redirect to an unsafe place"),
    "D17": Row(1, "a video that comes packed"),
    "D18": Row(0, "a name that is taken"),
    "D19": Row(1, "what is cleaned up after a failure"),
    "D20": Row(0, "two processes with one job"),
    "D21": Row(0, "a full disk"),
    "D22": Row(1, "a video larger than the disk"),
    "D23": Row(0, "a disk that fails at a sync or a rename"),
    "D24": Row(1, "a folder that goes away or is read-only"),
    "D25": Row(1, "stdout, a folder, a pipe or a device as the target"),
    "D26": Row(1, "another size than the provider says"),
    "D27": Row(1, "one of several videos of a job fails", "no provider here makes more than one video of an order"),
    "D28": Row(1, "a video of 4 GiB"),
    "D29": Row(2, "a virus scanner that holds a file"),
    "D30": Row(1, "a program that says it is a video"),
    "E1": Row(0, "a look redirected to another origin"),
    "E2": Row(0, "another origin that looks like ours"),
    "E3": Row(0, "the server of the video"),
    "E4": Row(0, "cookies"),
    "E5": Row(0, "netrc"),
    "E6": Row(1, "a proxy with a password"),
    "E7": Row(0, "a base address that is not safe"),
    "E8": Row(0, "a config file in the working folder"),
    "E9": Row(0, "the key of another provider"),
    "E10": Row(0, "the most talkative output"),
    "E11": Row(0, "a bug with the key in its hands"),
    "E12": Row(0, "a key on the command line"),
    "E13": Row(0, "a key in the query"),
    "E14": Row(
        1,
        "a child process that sees the keys",
        "hailuo starts no player, browser or prober; an api_key_command is the user's own and gets their environment",
    ),
    "E15": Row(0, "a key that was copied badly"),
    "E16": Row(0, "a key file under an open umask"),
    "E17": Row(0, "a key file of others or for others"),
    "E18": Row(1, "signed addresses"),
    "E19": Row(0, "a certificate that does not fit"),
    "F1": Row(0, "text that drives a terminal"),
    "F2": Row(0, "text that is markup"),
    "F3": Row(1, "text that nobody can see"),
    "F4": Row(0, "text that is no text, or endless"),
    "F5": Row(0, "27 names"),
    "F6": Row(1, "long names"),
    "F7": Row(0, "a prompt as a name"),
    "F8": Row(0, "a link planted where we write"),
    "F9": Row(0, "JSON with quirks"),
    "F10": Row(1, "hostile text inside our JSON"),
    "F11": Row(1, "names that Windows keeps for itself"),
    "G1": Row(0, "an empty ledger"),
    "G2": Row(0, "a damaged ledger"),
    "G3": Row(0, "a ledger of a newer version"),
    "G4": Row(0, "a migration that is killed"),
    "G5": Row(0, "many processes, one ledger"),
    "G6": Row(0, "a ledger that stays locked"),
    "G7": Row(0, "a disk that does not take the intent"),
    "G8": Row(0, "a disk that does not take the ticket"),
    "G9": Row(1, "a ledger on a network drive"),
    "G10": Row(1, "no home, or folders that are relative"),
    "G11": Row(0, "a config file that is not understood"),
    "G12": Row(0, "a config file that is read-only"),
    "G13": Row(0, "a config write that is killed"),
    "G14": Row(
        0,
        "a keyring that is missing, locked or hangs",
        "hailuo asks no keyring by itself: an api_key_command does, the user chooses it, and it ends after 60 s",
    ),
    "G15": Row(1, "a key variable that is empty"),
    "G16": Row(1, "100,000 jobs"),
    "G17": Row(1, "a clock set back between jobs"),
    "G18": Row(
        1, "a ledger copied while in use", "jobs export prints rows and never copies the file, so no backup call is due"
    ),
    "G19": Row(1, "no more open files, quota or inodes"),
    "G20": Row(1, "a ledger that was deleted"),
    "G21": Row(0, "one connection in two threads"),
    "H1": Row(1, "a proxy that does not work"),
    "H2": Row(1, "what NO_PROXY may say"),
    "H3": Row(0, "certificates that the user names"),
    "H4": Row(0, "a way to switch checking off"),
    "H5": Row(1, "an IPv6 route that swallows"),
    "H6": Row(0, "a reader that goes away"),
    "H7": Row(0, "stdout closed"),
    "H8": Row(0, "stdout full"),
    "H9": Row(0, "no terminal and no stdin"),
    "H10": Row(0, "a narrow output encoding"),
    "H11": Row(1, "a plain or narrow terminal"),
    "H12": Row(1, "a clock that is wrong by decades"),
    "H13": Row(0, "planted code in the working folder"),
    "H14": Row(1, "an update check that fails", "hailuo checks for no updates"),
    "H15": Row(1, "the oldest and the newest Python and SQLite"),
    "H16": Row(2, "Windows and macOS"),
    "I1": Row(0, "a pixel bomb"),
    "I2": Row(0, "another kind of file under an image's name"),
    "I3": Row(
        1,
        "a photo with its place in it",
        "the bytes that were checked are the bytes that are sent, and the contract has no --keep-metadata;"
        " docs/providers.md says so",
    ),
    "I4": Row(0, "a file that cannot be read whole"),
    "I5": Row(0, "an image address that is not https"),
    "I6": Row(1, "the largest image, in memory"),
}
OTHER_LISTS = {"L": 9, "N": 13, "T": 14}
"""Numbers, loads and fuzz targets that test names carry as well, with how many there are."""

_ID = re.compile(r"[A-Z][0-9]+")
_CASE = re.compile(r"([A-Z][0-9]+)(?: to ([A-Z][0-9]+))?((?:[ ,]+[A-Z][0-9]+)*)(?=[ :]|$)")


def carried(source: str) -> set[str]:
    """The ids that a module's tests carry: in front of their names, and in front of the names of their cases."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            found |= set(_spread(node.name.removeprefix("test_").split("_")))
        elif isinstance(node, ast.Dict):
            found |= {name for key in node.keys for name in _case(key)}
        elif isinstance(node, ast.keyword) and node.arg == "id":
            found |= set(_case(node.value))
    return found


@cache
def covered() -> set[str]:
    """Every id that some test of this folder carries."""
    files = (path for path in TESTS.rglob("test_*.py"))
    return {name for path in files for name in carried(path.read_text(encoding="utf-8"))}


@cache
def functions() -> set[str]:
    """The names of all tests of this folder."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in TESTS.rglob("test_*.py"))
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@cache
def known() -> set[str]:
    return set(ROWS) | {f"{letter}{number + 1}" for letter, most in OTHER_LISTS.items() for number in range(most)}


def _case(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and (match := _CASE.match(node.value)):
        yield from _spread(match[0].replace(",", " ").split())


def _spread(words: list[str]) -> Iterator[str]:
    """The ids in front of other words; `A1 to A5` stands for all five."""
    for position, word in enumerate(words):
        if _ID.fullmatch(word):
            yield word
            if words[position + 1 : position + 2] == ["to"] and _ID.fullmatch(words[position + 2]):
                first, last = int(word[1:]), int(words[position + 2][1:])
                yield from (f"{word[0]}{number}" for number in range(first, last))
        elif word != "to":
            return


def table() -> Iterator[str]:
    """How the rows of every group stand, in lines."""
    tested = covered()
    for letter, title in GROUPS.items():
        yield f"{letter}  {title}"
        standing: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
        for name, row in ROWS.items():
            if name[0] == letter:
                how = "does not apply" if row.why_not else "has a test" if name in tested else "open"
                standing[row.priority, how].append(name)
        for (priority, how), names in sorted(standing.items()):
            yield f"   P{priority}  {how + ':':16}{' '.join(names)}"
        yield from (f"       {name}: {row.why_not}" for name, row in ROWS.items() if name[0] == letter and row.why_not)
    there = functions()
    yield "K  kinds that were found after the first release candidate"
    yield f"   has a test: {' '.join(name for name, (_, test) in KINDS.items() if test in there)}"
    if missing := [name for name, (_, test) in KINDS.items() if test not in there]:
        yield f"   open: {' '.join(missing)}"


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in table()))
