#!/usr/bin/env bash
# Runs the profiles that are due and opens a pull request with their candidates. Its arguments are the command that is
# evalgate; CONFIG, PROFILES, BRANCH and GH_TOKEN are what the action's inputs say.
set -euo pipefail

title="Candidates for golden datasets"
own=(-c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com')
scratch=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/curate.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
# shellcheck source=/dev/null
. "${BASH_SOURCE[0]%/*}/../pull-request.sh"

number=$(find_one open)
base=$(git rev-parse HEAD)
if [ -n "$number" ]; then
  # People decide on this branch: it goes on from what they committed, and is never written over.
  remote fetch --quiet origin "refs/heads/$BRANCH" || barred fetched
  git switch --quiet --force-create "$BRANCH" FETCH_HEAD
  if ! git "${own[@]}" merge --quiet --no-edit "$base"; then
    git merge --abort
    echo "::error::$BRANCH cannot be merged with the default branch; merge it by hand, or merge pull request $number"
    exit 2
  fi
  # Where data goes is what the default branch says, not what this one does.
  git show "$base:./$CONFIG" > "$scratch/config"
  cat "$scratch/config" > "$CONFIG"
else
  git switch --quiet --force-create "$BRANCH"
fi

# On several lines too: read ends with 1 where the text does.
read -rd '' -a named <<< "$PROFILES" || true
code=0
"$@" curate run --config "$CONFIG" --sheet --paths "$scratch/paths" --markdown "$scratch/body" \
  -- "${named[@]}" || code=$?
if [ ! -s "$scratch/paths" ]; then
  echo "nothing to propose"
  exit "$code"
fi

GIT_LITERAL_PATHSPECS=1 git add --pathspec-from-file="$scratch/paths"
git "${own[@]}" commit --quiet --message "$title"
if [ -n "$number" ]; then
  push
  edit "$number"
else
  push --force
  open_one "$title"
fi
exit "$code"
