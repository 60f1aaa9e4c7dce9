#!/usr/bin/env bash
# Sourced by bench/vm/run and bench/vm/report: what a virtual machine is made of, and running it.
set -euo pipefail

vm=$(dirname "${BASH_SOURCE[0]}")
source "$vm/../../app/setup.sh"
static=$root/build-vm/static

skip() {
    echo "$@"
    exit 77
}

machine= # the process that runs it
temporary=$(mktemp -d)
trap '[ -z "$machine" ] || kill "$machine"; rm -rf "$temporary"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

require_machine() {
    [ "$(uname -m)" = x86_64 ] || skip "the virtual machine is an x86-64 one"
    is_debian || skip "the virtual machine is made of Debian's packages"
    (require "${packages_to_build[@]}" \
        catch2 has_library:catch2 \
        qemu-system-x86 has_tool:qemu-system-x86_64 \
        busybox-static has_tool:busybox \
        cpio has_tool:cpio \
        make has_tool:make \
        gcc-12 has_tool:gcc-12 \
        libelf1 has_shared_library:libelf.so.1) ||
        skip "packages for a virtual machine are missing"
}

has_shared_library() {
    /sbin/ldconfig -p | grep -qF "$1"
}

# build_static JOBS EXECUTABLE... -- Meson looks for a static Boost only in a folder that has no
# other. With the options of app/run, so that what is counted is what is run.
build_static() {
    local boost=$root/build-vm/boost jobs=$1 options
    mapfile -t options < <(release_options)
    mkdir -p "$boost"
    ln -sf "$(c++ -print-file-name=libboost_program_options.a)" "$boost/"
    BOOST_INCLUDEDIR=/usr/include BOOST_LIBRARYDIR=$boost configure "$static" \
        "${options[@]}" -Dprefer_static=true -Dcpp_link_args=-static &&
        compile "$static" -j "$jobs" "${@:2}"
}

# build_module KERNEL FOLDER -- builds kodama_echo.ko there, from a copy of the sources. A warning
# is an error. Exits with 77 and a reason on stdout where the kernel's headers cannot be had.
build_module() {
    local headers log=$2/build.txt sources=$vm/../kernel_module
    headers=$("$vm/kernel" "$1" headers) || { echo "$headers" && return 77; }
    mkdir -p "$2"
    cp -u "$sources"/{Kbuild,Makefile,*.c,*.h} "$2/"
    if ! make -C "$2" KERNEL="$headers" W=1 KCFLAGS=-Werror >"$log" 2>&1; then
        cat "$log" >&2
        return 1
    fi
    strip --strip-debug -o "$2/stripped.ko" "$2/kodama_echo.ko"
}

# make_initramfs COMMAND FILE... -- the command is a script for the guest; the files, of which a
# missing one is no error, come into its folder /kodama. Not compressed: the guest would have to
# unpack it, slowly.
make_initramfs() {
    local tree=$temporary/tree file
    rm -rf "$tree"
    mkdir -p "$tree/bin" "$tree/kodama"
    cp "$(command -v busybox)" "$tree/bin/busybox"
    cp "$vm/init" "$tree/init"
    for file in "${@:2}"; do
        [ ! -e "$file" ] || cp "$file" "$tree/kodama/"
    done
    if [ -e "$tree/kodama/stripped.ko" ]; then
        mv "$tree/kodama/stripped.ko" "$tree/kodama/kodama_echo.ko"
    fi
    chmod 755 "$tree/init" "$tree"/kodama/*
    printf '%s\n' "$1" >"$tree/command"
    (cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0) >"$temporary/initramfs"
}

# boot IMAGE FOLDER SECONDS KERNEL-ARGUMENTS QEMU-ARGUMENT... -- runs the machine, its console on
# stderr and in FOLDER/console.txt, and unpacks its results there. Succeeds when the command did.
boot() {
    local console=$2/console.txt code=0 tail
    mkdir -p "$2"
    : >"$console"
    timeout --kill-after=5 "$3" qemu-system-x86_64 "${@:5}" \
        -M q35 -nodefaults -no-user-config -no-reboot -display none -nic none \
        -serial "file:$console" -serial "file:$temporary/results" \
        -kernel "$1" -initrd "$temporary/initramfs" \
        -append "console=ttyS0 panic=-1 oops=panic quiet $4" </dev/null >&2 &
    machine=$!
    tail -n +1 -f --pid "$machine" "$console" >&2 &
    tail=$!
    wait "$machine" || code=$?
    machine=
    wait "$tail" || true
    tar -x -C "$2" -f "$temporary/results" 2>/dev/null || true
    if ! grep -aqE '^the guest ends with exit code [0-9]+' "$console"; then
        ((code != 124)) || say "the machine was stopped after $3 s"
        say "the machine did not come to its end"
        return 1
    fi
    grep -aqE '^the guest ends with exit code 0\b' "$console"
}
