#!/usr/bin/env bash
# Install hailuo into an environment of its own. Takes PYTHON and VERSION; gives python and hailuo, their paths.
set -euo pipefail

environment=$RUNNER_TEMP/hailuo/env
"${PYTHON:-python3}" -m venv "$environment"
programs=$environment/bin
if [ -d "$environment/Scripts" ]; then programs=$environment/Scripts; fi
"$programs/python" -m pip install --quiet --disable-pip-version-check "${VERSION:-${GITHUB_ACTION_PATH}[all]}"
{
  echo "python=$programs/python"
  echo "hailuo=$programs/hailuo"
} >>"$GITHUB_OUTPUT"
