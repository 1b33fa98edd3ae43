# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# A clean Debian 12 in $root. Sourced by run; uses its fail, tmp and root.

. "$source_dir/tools/lab/fetch.sh"
NO_LAB=1
base=$cache/package/bookworm-$(dpkg --print-architecture).tar

say() {
	echo "package: $*"
}

# zc-lab's functions name an exit code first.
in_lab() (
	fail() {
		echo "package: $2" >&2
		exit 1
	}
	prepare_cache
	"$@"
)

fetch_base() {
	local uri

	type -P mmdebstrap >/dev/null || fail 1 "mmdebstrap is missing: apt-get install mmdebstrap"
	uri=$(mirror)
	[[ -n $uri ]] || fail 1 "apt's sources name no mirror of Debian 12"
	say "fetching a minimal Debian 12 from $uri (180 MB on disk)"
	mkdir -p "${base%/*}"
	rm -f "$base.part"
	mmdebstrap --mode=root --variant=minbase --format=tar --quiet bookworm - "$uri" \
		>"$base.part" 2>"$tmp/log" ||
		fail 1 "no Debian 12 could be had from $uri: $(tail -n 3 "$tmp/log")"
	mv "$base.part" "$base"
}

# in_root COMMAND...: in the folder's Debian, with nothing of this one's environment.
in_root() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		chroot "$root" "$@"
}

# apt ARGUMENTS...: apt-get in there, quiet unless it fails.
apt() {
	in_root apt-get -q -y --no-install-recommends "$@" >"$tmp/log" 2>&1 ||
		fail "apt-get $*, in the clean Debian: $(tail -n 5 "$tmp/log")"
}

make_root() {
	local turn

	[[ -s $base ]] || in_lab fetch_base || exit 1
	mkdir -p "$root" "$cache/package/archives/partial"
	# Two at once would write to the same archives.
	exec {turn}>"$cache/package/turn"
	flock -n "$turn" || {
		say "waiting for another one of this test"
		flock "$turn"
	}
	tar -xf "$base" -C "$root"
	mount -t proc proc "$root/proc"
	mount -t sysfs -o ro sysfs "$root/sys"
	# What was fetched for one run is there for the next.
	mount --bind "$cache/package/archives" "$root/var/cache/apt/archives"
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
	apt-config dump Acquire | grep -i proxy >"$root/etc/apt/apt.conf.d/proxy" || true
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
	mkdir "$root/packages"
	cp "$build"/deb/*.deb "$root/packages"
	in_root apt-get -q update -o APT::Update::Error-Mode=any >"$tmp/log" 2>&1 ||
		fail "the mirror's package lists cannot be had: $(tail -n 3 "$tmp/log")"
	say "a clean Debian $(<"$root/etc/debian_version") with $(in_root dpkg-query -f '.\n' -W | wc -l) packages"
}

# list_files: every name in there but those of apt's and dpkg's own books, and of caches.
list_files() {
	find "$root" -xdev \( -path "$root/var/cache" -o -path "$root/var/lib/apt" -o -path "$root/var/log" \
		-o -path "$root/var/lib/dpkg/*" -not -path "$root/var/lib/dpkg/info*" \) -prune \
		-o -printf '/%P\n' | sort
}

# purged PACKAGE...: remove them with what came for them; then the files are those of list FILE.
purged() {
	local before=$1
	shift

	apt purge --autoremove "$@"
	list_files | diff "$before" - >"$tmp/diff" || fail "purging $* left or took files: $(<"$tmp/diff")"
	say "purged $*: the files are those of before ($(wc -l <"$before"))"
}
