#!/usr/bin/env bash
# Sourced by app/run and tests/run: installs what is missing, and builds. Says what it does on
# stderr, and nothing when there is nothing to do.
set -euo pipefail

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "$@"
    exit 1
}

# The checks ask for the thing itself, so that it may come from anywhere.
has_tool() {
    command -v "$1" >/dev/null 2>&1
}

has_compiler() {
    has_tool c++ || has_tool g++ || has_tool "${CXX:-clang++}"
}

has_ninja() {
    has_tool ninja || has_tool ninja-build
}

# An older liburing than we need is no reason to install: Meson then builds its own.
has_library() {
    pkg-config --exists "$1" 2>/dev/null
}

compiler() {
    command -v "${CXX:-c++}" g++ clang++ | head -n 1
}

has_boost() {
    echo '#include <boost/program_options.hpp>' | "$(compiler)" -x c++ -E - >/dev/null 2>&1
}

# missing_packages PACKAGE CHECK... -- prints the Debian packages whose check fails. A check is a
# command, its words joined with colons.
missing_packages() {
    local words
    while (($# > 1)); do
        IFS=: read -r -a words <<<"$2"
        "${words[@]}" || echo "$1"
        shift 2
    done
}

# shellcheck disable=SC2034 # for the scripts that source this
packages_to_build=(
    g++ has_compiler
    meson has_tool:meson
    ninja-build has_ninja
    pkg-config has_tool:pkg-config
    liburing-dev has_library:liburing
    libboost-program-options-dev has_boost
)

is_debian() {
    has_tool apt-get && grep -qsE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release
}

# Runs a command as root; fails where nobody may.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif has_tool sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        sudo "$@"
    else
        return 1
    fi
}

# install_packages PACKAGE... -- fails when it could not.
install_packages() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q)
    as_root true || return 1
    say "installing $*"
    as_root "${apt[@]}" update >&2 || say "going on with the package lists that there are"
    as_root "${apt[@]}" install -y --no-install-recommends "$@" >&2
}

# require PACKAGE CHECK... -- installs what is missing, or says what to do about it.
require() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]} > 0)) || return 0
    if is_debian; then
        install_packages "${missing[@]}" || fail "Packages are missing. As root, run:
    apt-get update && apt-get install --no-install-recommends ${missing[*]}"
        return 0
    fi
    say "Missing, by the names of Debian's packages: ${missing[*]}"
    if ! { has_compiler && has_tool meson && has_ninja; }; then
        fail "Install at least a C++20 compiler, Meson and Ninja, then run this again."
    fi
}

# configure FOLDER [MESON OPTION]... -- sets the build folder up, once for each set of options;
# $CXX is the compiler. A folder that somebody else has set up stays as it is.
configure() {
    local folder=$1 wanted="${CXX:-} ${*:2}"
    if [ -f "$folder/build.ninja" ]; then
        [ -f "$folder/options" ] || return 0
        [ "$wanted" != "$(<"$folder/options")" ] || return 0
        rm -rf "$folder"
    fi
    say "setting up $folder"
    meson setup "${@:2}" "$folder" "$root" >&2 || return 1
    printf '%s\n' "$wanted" >"$folder/options"
}

# release_options -- prints Meson's options for what is to be fast. Optimised as a whole, the server
# takes a quarter fewer instructions for an echo. With Clang that would need an archiver and a
# linker of Clang's own version, so it is left out there.
release_options() {
    printf '%s\n' --buildtype=release -Ddefault_library=static
    local macros
    macros=$("$(compiler)" -dM -E -x c++ - </dev/null)
    [[ $macros == *__clang__* ]] || echo -Db_lto=true
}

# compile FOLDER [NINJA ARGUMENT]...
compile() {
    "$(command -v ninja || command -v ninja-build)" -C "$1" --quiet "${@:2}" |
        { grep -vx 'ninja: no work to do.' || true; } >&2
}

# The folder that all of this works on.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
