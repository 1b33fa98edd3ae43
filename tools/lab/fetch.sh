# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# Debian packages into the cache folder, once. Sourced by tools/zc-lab, and by
# tools/guest/guest.sh; uses their fail, say and NO_LAB, and zc-lab's nic and kernel.

cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/net_xdp-lab

free_mb() {
	df --output=avail -BM "$cache" 2>/dev/null | tail -n 1 | tr -dc 0-9
}

prepare_cache() {
	{ mkdir -p "$cache" && [[ -w $cache ]]; } 2>/dev/null ||
		fail "$NO_LAB" "cannot write to the cache folder $cache; set XDG_CACHE_HOME elsewhere"
	[[ $(free_mb) -ge 600 ]] ||
		fail "$NO_LAB" "$cache has $(free_mb) MB free and this needs 600; set XDG_CACHE_HOME elsewhere"
	exec {lock}>"$cache/lock"
	flock -n "$lock" || {
		say "waiting for another one to finish fetching"
		flock "$lock"
	}
}

# apt with a configuration of its own: the system's lists, cache and packages stay as they are.
private_apt() {
	"$@" -o Dir::Etc::sourcelist="$cache/apt/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$cache/apt/lists" -o Dir::Cache="$cache/apt/cache" \
		-o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=true
}

# Where this system has Debian 12 itself from: deb822 files first, then one-line ones.
mirror() {
	{
		awk 'FNR == 1 || /^$/ {uri = ""} /^URIs:/ {uri = $2}
			/^Suites:.* bookworm( |$)/ && uri {print uri}' \
			/etc/apt/sources.list.d/*.sources
		grep -shE '^deb .* bookworm ' /etc/apt/sources.list /etc/apt/sources.list.d/*.list |
			sed -E 's/^deb +(\[[^]]*\] +)?//; s/ .*//'
	} 2>/dev/null | sed -n 1p
}

fetch_lists() {
	local uri suite

	type -P apt-get dpkg-deb >/dev/null || fail "$NO_LAB" "no apt-get here, and the lab is made of Debian packages"
	uri=$(mirror || true)
	[[ -n $uri ]] || fail "$NO_LAB" "apt's sources name no mirror of Debian 12"
	mkdir -p "$cache"/apt/{lists,cache/archives}/partial
	rm -f "$cache"/apt/cache/archives/*.deb
	for suite in bookworm bookworm-updates bookworm-backports trixie-backports; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main"
	done >"$cache/apt/sources.list"
	say "fetching package lists"
	private_apt apt-get -q update -o APT::Update::Error-Mode=any >"$cache/apt/log" 2>&1 ||
		fail "$NO_LAB" "the package lists cannot be had; see $cache/apt/log"
}

# unpack FOLDER [TAR-PATTERN...]: what was fetched; then the packages may go.
unpack() {
	local folder=$1 package errors
	shift

	for package in "$cache"/apt/cache/archives/*.deb; do
		# Not every package has every pattern; what is missing in the end is noticed below.
		errors=$(dpkg-deb --fsys-tarfile "$package" |
			tar -x -C "$folder" --wildcards "$@" 2>&1) || true
		[[ $errors != *"No space left"* ]] || fail "$NO_LAB" "the disk of $cache is full"
	done
	rm -f "$cache"/apt/cache/archives/*.deb
}

# QEMU and the guest's tools with all that they need and this system does not have.
fetch_tools() {
	tools_dir=$cache/tools
	[[ ! -e $tools_dir/complete ]] || return 0
	fetch_lists
	say "fetching QEMU and the guest's tools (17 MB)"
	{
		private_apt apt-get -q -y --download-only --no-install-recommends \
			-t bookworm-backports install qemu-system-x86 &&
			private_apt apt-get -q -y --download-only --no-install-recommends \
				install busybox-static iproute2 ethtool xdp-tools
	} >"$cache/apt/log" 2>&1 || fail "$NO_LAB" "QEMU's packages cannot be had; see $cache/apt/log"
	rm -rf "$tools_dir"
	mkdir -p "$tools_dir"
	unpack "$tools_dir"
	[[ -x $tools_dir/usr/bin/qemu-system-x86_64 ]] || type -P qemu-system-x86_64 >/dev/null ||
		fail "$NO_LAB" "QEMU's packages do not unpack into $tools_dir; see $cache/apt/log"
	touch "$tools_dir/complete"
}

# pick_release FLAVOUR: the kernel to fetch, "6.18.15+deb13-amd64". Unless told otherwise 6.18 for
# virtio, and the newest for igb: before 7.0, when an empty fill ring is filled, that driver wakes the
# wrong interrupt and receives nothing any more ("igb: Fix trigger of incorrect irq in
# igb_xsk_wakeup"). A suite may have dropped 6.18; then virtio gets the newest as well.
pick_release() {
	local series=$kernel releases

	if [[ -z $series && $nic != igb ]]; then
		series=6.18
	fi
	releases=$(private_apt apt-cache pkgnames linux-image- |
		sed -nE "s/^linux-image-([0-9.]+\+deb13-$1)\$/\1/p" | sort -V)
	if [[ -n $kernel || $'\n'$releases == *$'\n'$series.* ]]; then
		releases=$(awk -v series="$series." 'index($0, series) == 1' <<<"$releases")
	fi
	tail -n 1 <<<"$releases"
}

# A kernel that an earlier version of this has fetched may lack one.
has_modules() {
	local module

	for module in "${modules[@]}"; do
		[[ -n $(find "$kernel_dir" -name "$module.ko.xz") ]] || return
	done
}

# Kernel and modules, which newer versions have in packages of their own. The cloud image is small and
# has virtio only.
fetch_kernel() {
	local flavour=cloud-amd64 size="50 MB" release patterns packages

	modules=(failover net_failover virtio_net veth) # in the order of loading
	if [[ $nic == igb ]]; then
		flavour=amd64
		size="170 MB"
		modules=(dca i2c-algo-bit igb)
	fi
	kernel_dir=$cache/linux-${kernel:-default}-$flavour
	if [[ -e $kernel_dir/complete ]] && has_modules; then
		return
	fi
	fetch_lists
	release=$(pick_release "$flavour")
	[[ -n $release ]] ||
		fail "$NO_LAB" "the suites have no linux-image-$kernel*+deb13-$flavour; try another --kernel"
	mapfile -t packages < <(private_apt apt-cache pkgnames linux- |
		grep -xF -e "linux-image-$release" -e "linux-binary-$release" -e "linux-modules-$release")
	say "fetching ${packages[*]} ($size)"
	(cd "$cache/apt/cache/archives" && private_apt apt-get -q download "${packages[@]}") \
		>"$cache/apt/log" 2>&1 || fail "$NO_LAB" "$release cannot be had; see $cache/apt/log"
	rm -rf "$kernel_dir"
	mkdir -p "$kernel_dir"
	mapfile -t patterns < <(printf '*/%s.ko.xz\n' "${modules[@]}")
	unpack "$kernel_dir" '*/vmlinuz*' "${patterns[@]}"
	find "$kernel_dir" -name 'vmlinuz*' -exec mv {} "$kernel_dir/vmlinuz" \;
	[[ -e $kernel_dir/vmlinuz ]] ||
		fail "$NO_LAB" "$release does not unpack into $kernel_dir; see $cache/apt/log"
	echo "$release" >"$kernel_dir/complete"
}
