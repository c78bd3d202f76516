"""The files of a release that are made from others: python packaging/release_files.py FOLDER

`notes.md` is the version's part of the changelog; `hailuo.rb` is the Homebrew formula with the sdist's checksum in it.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def notes(changelog: str, version: str) -> str:
    """The section of this version; ValueError where there is none."""
    found = re.search(
        rf"^## \[?{re.escape(version)}(?=[\]\s]).*?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if not found or not found[1].strip():
        raise ValueError(f"CHANGELOG.md has no section for {version}")
    return found[1].strip() + "\n"


def formula(template: str, *, repository: str, version: str, sha256: str) -> str:
    """The Homebrew formula of one release; ValueError where the template has a mark that nothing fills."""
    values = {"REPOSITORY": repository, "VERSION": version, "SHA256": sha256}
    text = re.sub(r"@([A-Z0-9]+)@", lambda mark: values[mark[1]] if mark[1] in values else mark[0], template)
    if left := re.search(r"@[A-Z0-9]+@", text):
        raise ValueError(f"nothing fills {left[0]} of the formula")
    return text


def main(folder: Path) -> None:
    """Write both beside the sdist."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    sdist = folder / f"hailuo-{version}.tar.gz"
    filled = formula(
        (ROOT / "packaging" / "homebrew" / "hailuo.rb.in").read_text(encoding="utf-8"),
        repository=os.environ.get("GITHUB_REPOSITORY", "OWNER/hailuo"),
        version=version,
        sha256=hashlib.sha256(sdist.read_bytes()).hexdigest(),
    )
    (folder / "hailuo.rb").write_text(filled, encoding="utf-8")
    (folder / "notes.md").write_text(
        notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version), encoding="utf-8"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
