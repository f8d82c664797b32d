#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Puts a program and every library that it needs, the loader included, into PREFIX/bin and PREFIX/lib:
# systemd/bundle.sh PROGRAM PREFIX TRIPLET. The libraries are those of this machine for that triplet.
set -eu
program=$1 prefix=$2 triplet=$3

needed() {
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

# Copies what the file needs, and what that needs.
copy_needed() {
	for name in $(needed "$1"); do
		[ ! -e "$prefix/lib/$name" ] || continue
		for folder in "/lib/$triplet" "/usr/lib/$triplet" "/usr/$triplet/lib"; do
			[ ! -e "$folder/$name" ] || break
		done
		if [ ! -e "$folder/$name" ]; then
			echo "tacho: bundle: $name: not found for $triplet" >&2
			exit 1
		fi
		install -m 755 "$folder/$name" "$prefix/lib/$name"
		copy_needed "$prefix/lib/$name"
	done
}

mkdir -p "$prefix/lib"
install -m 755 "$program" "$prefix/bin/tacho"
copy_needed "$prefix/bin/tacho"
"${STRIP:-strip}" --strip-unneeded "$prefix/bin/tacho" "$prefix"/lib/*.so*
