# SPDX-License-Identifier: BSD-2-Clause
# What is compared: how each program is started on an interface, and how it says what it did. Sourced
# by tools/bench, from bash.
# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with tools/bench and the suites

# ---- DPDK -----------------------------------------------------------------------------------------

# Its own poll-mode driver for AF_XDP, in the program that DPDK measures itself with. Processor 1
# forwards; processor 0 holds the thread that waits for us to say stop.
dpdk_fd=
dpdk_command= # of the last one

# launch_testpmd NAME NAMESPACE MIB ARGUMENT...: with MIB of memory; EAL's arguments, "--", testpmd's. Sets started.
# Return: 1 when it did not start.
launch_testpmd() {
	local name=$1 ns=$2 mib=$3
	shift 3

	dpdk_command="dpdk-testpmd --no-huge -m $mib --no-pci -l 0,1 --main-lcore 0 $*"
	rm -f "$tmp/$name.in"
	mkfifo "$tmp/$name.in"
	exec {dpdk_fd}<>"$tmp/$name.in"
	# Line by line: it would keep its words in a buffer until it ends.
	stdbuf -oL ip netns exec "$ns" dpdk-testpmd --no-huge -m "$mib" --no-pci -l 0,1 \
		--main-lcore 0 --no-telemetry --file-prefix="nxb$$-$name" "$@" \
		<"$tmp/$name.in" >"$tmp/$name.out" 2>"$tmp/$name.err" &
	started=$!
	children+=("$started")
	if await "$tmp/$name.out" 'Press enter to exit' "$started"; then
		sleep 0.2
		return 0
	fi
	stop_dpdk "$started"
	return 1
}

# start_dpdk NAME FORWARD-MODE TUNING INTERFACE...: "tuned" turns off the busy polling that it does by
# default, which costs a system call per look and which a veth cannot do. Return: 1 when it did not
# start.
start_dpdk() {
	local name=$1 mode=$2 tuning=$3 if number=0
	local vdevs=() extra=()
	shift 3

	for if in "$@"; do
		vdevs+=(--vdev "net_af_xdp$number,iface=$if$([[ $tuning == plain ]] ||
			echo ,busy_budget=0)")
		number=$((number + 1))
	done
	if [[ $mode == txonly ]]; then
		extra=(--txpkts=60)
	fi
	launch_testpmd "$name" "$ns_b" 256 "${vdevs[@]}" -- \
		--total-num-mbufs=16384 --forward-mode="$mode" "${extra[@]}"
}

stop_dpdk() {
	echo >&"$dpdk_fd"
	finish "$1" || true
	exec {dpdk_fd}>&-
}

# dpdk_count NAME WHICH: RX-packets, TX-packets, ... of all its ports.
dpdk_count() {
	sed -n '/Accumulated forward/,$p' "$tmp/$1.out" |
		grep -o "$2: *[0-9]*" | head -n 1 | grep -o '[0-9]*$'
}

# ---- Receivers ------------------------------------------------------------------------------------

# Which receivers run: ours by attach mode and how they wait, then the peers.
receiver_cases() {
	echo native-epoll native-deferred-50 native-spin native-spin-8192 generic-epoll
	if $with_peers; then
		echo dpdk dpdk-tuned packet-v3-1 "${!custom_peers[@]}"
	fi
}

receiver_options() {
	case $1 in
	native-epoll) echo --attach native --wait epoll ;;
	native-spin) echo --attach native --wait spin ;;
	native-spin-*) echo --attach native --wait spin --ring "${1##*-}" ;;
	native-deferred-*)
		echo --attach native --wait epoll --napi-defer 2 --napi-flush "${1##*-}"
		;;
	native-moderated-*) echo --attach native --wait epoll --moderate "${1##*-}000" ;;
	generic-epoll) echo --attach generic --wait epoll ;;
	esac
}

# start_receiver SUITE CASE: on b1, processor 1. Sets receiver (its process). Return: 1 when it is not
# there; the gap is noted.
start_receiver() {
	local suite=$1 case=$2 options

	case $case in
	native-* | generic-*)
		read -r -a options < <(receiver_options "$case")
		note_command "$suite" "$case" "xsk-bench rx -i b1 --cpu 1 ${options[*]}"
		start receiver "$ns_b" 1 "$bin/tools/xsk-bench" rx -i b1 --cpu 1 \
			"${options[@]}" --duration 0 --json
		await "$tmp/receiver.err" 'is running' "$started"
		;;
	dpdk | dpdk-tuned)
		if ! command -v dpdk-testpmd >/dev/null; then
			gap "$suite" "$case" 'dpdk-testpmd is not installed (dpdk-dev)'
			return 1
		fi
		start_dpdk receiver rxonly "$([[ $case == dpdk ]] && echo plain || echo tuned)" b1 || {
			gap "$suite" "$case" "dpdk-testpmd did not start: $(last_words receiver)"
			return 1
		}
		note_command "$suite" "$case" "$dpdk_command"
		;;
	packet-v3-*)
		note_command "$suite" "$case" "peer-packet b1 ${case##*-}"
		start receiver "$ns_b" 1 "$bin/bench/peer-packet" b1 "${case##*-}"
		await "$tmp/receiver.err" 'running' "$started"
		;;
	*)
		note_command "$suite" "$case" "${custom_peers[$case]}"
		IF=b1 CPU=1 start receiver "$ns_b" 1 bash -c "exec ${custom_peers[$case]}"
		sleep 1
		kill -0 "$started" 2>/dev/null
		;;
	esac || {
		finish "$started" TERM || true
		gap "$suite" "$case" "did not start: $(last_words receiver)"
		return 1
	}
	receiver=$started
}

# stop_receiver CASE: sets received, frames that it counted itself; empty when it did not say.
stop_receiver() {
	received=
	case $1 in
	native-* | generic-*)
		finish "$receiver" TERM || true
		received=$(field "$tmp/receiver.out" received)
		;;
	dpdk | dpdk-tuned)
		stop_dpdk "$receiver"
		received=$(dpdk_count receiver RX-packets)
		;;
	packet-v3-*)
		finish "$receiver" TERM || true
		received=$(field "$tmp/receiver.out" received)
		;;
	*)
		# A bare number in the last line, or xdpsock's own "rx pps pkts" lines.
		finish "$receiver" TERM || true
		received=$(awk '/^rx / { n = $3 } /^[0-9]+$/ { n = $1 } END { print n }' \
			"$tmp/receiver.out" | tr -d ,)
		;;
	esac
}

last_words() {
	cat "$tmp/$1.err" "$tmp/$1.out" 2>/dev/null | grep -v '^$' | tail -n 1 | tr '\t' ' '
}
