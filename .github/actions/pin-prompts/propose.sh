#!/usr/bin/env bash
# Pins the versions of prompts in Phoenix and opens a pull request with what that changes. Its arguments are the command
# that is evalgate; CONFIG, FOLLOW, BRANCH and GH_TOKEN are what the action's inputs say.
set -euo pipefail

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

remote() { git -c credential.helper= -c 'credential.helper=!gh auth git-credential' "$@"; }
if remote fetch --quiet --depth 1 origin "refs/heads/$BRANCH" 2>/dev/null && git diff --quiet FETCH_HEAD -- "$CONFIG"; then
  echo "$title: proposed already"
  exit 0
fi

git switch --quiet --force-create "$BRANCH"
git -c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \
  commit --quiet --message "$title" --message "$body" -- "$CONFIG"
remote push --quiet --force origin "HEAD:refs/heads/$BRANCH"

# A fork may have a branch of the same name: its pull requests are none of ours.
number=$(gh pr list --head "$BRANCH" --state open --json number,isCrossRepository \
  --jq '[.[] | select(.isCrossRepository | not)][0].number // empty')
if [ -n "$number" ]; then
  gh pr edit "$number" --title "$title" --body "$body"
else
  gh pr create --head "$BRANCH" --title "$title" --body "$body"
fi
