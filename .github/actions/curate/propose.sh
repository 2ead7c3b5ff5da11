#!/usr/bin/env bash
# Runs the profiles that are due and opens a pull request with their candidates. Its arguments are the command that is
# evalgate; CONFIG, PROFILES, BRANCH and GH_TOKEN are what the action's inputs say.
set -euo pipefail

title="Candidates for golden datasets"
own=(-c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com')
remote() { git -c credential.helper= -c 'credential.helper=!gh auth git-credential' "$@"; }
scratch=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/curate.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
# For a GitHub server of one's own, gh takes the token from another variable.
export GH_HOST="${GITHUB_SERVER_URL#*://}" GH_ENTERPRISE_TOKEN="$GH_TOKEN" GH_PROMPT_DISABLED=1
repository="repos/$GITHUB_REPOSITORY"

# Asks GitHub and prints the answer; the first argument is what to say where it is refused. By REST: `gh pr edit` of
# before 2.82.1, which is what distributions have, asks for what GitHub no longer knows.
ask() {
  local doing="$1"
  shift
  gh api "$@" > "$scratch/answer" 2> "$scratch/refused" || refused "$doing"
  cat "$scratch/answer"
}

refused() {
  local said next="run it again"
  said=$(tr '\n' ' ' < "$scratch/refused")
  said=${said//"$GH_TOKEN"/***}
  case "$said" in
    *"not permitted to create or approve pull requests"*)
      next="tick 'Allow GitHub Actions to create and approve pull requests' under Settings, Actions, General, Workflow"
      next+=" permissions (the organization's first), or give the action the token of another app, or open it by hand:"
      next+=" the next run goes on with it" ;;
    *"HTTP 401"*) next="give the action a token that is still good" ;;
    *"rate limit"*) next="run it again in an hour" ;;
    *"HTTP 403"* | *"HTTP 404"*) next="give the job permissions: {contents: write, pull-requests: write}" ;;
  esac
  echo "::error::$1: ${said}next: $next" >&2
  exit 4
}

# A fork may have a branch of the same name: its pull requests are none of ours.
find_open() {
  ask "pull requests could not be listed" "$repository/pulls" --method GET -f state=open \
    -f head="${GITHUB_REPOSITORY%%/*}:$BRANCH" \
    --jq '[.[] | select(.head.repo.full_name == env.GITHUB_REPOSITORY)][0].number // empty'
}

edit() {
  ask "pull request $1 could not be edited" "$repository/pulls/$1" --method PATCH -F body=@"$scratch/body" --jq .html_url
}

open_one() {
  local into
  into=$(ask "the default branch could not be looked up" "$repository" --jq .default_branch)
  if gh api "$repository/pulls" --method POST -f title="$title" -f head="$BRANCH" -f base="$into" \
    -F body=@"$scratch/body" --jq .html_url > "$scratch/answer" 2> "$scratch/refused"; then
    cat "$scratch/answer"
    return
  fi
  grep -q "already exists" "$scratch/answer" ||
    refused "the candidates are on $BRANCH, and a pull request could not be opened"
  edit "$(find_open)" # somebody has opened it meanwhile
}

push() {
  remote push --quiet "$@" origin "HEAD:refs/heads/$BRANCH" && return
  echo "::error::$BRANCH could not be pushed; next: give the job permissions: {contents: write, pull-requests: write}," \
    "or run it again where somebody pushed meanwhile" >&2
  exit 4
}

number=$(find_open)
base=$(git rev-parse HEAD)
if [ -n "$number" ]; then
  # People decide on this branch: it goes on from what they committed, and is never written over.
  remote fetch --quiet origin "refs/heads/$BRANCH"
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

read -ra named <<< "$PROFILES"
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
  open_one
fi
exit "$code"
