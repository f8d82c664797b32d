#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Installs what docs/packages.txt lists for the purposes given, and for building: only what is
# missing, and only as root. Otherwise says in one line what to install, and fails.
set -eu
cd "$(dirname "$0")/.."

wanted=" build $* "
case $wanted in *" check "*) wanted="$wanted demo arm64 fuzz " ;; esac
case $wanted in *" asan "*) wanted="$wanted check demo " ;; esac
case $wanted in *" bench "*) wanted="$wanted peers " ;; esac

missing=
peers=
while read -r purpose package _; do
	case $purpose in '' | '#'*) continue ;; esac
	case $wanted in *" $purpose "*) ;; *) continue ;; esac
	[ "$(dpkg --print-architecture)" = arm64 ] && [ "$purpose" = arm64 ] && continue
	state=$(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | head -n 1) || :
	[ "$state" = installed ] && continue
	case $purpose in
	peers) peers="$peers $package" ;;
	*) missing="$missing $package" ;;
	esac
done <docs/packages.txt

[ -n "$missing$peers" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	[ -n "$missing" ] || exit 0
	foreign=
	case $missing in *:arm64*) foreign='dpkg --add-architecture arm64 && apt-get update && ' ;; esac
	echo "tacho: packages are missing; as root: ${foreign}apt-get install$missing" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# Of servers only their programs are wanted: no package starts one while it is installed.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi
case $missing in *:arm64*) dpkg --add-architecture arm64 ;; esac
echo "  APT     $missing$peers"
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
[ -z "$missing" ] || apt-get install -y -qq --no-install-recommends $missing >/dev/null
# Each by itself: one that this distribution does not have, or not beside the others, is done without.
for package in $peers; do
	apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
		echo "  APT      $package cannot be installed; it is not measured beside" >&2
done
