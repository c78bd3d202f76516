#!/usr/bin/env bash
# Say what there is: the report, the plan as Markdown, the outputs. Runs after a failure and after a cancelled run too.
set -euo pipefail
# shellcheck source=.github/action/common.sh
source "$GITHUB_ACTION_PATH/.github/action/common.sh"
if [ -f "$RECORD" ]; then choice+=(--record "$RECORD"); fi

summary=$RESULTS/summary.md
report=
if [ "$MODE" = run ]; then
  report=$(dirname "$MANIFEST")/hailuo-report.html
  "$HAILUO" batch status "$MANIFEST" "${choice[@]+"${choice[@]}"}" --json >"$RESULTS/status.json" || true
  "$HAILUO" batch report "$MANIFEST" "${choice[@]+"${choice[@]}"}" -o "$summary" >&2 || true
  "$HAILUO" batch report "$MANIFEST" "${choice[@]+"${choice[@]}"}" -o "$report" >&2 || report=
fi
export report summary
"$PYTHON" "$GITHUB_ACTION_PATH/.github/action/documents.py" end "$RESULTS"
