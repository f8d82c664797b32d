#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Makes a Debian package of a tree that `make install` made: systemd/debian/build.sh NAME TREE DEB ELF
# ELF is the file in the tree that is linked with libraries; scripts and control are in the folder NAME
# beside this file. In the environment: VERSION, DEB_ARCH, STRIP, SOURCE_DATE_EPOCH.
set -eu
name=$1
tree=$2
deb=$3
elf=$tree/$4
here=$(cd "$(dirname "$0")" && pwd)/$name
doc=$tree/usr/share/doc/$name
work=$(dirname "$tree")
umask 022

"$STRIP" --strip-unneeded -R .comment -R .note "$elf"
# Debian has the GPL's text once.
sed -i '/GNU GENERAL PUBLIC LICENSE/,$d' "$doc/copyright"
echo 'The GNU General Public License, version 2, is in /usr/share/common-licenses/GPL-2.' \
	>>"$doc/copyright"
date=$(date -u -R -d "@$SOURCE_DATE_EPOCH")
printf '%s (%s) unstable; urgency=medium\n\n  * As of the sources of this date.\n\n -- %s  %s\n' \
	"$name" "$VERSION" "$(sed -n 's/^Maintainer: //p' "$here/control.in")" "$date" >"$doc/changelog"
gzip -9n "$doc/changelog"
mkdir -p "$tree/DEBIAN"

# dpkg-shlibdeps looks for debian/control where it runs.
mkdir -p "$work/shlibs/debian"
printf 'Source: tacho\n\nPackage: %s\nArchitecture: any\n' "$name" >"$work/shlibs/debian/control"
depends=$(cd "$work/shlibs" && DEB_HOST_ARCH=$DEB_ARCH dpkg-shlibdeps -O -e"$elf" |
	sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] # else nothing was found out, which -e does not see in a pipe

size=$(du -k -s --apparent-size --exclude=DEBIAN "$tree" | cut -f 1)
sed -e "s/@VERSION@/$VERSION/" -e "s/@ARCH@/$DEB_ARCH/" -e "s/@SIZE@/$size/" \
	-e "s/@DEPENDS@/$depends/" -e '/^#/d' "$here/control.in" >"$tree/DEBIAN/control"
for script in postinst prerm postrm; do
	[ ! -e "$here/$script" ] || install -m 755 "$here/$script" "$tree/DEBIAN/$script"
done
(cd "$tree" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | LC_ALL=C sort -z |
	xargs -0 md5sum >DEBIAN/md5sums)
chmod 644 "$tree/DEBIAN/control" "$tree/DEBIAN/md5sums"
find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$tree" "$deb" >/dev/null
