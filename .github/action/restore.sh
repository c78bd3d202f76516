#!/usr/bin/env bash
# Fetch the newest record that a run of this repository left as an artifact. None is not an error: a first run has none.
# Artifacts of forks are passed over: whoever can open a pull request could say what was ordered.
set -euo pipefail

found=$(gh api --method GET "repos/$GITHUB_REPOSITORY/actions/artifacts" -f name="$ARTIFACT" -f per_page=50 --jq \
  '[.artifacts[] | select(.expired == false and .workflow_run.head_repository_id == .workflow_run.repository_id)] | sort_by(.created_at) | last | .id // empty')
if [ -z "$found" ]; then
  echo "no record of an earlier run"
  exit 0
fi
archive=$RUNNER_TEMP/hailuo/record.zip
gh api "repos/$GITHUB_REPOSITORY/actions/artifacts/$found/zip" >"$archive"
"$PYTHON" -m zipfile -e "$archive" "$KEPT"
rm -f "$archive"
echo "record of artifact $found"
