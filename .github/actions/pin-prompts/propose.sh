#!/usr/bin/env bash
# Pins the versions of prompts in Phoenix and opens a pull request with what that changes. Its arguments are the command
# that is evalgate; CONFIG, FOLLOW, BRANCH and GH_TOKEN are what the action's inputs say.
set -euo pipefail

scratch=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/pin.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
# shellcheck source=/dev/null
. "${BASH_SOURCE[0]%/*}/../pull-request.sh"

if [ "$FOLLOW" = latest ]; then which=(--latest); else which=(--tag "$FOLLOW"); fi
pinned=$("$@" prompt pin --config "$CONFIG" "${which[@]}")
if [ -z "$pinned" ]; then
  echo "every prompt is pinned to what it is in Phoenix: nothing to propose"
  exit 0
fi

first=${pinned%%$'\n'*}
title=${first#*: }
if [ "$first" != "$pinned" ]; then title="$title and more"; fi
body=$'Newer versions of prompts in Phoenix, for the gate to measure:\n\n- '${pinned//$'\n'/$'\n- '}

# One that was closed is not opened again.
known=$(find_one all)
if [ -n "$known" ] && remote fetch --quiet --depth 1 origin "refs/heads/$BRANCH" 2>/dev/null &&
  git diff --quiet FETCH_HEAD -- "$CONFIG"; then
  echo "$title: proposed already"
  exit 0
fi

git switch --quiet --force-create "$BRANCH"
git -c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \
  commit --quiet --message "$title" --message "$body" -- "$CONFIG"
push --force
printf '%s\n' "$body" > "$scratch/body"
number=$(find_one open)
if [ -n "$number" ]; then edit "$number" -f title="$title"; else open_one "$title"; fi
