# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: BSD-2-Clause
# What guests are made of, as Debian packages into zc-lab's cache folder, once. Sourced by guest.sh.

. "$source_dir/tools/lab/fetch.sh"

uml_dir=$cache/uml

# In a subshell: the lab's functions end it with a sentence, and may be called otherwise by who sources this.
in_lab() (
	NO_LAB=1 nic=virtio kernel=

	fail() { # CODE MESSAGE
		echo "guest: $2" >&2
		exit "$1"
	}
	say() {
		echo "guest: $*" >&2
	}
	prepare_cache
	"$@"
)

# User-Mode Linux, with the modules that belong to it, and busybox.
fetch_uml_packages() {
	[[ ! -e $uml_dir/complete ]] || return 0
	fetch_lists
	say "fetching User-Mode Linux and busybox (42 MB)"
	(cd "$cache/apt/cache/archives" &&
		private_apt apt-get -q download user-mode-linux busybox-static) >"$cache/apt/log" 2>&1 ||
		fail "$NO_LAB" "User-Mode Linux cannot be had; see $cache/apt/log"
	rm -rf "$uml_dir"
	mkdir -p "$uml_dir"
	unpack "$uml_dir" '*/linux.uml' '*/bin/busybox' '*/failover.ko' '*/net_failover.ko' '*/virtio_net.ko'
	[[ -x $uml_dir/usr/bin/linux.uml && -x $uml_dir/bin/busybox ]] ||
		fail "$NO_LAB" "user-mode-linux does not unpack into $uml_dir; see $cache/apt/log"
	touch "$uml_dir/complete"
}

fetch_qemu_packages() {
	fetch_tools
	fetch_kernel
}

# fetched NAME: a program's path, among QEMU's packages or else on this system.
fetched() {
	PATH=$tools_dir/usr/bin:$tools_dir/bin:$PATH type -P "$1"
}

# fetch_guest uml|qemu. Return: 1 when it cannot be had, after a sentence.
fetch_guest() {
	in_lab "fetch_$1_packages"
	tools_dir=$cache/tools
	kernel_dir=$cache/linux-default-cloud-amd64
}
