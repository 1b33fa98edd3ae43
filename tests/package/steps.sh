# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# What is done with the packages. Sourced by run.

build_packages() {
	local package file

	(cd "$source_dir" && cmake --preset package -B "$build" && nice -n 5 cmake --build "$build" &&
		rm -rf "$build/deb" && cpack --config "$build/CPackConfig.cmake" -B "$build/deb") \
		>"$tmp/log" 2>&1 || fail "the packages cannot be built: $(tail -n 30 "$tmp/log")"
	version=$("$source_dir/tests/abi/version" "$source_dir")
	library=libnet-xdp${version%.*}
	arch=$(dpkg --print-architecture)
	for package in "$library" libnet-xdp-dev net-xdp-tools; do
		file=$build/deb/${package}_$version-1_$arch.deb
		[[ -s $file ]] || fail "no $file"
		say "built $package $version-1, which depends on $(dpkg-deb -f "$file" Depends)"
	done
}

# There is no address that mail could go to, which a packager gives by CPACK_PACKAGE_CONTACT; and CPack makes
# the scripts that call ldconfig.
check_lint() {
	type -P lintian >/dev/null || fail "lintian is missing: apt-get install lintian"
	lintian --allow-root --fail-on error,warning --suppress-tags \
		bogus-mail-host,bogus-mail-host-in-debian-changelog,maintscript-calls-ldconfig \
		"$build"/deb/*.deb || fail "lintian found what is above"
	say "lintian: no errors, no warnings"
}

# Frames between two of the installed programs, in a network namespace of its own.
exchange_frames() {
	timeout 60 unshare --net bash -euc '
		root=$1
		ip link add va type veth peer name vb
		ip link set va up
		ip link set vb up
		chroot "$root" xsk-bench rx -i vb -t 30 --count 1000 --json >"$2" 2>/dev/null &
		while kill -0 $! 2>/dev/null; do
			chroot "$root" xsk-bench tx -i va -t 1 --count 1000 --rate 10k >/dev/null 2>&1
		done
		wait $!' exchange "$root" "$tmp/rx.json" || fail "xsk-bench rx: $? $(<"$tmp/rx.json")"
	[[ $(jq .totals.good "$tmp/rx.json") -ge 900 ]] || fail "xsk-bench rx: $(jq -c .totals "$tmp/rx.json")"
	say "xsk-bench: $(jq .totals.good "$tmp/rx.json") frames over a veth pair"
}

# An administrator enables a socket; a purge takes that too.
enable_unit() {
	local wants=$root/etc/systemd/system/sockets.target.wants unit

	for unit in service socket; do
		[[ -s $root/usr/lib/systemd/system/xsk-vhost@.$unit ]] || fail "no unit xsk-vhost@.$unit"
	done
	[[ -z $(find "$root/etc/systemd" -name '*xsk*') ]] || fail "a unit is enabled without being asked"
	ln -s /usr/lib/systemd/system/xsk-vhost@.socket "$wants/xsk-vhost@eth1.socket"
}

# reads_manual NAME...: man shows a page of that name, and the index has it.
reads_manual() {
	local name

	for name; do
		in_root man "$name" >"$tmp/out" 2>&1 || fail "man $name: $(<"$tmp/out")"
		grep -q '^SYNOPSIS' "$tmp/out" || fail "man $name: $(<"$tmp/out")"
		in_root whatis "$name" >"$tmp/log" 2>&1 || fail "whatis $name: $(<"$tmp/log")"
		say "man $name: $(wc -l <"$tmp/out") lines; $(tr -s ' ' <"$tmp/log")"
	done
}

# completes WANTED WORD...: bash in there, asked to complete the last word, offers what is wanted.
completes() {
	local wanted=$1 offered
	shift

	# shellcheck disable=SC2016
	offered=$(in_root bash -euc '
		. "/usr/share/bash-completion/completions/$1"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		$(complete -p "$1" | sed -nE "s/.* -F ([^ ]+) .*/\1/p") "$1" "${!#}" "${COMP_WORDS[-2]}"
		echo "${COMPREPLY[@]}"' bash "$@" 2>&1) || fail "completion of '$*': $offered"
	[[ " $offered " == *" $wanted "* ]] || fail "'$*' completes to '$offered', without $wanted"
	say "bash completes '$*': $offered"
}

# has_pages PACKAGE: those of docs/, without a dangling link.
has_pages() {
	local said

	said=$("$here/../docs/links" "$root/usr/share/doc/$1" 2>&1) || fail "$1: $said"
	say "$1: $said"
}

use_tools() {
	local program

	mkdir -p "$root/etc/systemd/system/sockets.target.wants"
	apt install man-db
	list_files >"$tmp/before"
	apt install "/packages/net-xdp-tools_$version-1_$arch.deb"
	for program in xsk-info xsk-bench xsk-vhost; do
		[[ $(in_root "$program" --version) == "$program $version" ]] || fail "$program --version"
		say "$(in_root "$program" --version)"
	done
	in_root xsk-info lo >"$tmp/out" || fail "xsk-info lo: $?"
	[[ $(sed -n 1p "$tmp/out") == lo ]] || fail "xsk-info lo: $(<"$tmp/out")"
	say "xsk-info lo: $(wc -l <"$tmp/out") lines, $(grep -m 1 -w prediction "$tmp/out" || sed -n 3p "$tmp/out")"
	exchange_frames
	has_pages net-xdp-tools
	reads_manual xsk-info xsk-bench xsk-vhost
	completes --mode xsk-bench rx --mo
	completes zero-copy xsk-bench rx --mode ''
	completes lo xsk-info -i ''
	completes --socket xsk-vhost --so
	enable_unit
	purged "$tmp/before" net-xdp-tools
}

# A program is linked to the installed library, or has it inside, and says its version.
says_version() {
	local said

	said=$(in_root "$1" 2>&1) || fail "$1 ended with $?: $said"
	[[ $said == "net_xdp $version" ]] || fail "$1 said '$said'"
	say "${1##*/}: $said"
}

# compile COMMAND: in the folder's Debian, without a word.
compile() {
	in_root sh -euc "cd /program; $1" >"$tmp/log" 2>&1 || fail "$1: $(tail -n 20 "$tmp/log")"
}

use_library() {
	local flags='-std=gnu11 -Wall -Wextra -Werror'

	apt install gcc libc6-dev cmake make pkg-config
	list_files >"$tmp/before"
	apt install "/packages/${library}_$version-1_$arch.deb" "/packages/libnet-xdp-dev_$version-1_$arch.deb"
	mkdir "$root/program"
	cp "$here/program.c" "$here/CMakeLists.txt" "$root/program"
	compile "cc $flags program.c \$(pkg-config --cflags --libs net_xdp) -o by-pkg-config"
	says_version /program/by-pkg-config
	compile "cmake -B build -DWANTED=${version%.*} && cmake --build build"
	says_version /program/build/program-net_xdp
	says_version /program/build/program-static
	compile "for example in /usr/share/doc/libnet-xdp-dev/examples/*.c; do
		cc $flags \$example \$(pkg-config --cflags --libs net_xdp) -pthread -o example; done"
	say "examples: $(in_root sh -c 'ls /usr/share/doc/libnet-xdp-dev/examples/*.c' | wc -l) compiled"
	has_pages libnet-xdp-dev
	reads_manual net_queue_rx_poll net_xdp_open
	rm -r "${root:?}/program"
	purged "$tmp/before" libnet-xdp-dev "$library"
}
