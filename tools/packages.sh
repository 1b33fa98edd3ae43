# SPDX-License-Identifier: BSD-2-Clause
# What the scripts need from the system. Sourced by tools/demo and tools/check, from bash.

# Debian 12 names.
packages=(
	build-essential clang cmake ninja-build pkg-config bpftool
	libxdp-dev libbpf-dev libmnl-dev libelf-dev zlib1g-dev libcriterion-dev libjson-c-dev
	iproute2 iputils-ping ethtool jq python3 valgrind
)

# What tools/check needs besides: readers and writers of frames and of metrics that are not ours, the fuzzers' runtime.
test_packages=(python3-scapy tshark python3-prometheus-client libclang-rt-14-dev)

# For tests/package and tests/manual: who makes man pages and who judges them, who judges Debian's packages and makes
# those of RPM, and who makes a Debian in a folder.
test_packages+=(lintian rpm mmdebstrap pandoc mandoc man-db)

# How to tell on other systems: a command, a path, or a pkg-config module behind a colon.
declare -A probes=(
	[build-essential]=cc [clang]=clang [cmake]=cmake [ninja-build]=ninja
	[pkg-config]=pkg-config [bpftool]=bpftool [iproute2]=ip [ethtool]=ethtool [valgrind]=valgrind
	[iputils-ping]=ping [python3]=python3
	[libxdp-dev]=:libxdp [libbpf-dev]=:libbpf [libmnl-dev]=:libmnl [libelf-dev]=:libelf
	[zlib1g-dev]=:zlib [libcriterion-dev]=:criterion [jq]=jq
	[python3-scapy]=scapy [tshark]=tshark [libclang-rt-14-dev]=clang
	[lintian]=lintian [rpm]=rpmbuild [mmdebstrap]=mmdebstrap [pandoc]=pandoc [mandoc]=mandoc [man-db]=lexgrog
	[libjson-c-dev]=:json-c
	[python3-prometheus-client]=/usr/lib/python3/dist-packages/prometheus_client
)

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin

# need_root: network namespaces and XDP need it.
need_root() {
	if [[ $(id -u) -ne 0 ]]; then
		echo "${0##*/}: run it as root: sudo $0" >&2
		exit 1
	fi
}

is_debian_12() {
	[[ -r /etc/os-release ]] && (
		. /etc/os-release
		[[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]]
	)
}

is_present() {
	local probe=${probes[$1]}

	if is_debian_12; then
		[[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
	elif [[ $probe == :* ]]; then
		pkg-config --exists "${probe#:}" 2>/dev/null
	elif [[ $probe == /* ]]; then
		[[ -e $probe ]]
	else
		command -v "$probe" >/dev/null
	fi
}

may_install=true # false: --no-install

# install_packages: on Debian 12 install what is missing; elsewhere, or with --no-install, name it and exit 1.
install_packages() {
	local package
	local missing=()

	for package in "${packages[@]}"; do
		is_present "$package" || missing+=("$package")
	done
	if [[ ${#missing[@]} -eq 0 ]]; then
		return 0
	fi
	if ! $may_install; then
		echo "${0##*/}: --no-install, and missing here: ${missing[*]}" >&2
		exit 1
	fi
	if ! is_debian_12; then
		echo "${0##*/}: only Debian 12 is set up automatically. Missing here, by their Debian" >&2
		echo "names: ${missing[*]}" >&2
		exit 1
	fi
	echo "installing with apt-get: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	if ! { apt-get -q update && apt-get -q -y --no-install-recommends install "${missing[@]}"; } \
		>/dev/null; then
		echo "${0##*/}: apt-get could not install: ${missing[*]}" >&2
		exit 1
	fi
}

# Run a command as the owner of the source tree: sudo must not leave files there that the user
# cannot remove. A build directory that root made before stays root's.
as_owner() {
	local owner

	owner=$(stat -c %U "$source_dir/build" 2>/dev/null || stat -c %U "$source_dir")
	if [[ $(id -u) -eq 0 && $owner != root && $owner != UNKNOWN ]]; then
		runuser -u "$owner" -- "$@"
	else
		"$@"
	fi
}

# build_preset NAME [TARGET...]: configure and build into build/NAME, quietly unless it fails.
build_preset() {
	local name=$1 log
	shift
	local targets=()

	if [[ $# -gt 0 ]]; then
		targets=(--target "$@")
	fi
	echo "building preset $name into build/$name"
	log=$(cd "$source_dir" && {
		as_owner cmake --preset "$name" &&
			as_owner cmake --build --preset "$name" "${targets[@]}"
	} 2>&1) || {
		echo "$log" >&2
		echo "${0##*/}: building preset $name failed" >&2
		exit 1
	}
}
