# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# tools/demo --guest: a Linux guest on xsk-vhost, and the same guest on a tap beside it. Sourced by tools/demo; uses
# its tmp, seconds, status and fail().

. "$source_dir/tools/guest/guest.sh"
. "$source_dir/tools/guest/network.sh"

stream_bytes=300000000
declare -A result # by WAY.ROW.rate, .guest, .daemon (percent of a processor) and .lost

# percent TICKS-BEFORE TICKS-AFTER NANOSECONDS: of one processor; a tick is 10 ms.
percent() {
	echo $((($2 - $1) * 1000000000 / ($3 > 0 ? $3 : 1)))
}

# measure WAY ROW out|in SEND RECEIVE AMOUNT: one exchange, with what it took from the processors.
measure() {
	local key=$1.$2 guest_before daemon_before=0 ns sent
	shift 2

	guest_before=$(cpu_ticks "$guest_pid")
	[[ -z $daemon_pid ]] || daemon_before=$(cpu_ticks "$daemon_pid")
	exchange "$@" || {
		echo "  $key: NOT all was right: $figures"
		sed 's/^/    /' "$tmp/host.err"
		status=1
	}
	ns=$(figure ns)
	result[$key.guest]=$(percent "$guest_before" "$(cpu_ticks "$guest_pid")" "$ns")
	[[ -z $daemon_pid ]] ||
		result[$key.daemon]=$(percent "$daemon_before" "$(cpu_ticks "$daemon_pid")" "$ns")
	case $2 in
	tcp-send) result[$key.rate]=$(figure mbit_s) ;;
	udp-send)
		result[$key.rate]=$(($(figure pps) / 1000))
		sent=$(figure sent)
		result[$key.lost]=$(((sent - $(figure received)) * 100 / (sent > 0 ? sent : 1)))
		;;
	esac
}

# trips vhost|tap: one packet at a time.
trips() {
	start_on_host echo 6999
	tell_guest 45 net --limit 40 round-trip "$host_address" 6999 2000 || status=1
	finish_on_host || status=1
	figures=$guest_output
	result[$1.p50]=$(figure p50_us)
	result[$1.p99]=$(figure p99_us)
}

# measure_all vhost|tap
measure_all() {
	echo "  ping, 20 times"
	tell_guest 30 ping "$host_address" 20 || true
	[[ $guest_output =~ ([0-9]+)" packets received" ]] || true
	result[$1.ping]=${BASH_REMATCH[1]:-0}
	[[ ${result[$1.ping]} -eq 20 ]] || status=1
	echo "  round trips, 2000"
	trips "$1"
	echo "  TCP, $((stream_bytes / 1000000)) MB each way, each byte checked"
	measure "$1" tcp-out out tcp-send tcp-receive "$stream_bytes"
	measure "$1" tcp-in in tcp-send tcp-receive "$stream_bytes"
	echo "  frames of 60 bytes, $seconds s each way"
	measure "$1" udp-out out udp-send udp-receive "$seconds"
	measure "$1" udp-in in udp-send udp-receive "$seconds"
}

# boot WAY TARGET [NAMESPACE]
boot() {
	local start

	start=$(date +%s%N)
	boot_guest uml "$@" || fail "the guest did not boot"
	echo "  the guest is up after $((($(date +%s%N) - start) / 1000000)) ms"
}

over_vhost() {
	echo "guest on xsk-vhost"
	make_wire
	start_daemon || fail "xsk-vhost did not start"
	boot vhost "$socket"
	measure_all vhost
	stop_guest
	end_daemon || fail "xsk-vhost ended with $?" "$tmp/daemon.err"
	if ip -n "$device_ns" -d link show "$device_if" | grep -q 'prog/xdp'; then
		echo "  An XDP program was left on $device_if."
		status=1
	fi
	remove_wire
}

over_tap() {
	echo "guest on tap, bridge and the same kind of veth pair"
	make_wire
	add_tap
	boot tap "$tap_if" "$device_ns"
	measure_all tap
	stop_guest
	remove_wire
}

# counter NAME: of xsk-vhost's interface, over its pairs.
counter() {
	jq -e --arg name "$1" '[.devices[].pairs[].interface[$name]] | add' "$tmp/daemon.json" ||
		fail "xsk-vhost's document has no number '$1'" "$tmp/daemon.json"
}

# guest_row TITLE UNIT ROW
guest_row() {
	local way key lost
	local cells=()

	for way in vhost tap; do
		key=$way.$3
		lost=${result[$key.lost]:+${result[$key.lost]} %}
		cells+=("${result[$key.rate]:--}" "${lost:--}" "${result[$key.guest]:--} %"
			"${result[$key.daemon]:+${result[$key.daemon]} %}")
	done
	printf '  %-17s %-7s %7s %5s %6s %9s   %7s %5s %6s\n' "$1" "$2" "${cells[@]:0:7}"
}

guest_table() {
	local direct bounced whole short

	# On lines of their own, so that a number that is not there ends the demo.
	direct=$(counter rx_direct)
	bounced=$(counter rx_bounced)
	whole=$(counter tx_whole)
	short=$(counter tx_bounce_short)
	echo
	printf '  %-25s %-30s   %s\n' "" "xsk-vhost" "tap + bridge"
	printf '  %-25s %7s %5s %6s %9s   %7s %5s %6s\n' "" rate lost guest "xsk-vhost" rate lost guest
	guest_row "TCP guest to host" Mbit/s tcp-out
	guest_row "TCP host to guest" Mbit/s tcp-in
	guest_row "60 B guest to host" kpps udp-out
	guest_row "60 B host to guest" kpps udp-in
	echo
	echo "  ping            ${result[vhost.ping]} of 20, on tap ${result[tap.ping]} of 20"
	echo "  round trip      half within ${result[vhost.p50]} us, 99 % within ${result[vhost.p99]} us;" \
		"on tap ${result[tap.p50]} and ${result[tap.p99]} us"
	echo "  to the guest    $(grouped "$direct") frames into its own buffers," \
		"$(grouped "$bounced") copied"
	echo "  from the guest  $(grouped "$whole") large packets whole, their headers copied;" \
		"$(grouped "$short") short ones copied"
	cat <<-END
		  guest, xsk-vhost: their processor time, 100 % is one processor of $(nproc)
		  the guest: User-Mode Linux 6.1, 256 MB, on a veth pair; the tap is its vector driver's, with
		  vnet headers, so that packets of 64 KB go through in one; what the kernel's bridge takes is
		  nowhere in the table

	END
}

# Builds are the caller's.
demo_guest() {
	prepare_guest uml || fail "without a guest there is nothing to show"
	over_vhost
	over_tap
	guest_table
	if [[ $status -eq 0 ]]; then
		echo "Every byte that came was right."
	else
		echo "NOT everything was right."
	fi
}
