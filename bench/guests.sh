# SPDX-License-Identifier: BSD-2-Clause
# Guests for the suite of that name: several at once, each with a wire and a back end of its own, so that all are
# measured in turn without a boot in between. tools/guest has one guest at a time, in variables; a slot is a set of
# these. Sourced by tools/bench, from bash.
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # variables are shared with tools/bench and tools/guest

built=$source_dir/build/release
. "$source_dir/tools/guest/guest.sh"
. "$source_dir/tools/guest/network.sh"

slot_variables=(tmp device_ns host_ns socket daemon_pid host_pid guest_pid guest_number guest_in guest_out
	guest_never guest_partial guest_line guest_output dpdk_pid dpdk_fd)
declare -A slot_saved=() # by SLOT.VARIABLE
slot=                    # whose variables are in place; none: tools/bench's own
slots=()                 # that were opened
dpdk_pid=                # of the slot's testpmd

# use_slot NAME
use_slot() {
	local variable

	for variable in "${slot_variables[@]}"; do
		slot_saved[$slot.$variable]=${!variable:-}
		printf -v "$variable" %s "${slot_saved[$1.$variable]:-}"
	done
	slot=$1
}

# open_slot NAME: with a wire.
open_slot() {
	use_slot ""
	slot_saved[$1.tmp]=$tmp/$1
	slot_saved[$1.device_ns]=nx-guest-$$-$1-dev
	slot_saved[$1.host_ns]=nx-guest-$$-$1-host
	slot_saved[$1.guest_number]=0
	slots+=("$1")
	mkdir "$tmp/$1"
	use_slot "$1"
	make_wire
}

# DPDK's vhost back end and its driver for AF_XDP, tuned as in the other suites. It adds no checksums to what comes
# from AF_XDP, so the host's end of the wire has to.
start_vhost_dpdk() {
	socket=$tmp/vhost.sock
	ip netns exec "$host_ns" ethtool -K "$host_if" tx off >/dev/null
	launch_testpmd vhost "$device_ns" 256 --vdev "net_vhost0,iface=$socket,queues=1" \
		--vdev "net_af_xdp0,iface=$device_if,busy_budget=0" -- --total-num-mbufs=16384 \
		--forward-mode=io --disable-link-check || return
	dpdk_pid=$started
}

# Polling takes a processor, so it stands still while another guest is measured.
dpdk_sleeps() {
	[[ -z $dpdk_pid ]] || kill -STOP "$dpdk_pid" || true
}

dpdk_wakes() {
	[[ -n $dpdk_pid ]] || return 0
	kill -CONT "$dpdk_pid" || true
	sleep 0.1
}

# note_guest NAME: how the slot's back end and its guest were started.
note_guest() {
	local text back=$dpdk_command

	text=$(tr -s '\n\t ' ' ' <<<"${guest_command[*]//$cache\//}")
	text=${text#env LD_LIBRARY_PATH=* }
	case $1 in
	*-vhost | *-jumbo) back="xsk-vhost -i $device_if --socket vhost.sock --mac $guest_mac --json" ;;
	*-tap | *-cut) back="ip link add nxg-bridge type bridge, $tap_if and $device_if on it" ;;
	esac
	case $1 in
	*-jumbo) back="ip link set $device_if mtu 9000 (and $host_if); $back" ;;
	*-cut) back="ethtool -K $host_if tso off gso off tx-udp-segmentation off; $back" ;;
	esac
	note_command guests "$1" "$back; $text"
}

set_wire_mtu() {
	ip -n "$device_ns" link set "$device_if" mtu "$1" && ip -n "$host_ns" link set "$host_if" mtu "$1"
}

# The host's stack cuts its packets for the wire, as it has to for a veth with an XDP program at the other end.
cut_at_sender() {
	ip netns exec "$host_ns" ethtool -K "$host_if" tso off gso off tx-udp-segmentation off >/dev/null
}

# boot_slot GUEST-BACKEND: opened, with a guest that runs. Return: 1 when it does not, the gap is noted.
boot_slot() {
	local guest=${1%-*} log=$tmp/$1.log

	if [[ $1 == *-dpdk ]] && ! command -v dpdk-testpmd >/dev/null; then
		gap guests "$1" 'dpdk-testpmd is not installed (dpdk-dev)'
		return 1
	fi
	open_slot "$1"
	if { prepare_guest "$guest" && case $1 in
		*-vhost) start_daemon && boot_guest "$guest" vhost "$socket" ;;
		*-jumbo) set_wire_mtu 9000 && start_daemon && boot_guest "$guest" vhost "$socket" ;;
		*-tap) add_tap && boot_guest "$guest" tap "$tap_if" "$device_ns" ;;
		*-cut) add_tap && cut_at_sender && boot_guest "$guest" tap "$tap_if" "$device_ns" ;;
		*-dpdk) start_vhost_dpdk && boot_guest "$guest" vhost "$socket" ;;
		esac && tell_guest 20 ping "$host_address" 2; } >"$log" 2>&1; then
		dpdk_sleeps
		note_guest "$1"
		return 0
	fi
	dpdk_sleeps
	gap guests "$1" "did not start: $(cat "$log" "$tmp"/vhost.{out,err} 2>/dev/null |
		grep -v '^$' | tail -n 1 | tr '\t' ' ')"
	return 1
}

# Ours only, by their ids and names; what guests do not end by themselves does not hold it up.
clean_up_slots() {
	local name

	for name in "${slots[@]}"; do
		use_slot "$name"
		dpdk_wakes 2>/dev/null || true
		clean_up_guest || true
	done
	use_slot ""
}
