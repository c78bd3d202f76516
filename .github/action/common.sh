# For work.sh and end.sh: the words of the command that both have in common.
# shellcheck shell=bash disable=SC2034
# "${choice[@]+…}" below: the bash of macOS takes an empty array for an unset one

case $MANIFEST in -*) MANIFEST=./$MANIFEST ;; esac # not an option
declare -a batch choice
batch=("$MANIFEST")
if [ -n "$NAME" ]; then batch+=(--name "$NAME"); fi
if [ -n "$PROVIDER" ]; then batch+=(--provider "$PROVIDER"); fi

choice=()
if [ -n "$SHARD" ]; then choice+=(--shard "$SHARD"); fi
while IFS= read -r file; do
  if [ -n "$file" ]; then choice+=(--record "$file"); fi
done <<<"${RECORDS//$'\r'/}"
