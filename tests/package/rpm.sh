# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# The RPM packages, looked into and unpacked together: there is no system here that has such. Sourced by run.

# has RPM FILE...: these files, and no directory that is another package's.
has() {
	local rpm=$1 file
	shift

	rpm -qpl "$rpm" >"$tmp/list" 2>/dev/null || fail "rpm -qpl $rpm: $?"
	for file in "$@"; do
		grep -q -- "$file$" "$tmp/list" || fail "${rpm##*/} has no $file"
	done
	! grep -xE '/usr/(lib/systemd/system|share/(licenses|man|man/man[0-9]|bash-completion/completions))' "$tmp/list" ||
		fail "${rpm##*/} owns the directory above"
}

# requires RPM WORDS...
requires() {
	local rpm=$1 words
	shift

	for words in "$@"; do
		rpm -qpR "$rpm" 2>/dev/null | grep -qxF -- "$words" || fail "${rpm##*/} does not require $words"
	done
}

check_rpm() {
	local of rpms=$build/rpm

	of=-$version-1.$(uname -m).rpm
	type -P rpmbuild >/dev/null || fail "rpmbuild is missing: apt-get install rpm"
	rm -rf "$rpms"
	cpack -G RPM --config "$build/CPackConfig.cmake" -B "$rpms" >"$tmp/log" 2>&1 ||
		fail "no RPM packages: $(tail -n 30 "$tmp/log")"
	has "$rpms/$library$of" "/libnet_xdp.so.$version" "/licenses/$library/LICENSE"
	requires "$rpms/$library$of" 'libxdp.so.1()(64bit)'
	has "$rpms/libnet-xdp-devel$of" /include/net_xdp.h /libnet_xdp.a /libnet_xdp.so /pkgconfig/net_xdp.pc \
		/man3/net_xdp.3 /LICENSE
	requires "$rpms/libnet-xdp-devel$of" "$library = $version" libbpf-devel libmnl-devel libxdp-devel
	has "$rpms/net-xdp-tools$of" /bin/xsk-{info,bench,vhost} /system/xsk-vhost@.{service,socket} \
		/completions/xsk-info /man8/xsk-vhost.8 /LICENSE
	requires "$rpms/net-xdp-tools$of" 'libjson-c.so.5()(64bit)'
	rpm --root "$tmp/rpm" --force-debian --nodeps -i "$rpms"/*.rpm >"$tmp/log" 2>&1 ||
		fail "the RPM packages do not go together: $(<"$tmp/log")"
	[[ $("$tmp/rpm/usr/bin/xsk-info" --version) == "xsk-info $version" ]] || fail "xsk-info of net-xdp-tools$of"
	say "the RPM packages $library, libnet-xdp-devel and net-xdp-tools are whole and go together"
}
