# SPDX-License-Identifier: BSD-2-Clause
# Round trips at 10,000 per second, open loop: the prober on processor 0 in A, what sends back on
# processor 1 in B. Sourced by tools/bench, from bash.
# shellcheck shell=bash disable=SC2154 # variables are tools/bench's

latency_samples() {
	local case=$1 round=$2 file=$3 percentile

	for percentile in p50 p99 p99_9 max; do
		sample latency "$case" "$round" "$percentile" "$(field "$file" "$percentile")"
	done
	sample latency "$case" "$round" lost \
		$(($(field "$file" generated) - $(field "$file" good)))
}

# How the case's prober and reflector wait.
latency_options() {
	case $1 in
	epoll) echo --wait epoll ;;
	spin) echo --wait spin ;;
	busy-poll) echo --wait spin --busy-poll 20 ;;
	generic-epoll) echo --wait epoll --attach generic ;;
	esac
}

latency_xdp() {
	local case=$1 round=$2 reflector options

	read -r -a options < <(latency_options "$case")
	note_command latency "$case" "xsk-bench fwd -i b1 --cpu 1 ${options[*]}; xsk-bench latency -i a1 --cpu 0 --rate 10k ${options[*]}"
	start fwd "$ns_b" 1 "$bin/tools/xsk-bench" fwd -i b1 --cpu 1 --duration 0 --json \
		"${options[@]}"
	reflector=$started
	if await "$tmp/fwd.err" 'is running' "$reflector"; then
		start latency "$ns_a" 0 "$bin/tools/xsk-bench" latency -i a1 --cpu 0 --rate 10k \
			--duration "$load_seconds" --json "${options[@]}"
		wait "$started" || true
		forget "$started"
	fi
	finish "$reflector" TERM || true
	if [[ -z $(field "$tmp/latency.out" p99) ]]; then
		gap latency "$case" "did not run: $(last_words latency) $(last_words fwd)"
		return 0
	fi
	latency_samples "$case" "$round" "$tmp/latency.out"
}

latency_udp() {
	local round=$1 echo

	note_command latency udp "peer-udp echo 198.18.7.2; peer-udp client 198.18.7.2 10000 $load_seconds"
	start echo "$ns_b" 1 "$bin/bench/peer-udp" echo 198.18.7.2
	echo=$started
	if await "$tmp/echo.err" running "$echo"; then
		# Neighbours are resolved before it counts.
		ip netns exec "$ns_a" "$bin/bench/peer-udp" client 198.18.7.2 100 0.1 >/dev/null || true
		start latency "$ns_a" 0 "$bin/bench/peer-udp" client 198.18.7.2 10000 "$load_seconds"
		wait "$started" || true
		forget "$started"
	fi
	finish "$echo" TERM || true
	if [[ -z $(field "$tmp/latency.out" p99) ]]; then
		gap latency udp "did not run: $(last_words latency) $(last_words echo)"
		return 0
	fi
	latency_samples udp "$round" "$tmp/latency.out"
}

latency_once() {
	rm -f "$tmp/latency.out"
	: >"$tmp/latency.out"
	if [[ $1 == udp ]]; then
		latency_udp "$2"
	else
		latency_xdp "$1" "$2"
	fi
}

# The 99th percentile is made by what else the machine does: it takes more rounds than the rest.
suite_latency() {
	local rounds=$((2 * rounds + 1))

	interleave latency latency_once epoll udp spin busy-poll generic-epoll
}
