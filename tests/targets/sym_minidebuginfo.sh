#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# sym_minidebuginfo.sh PROGRAM OUT [OTHER]: strips PROGRAM as Fedora does, with a .gnu_debugdata of
# the functions that .dynsym has not (find-debuginfo; "MiniDebugInfo" in Debugging with GDB). With
# OTHER, the functions are those of another program.
set -e
program=$1 out=$2 from=${3:-$1}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

nm -D --format=posix --defined-only "$from" | awk '{ print $1 }' | sort > "$dir/dynamic"
nm --format=posix --defined-only "$from" | awk '$2 ~ /^[TtD]$/ { print $1 }' | sort > "$dir/all"
comm -13 "$dir/dynamic" "$dir/all" > "$dir/keep"
${OBJCOPY:-objcopy} --only-keep-debug "$from" "$dir/debug"
${OBJCOPY:-objcopy} -S --remove-section .gdb_index --remove-section .comment \
	--keep-symbols="$dir/keep" "$dir/debug" "$dir/mini" 2> "$dir/err" || { cat "$dir/err"; exit 1; }
xz --stdout "$dir/mini" > "$dir/mini.xz"
${STRIP:-strip} --strip-all -o "$dir/stripped" "$program"
${OBJCOPY:-objcopy} --add-section .gnu_debugdata="$dir/mini.xz" "$dir/stripped" "$out"
