# shellcheck shell=bash disable=SC2154
# What the actions here that open a pull request do on GitHub, to be sourced. BRANCH is its branch, GH_TOKEN the token;
# `$scratch` is a folder, and `$scratch/body` the text of the pull request.

remote() { git -c credential.helper= -c 'credential.helper=!gh auth git-credential' "$@"; }
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
find_one() {
  ask "pull requests could not be listed" "$repository/pulls" --method GET -f state="$1" \
    -f head="${GITHUB_REPOSITORY%%/*}:$BRANCH" \
    --jq '[.[] | select(.head.repo.full_name == env.GITHUB_REPOSITORY)][0].number // empty'
}

# Writes its text anew, and with `-f title=…` its title.
edit() {
  local number="$1"
  shift
  ask "pull request $number could not be edited" "$repository/pulls/$number" --method PATCH \
    -F body=@"$scratch/body" "$@" --jq .html_url
}

open_one() {
  local title="$1" into number
  into=$(ask "the default branch could not be looked up" "$repository" --jq .default_branch)
  if gh api "$repository/pulls" --method POST -f title="$title" -f head="$BRANCH" -f base="$into" \
    -F body=@"$scratch/body" --jq .html_url > "$scratch/answer" 2> "$scratch/refused"; then
    cat "$scratch/answer"
    return
  fi
  grep -q "already exists" "$scratch/answer" ||
    refused "$BRANCH is pushed, and a pull request could not be opened"
  number=$(find_one open) # somebody has opened it meanwhile
  edit "$number"
}

push() { remote push --quiet "$@" origin "HEAD:refs/heads/$BRANCH" || barred pushed; }

# Git has said why: the token may not, or somebody pushed at the same time.
barred() {
  echo "::error::$BRANCH could not be $1; next: give the job permissions: {contents: write, pull-requests: write}," \
    "or run it again where somebody pushed meanwhile" >&2
  exit 4
}
