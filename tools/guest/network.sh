# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# The wire of a guest: two namespaces with a veth pair between them, the host's address on one end; on the other end
# xsk-vhost, or a bridge with a tap. Sourced after guest.sh; uses tmp. What it makes is named by this process.

device_ns=nx-guest-$$-dev
host_ns=nx-guest-$$-host
device_if=nxg-dev # the guest's end of the wire
host_if=nxg-host
tap_if=nxg-tap
socket=           # of xsk-vhost
daemon_pid=
daemon=$built/tools/xsk-vhost
guest_net=$built/tools/guest/guest-net
host_pid= # of guest-net at the host's end, in the background

make_wire() {
	local ns

	for ns in "$device_ns" "$host_ns"; do
		ip netns add "$ns"
		ip netns exec "$ns" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' 2>/dev/null || true
	done
	ip link add "$device_if" netns "$device_ns" type veth peer name "$host_if" netns "$host_ns"
	ip -n "$device_ns" link set "$device_if" up
	ip -n "$host_ns" address add "$host_address/24" dev "$host_if"
	ip -n "$host_ns" link set "$host_if" up
}

# A tap for the guest, on the wire by a bridge.
add_tap() {
	ip -n "$device_ns" link add nxg-bridge type bridge
	ip -n "$device_ns" tuntap add "$tap_if" mode tap
	ip -n "$device_ns" link set "$tap_if" master nxg-bridge
	ip -n "$device_ns" link set "$device_if" master nxg-bridge
	ip -n "$device_ns" link set "$tap_if" up
	ip -n "$device_ns" link set nxg-bridge up
}

# Nothing of a guest's is left on it.
remove_wire() {
	local ns

	for ns in "$device_ns" "$host_ns"; do
		[[ ! -e /run/netns/$ns ]] || ip netns del "$ns"
	done
}

# start_daemon: until it says that it listens; the socket of one that was killed may still be there.
start_daemon() {
	local i

	socket=$tmp/vhost.sock
	: >"$tmp/daemon.err"
	ip netns exec "$device_ns" "$daemon" -i "$device_if" --socket "$socket" --mac "$guest_mac" --json \
		>"$tmp/daemon.json" 2>"$tmp/daemon.err" &
	daemon_pid=$!
	for ((i = 0; i < 100; i++)); do
		! grep -q 'waits for a front end' "$tmp/daemon.err" || return 0
		kill -0 "$daemon_pid" 2>/dev/null || break
		sleep 0.05
	done
	echo "xsk-vhost does not listen" >&2
	sed 's/^/    /' "$tmp/daemon.err" >&2
	return 1
}

# end_daemon [SIGNAL]. Return: how it ended.
end_daemon() {
	local pid=$daemon_pid status=0 i

	[[ -n $pid ]] || return 0
	daemon_pid=
	kill -s "${1:-TERM}" "$pid" 2>/dev/null || true
	for ((i = 0; i < 100; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	if kill -KILL "$pid" 2>/dev/null; then
		echo "xsk-vhost did not end within 5 s" >&2
	fi
	wait "$pid" 2>/dev/null || status=$?
	return "$status"
}

# host_net MODE ARGUMENTS...: guest-net at the host's end, in place of this shell, so that who started it in the
# background has its id.
host_net() {
	exec ip netns exec "$host_ns" "$guest_net" --limit 60 "$@" >"$tmp/host" 2>"$tmp/host.err"
}

# on_host MODE ARGUMENTS...: its figures in tmp/host.
on_host() {
	(host_net "$@")
}

# start_on_host MODE ARGUMENTS...: in the background, for finish_on_host.
start_on_host() {
	: >"$tmp/host.err"
	host_net "$@" &
	host_pid=$!
}

# listen_on_host MODE PORT: started, and it listens.
listen_on_host() {
	local i

	start_on_host "$@"
	for ((i = 0; i < 100; i++)); do
		[[ ! -s $tmp/host.err ]] || return 0
		sleep 0.02
	done
}

# Return: how guest-net ended.
finish_on_host() {
	local status=0

	wait "$host_pid" || status=$?
	host_pid=
	return "$status"
}

# exchange out|in SEND RECEIVE AMOUNT: guest-net's modes, from the guest or to it. The receiver's line is in figures.
# Return: 0 when both ends say that all was right. The limits that count are the host's: the clock of an emulated guest
# that booted on a busy machine can run several times as fast.
exchange() {
	local status=0

	exchange_port=$((exchange_port + 1))
	figures=
	if [[ $1 == out ]]; then
		listen_on_host "$3" "$exchange_port"
		tell_guest 65 net --limit 600 "$2" "$host_address" "$exchange_port" "$4" || status=1
		finish_on_host || status=1
		figures=$(<"$tmp/host")
	else
		start_command net --limit 600 "$3" "$exchange_port" && await_guest '^listening$' 5 || return 1
		on_host "$2" "$guest_address" "$exchange_port" "$4" || status=1
		finish_command 65 || status=1
		figures=$guest_output
	fi
	return "$status"
}
exchange_port=7000
figures=

# figure NAME: out of figures; 0 when it has none.
figure() {
	local value=0

	if [[ $figures =~ (^|[[:space:]])$1=([^[:space:]]+) ]]; then
		value=${BASH_REMATCH[2]}
	fi
	echo "$value"
}

# Ours only, by their ids and names.
clean_up_guest() {
	kill_guest
	if [[ -n $host_pid ]] && kill -KILL "$host_pid" 2>/dev/null; then
		finish_on_host 2>/dev/null || true
	fi
	end_daemon || true
	remove_wire
}
