"""Runs commands one at a time and tells what each took. One JSON line in, one out.

A process of its own, without site-packages: what a child is told to have used at its peak includes what its parent
had when it was born, so the parent has to be small.
"""

import json
import os
import sys
import time


def run(argv: list[str], env: dict[str, str], files: list[tuple[str, int]]) -> list[float]:
    """The exit code, seconds, seconds of CPU and MiB at the peak. `files`: path and flags of the standard streams."""
    began = time.perf_counter()
    pid = os.fork()
    if not pid:
        try:
            for number, (path, flags) in enumerate(files):
                os.dup2(os.open(path, flags, 0o600), number)
            os.execvpe(argv[0], argv, env)  # noqa: S606
        finally:
            os._exit(127)
    _, status, used = os.wait4(pid, 0)
    took = time.perf_counter() - began
    return [os.waitstatus_to_exitcode(status), took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]


for line in sys.stdin:
    sys.stdout.write(json.dumps(run(**json.loads(line))) + "\n")
    sys.stdout.flush()
