#!/usr/bin/env bash
# Plan, and in mode run order, wait and save. Ends as hailuo does. A cancelled workflow sends SIGINT here: it is passed on, so
# that an answer that is out can still be written down.
set -euo pipefail
# shellcheck source=.github/action/common.sh
source "$GITHUB_ACTION_PATH/.github/action/common.sh"

if [ "$MODE" = run ] || [ -f "$RECORD" ]; then choice+=(--record "$RECORD"); fi
if [ -n "$RETRY" ]; then choice+=(--retry "$RETRY"); fi

"$HAILUO" batch plan "${batch[@]}" "${choice[@]+"${choice[@]}"}" --json >"$RESULTS/plan.json" || code=$?
if [ "$MODE" = plan ] || [ "${code:-0}" != 0 ]; then exit "${code:-0}"; fi

if [ -f "$RECORD" ]; then cp "$RECORD" "$RESULTS/record-before"; fi
spending=(--yes)
if [ -n "$BUDGET" ]; then spending+=(--budget "$BUDGET"); fi
if [ -n "$TIMEOUT" ]; then spending+=(--timeout "$TIMEOUT"); fi

"$HAILUO" batch run "${batch[@]}" "${choice[@]+"${choice[@]}"}" "${spending[@]}" --json >"$RESULTS/run.json" &
work=$!
trap 'kill -TERM "$work" 2>/dev/null || true' INT TERM
code=0
while true; do
  wait "$work" && code=0 || code=$?
  kill -0 "$work" 2>/dev/null || break # a signal ends the wait, not the work
done
exit "$code"
