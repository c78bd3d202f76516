#!/usr/bin/env bash
# Build what is released, twice, and refuse what is not the same both times:
#   packaging/build.sh FOLDER      with the tools of release-tools.txt installed; TAG=vX.Y.Z must be the version, where it is set
# FOLDER gets the wheel, the sdist, sbom.cdx.json (what the wheel brings with it), notes.md and the Homebrew formula.
set -euo pipefail
target=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/.."

version=$(python -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')
if [ -n "${TAG-}" ] && [ "$TAG" != "v$version" ]; then
  echo "the tag is $TAG and pyproject.toml says $version" >&2
  exit 1
fi
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for time in first second; do
  mkdir -p "$scratch/$time"
  tar -c --exclude-vcs --exclude=./.venv --exclude=./build --exclude=./dist . | tar -x -C "$scratch/$time"
  (cd "$scratch/$time" && python -m build --no-isolation --outdir out . >log 2>&1) || { cat "$scratch/$time/log" >&2; exit 1; }
done
diff -r "$scratch/first/out" "$scratch/second/out" || { echo "the same sources gave other bytes" >&2; exit 1; }
cp "$scratch"/first/out/* "$target/"

python -m venv "$scratch/env"
"$scratch/env/bin/pip" install --quiet "$target/hailuo-$version-py3-none-any.whl[all]"
"$scratch/env/bin/pip" uninstall --quiet --yes pip setuptools
cyclonedx-py environment --output-reproducible --pyproject pyproject.toml --of JSON -o "$target/sbom.cdx.json" "$scratch/env"
python packaging/release_files.py "$target"
