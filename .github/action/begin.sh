#!/usr/bin/env bash
# Check the inputs, mask every key, and decide. Gives mode (plan or run), kept (the folder that the next run needs), data and
# record in it, results (a folder for this run), key and prefix of the cache, and the names of both artifacts.
set -euo pipefail

refuse() {
  echo "::error::$1" >&2
  exit 2
}

[ -f "$MANIFEST" ] || refuse "manifest: there is no file $MANIFEST in the workspace"
case $MODE in auto | plan | run) ;; *) refuse "mode: $MODE is not auto, plan or run" ;; esac
case $KEEP in cache | artifact | none) ;; *) refuse "keep: $KEEP is not cache, artifact or none" ;; esac
case $VIDEOS in true | false) ;; *) refuse "videos: $VIDEOS is not true or false" ;; esac
[[ $SHARD =~ ^([0-9]+/[0-9]+)?$ ]] || refuse "shard: $SHARD is not like 2/5"

mkdir -p "$RUNNER_TEMP/hailuo/kept" "$RUNNER_TEMP/hailuo/results"
rm -f "$RUNNER_TEMP"/hailuo/results/*

# every variable that may hold a key is masked, and one that does means that orders can be made
"$HAILUO" providers --json >"$RUNNER_TEMP/hailuo/results/providers.json"
has_key=$("$PYTHON" "$GITHUB_ACTION_PATH/.github/action/documents.py" mask "$RUNNER_TEMP/hailuo/results/providers.json")
if [ "$MODE" = auto ]; then
  case $GITHUB_EVENT_NAME in pull_request*) MODE=plan ;; *) MODE=run ;; esac
  if [ "$has_key" = no ]; then MODE=plan; fi
fi

# what a cache and an artifact may be called
batch=${NAME:-$(basename "${MANIFEST%.*}")}
batch=$(printf %s "$batch" | tr -c 'A-Za-z0-9._-' '-')
part=${SHARD:+-${SHARD/\//of}}
{
  echo "mode=$MODE"
  echo "kept=$RUNNER_TEMP/hailuo/kept"
  echo "data=$RUNNER_TEMP/hailuo/kept/data"
  echo "record=${RECORD:-$RUNNER_TEMP/hailuo/kept/record.jsonl}"
  echo "results=$RUNNER_TEMP/hailuo/results"
  echo "prefix=hailuo-$batch$part-"
  echo "key=hailuo-$batch$part-$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT"
  echo "record-artifact=hailuo-record-$batch$part"
  echo "artifact=${ARTIFACT:-hailuo-$batch$part}"
} | tr -d '\r' >>"$GITHUB_OUTPUT"
