#!/usr/bin/env bash
# Asks the completions for bash as bash does: try.bash. Prints what is not as it should be.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")

# expect PROGRAM WORDS... -- the last two arguments: what was typed so far, and what must be offered.
expect() {
    local program=$1 wanted=${*: -1}
    COMP_WORDS=("${@:1:$#-1}")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    "_${program//-/_}"
    if [ "${COMPREPLY[*]}" != "$wanted" ]; then
        echo "${*:1:$#-1}: offers '${COMPREPLY[*]}', not '$wanted'"
        exit 1
    fi
}

for program in kodama kodama-simulate kodama-load kodama-conform; do
    source "$here/bash/$program"
done
expect kodama --pi --pin-cpus
expect kodama --disable no no-iowait
expect kodama --workers 4 ""
expect kodama-load localhost:7 --arr --arrivals
expect kodama-load --wait s "spin sleep"
expect kodama-simulate --ex --exhaustive
expect kodama-conform --js --json
