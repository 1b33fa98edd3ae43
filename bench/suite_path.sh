# SPDX-License-Identifier: BSD-2-Clause
# Frames over a veth: receive, CPU time, idle, send, forward. The receiver or forwarder that is measured
# runs on processor 1 in B; the sender, always the same, on processor 0 in A. On a veth the sender's own
# processor runs the receiving side's XDP program. Sourced by tools/bench, from bash.
# shellcheck shell=bash disable=SC2154 # variables are tools/bench's

# send SECONDS [OPTION...]: the sender of all suites. Sets sent and sent_seconds. Return: 1 on failure.
send() {
	local seconds=$1
	shift

	start sender "$ns_a" 0 "$bin/tools/xsk-bench" tx -i a1 --cpu 0 --duration "$seconds" \
		--json "$@"
	wait "$started" || true
	forget "$started"
	sent=$(field "$tmp/sender.out" completed)
	sent_seconds=$(field "$tmp/sender.out" seconds)
	[[ -n $sent && $sent -gt 0 ]]
}

# ---- Receive, as fast as the sender goes ----------------------------------------------------------

receive_once() {
	local case=$1 round=$2 before after

	start_receiver receive "$case" || return 0
	before=$(cpu_ns "$receiver")
	send "$path_seconds" || true
	after=$(cpu_ns "$receiver")
	stop_receiver "$case"
	if [[ -z $received || -z $sent ]]; then
		gap receive "$case" "no count: $(last_words receiver)"
		return 0
	fi
	sample receive "$case" "$round" pps "$(ratio "$received" "$sent_seconds")"
	sample receive "$case" "$round" lost "$(awk -v s="$sent" -v r="$received" \
		'BEGIN { printf "%.6g\n", (s > r) ? (s - r) / s : 0 }')"
	sample receive "$case" "$round" cpu_ns "$(ratio $((after - before)) "$received")"
	sample receive "$case" "$round" sent_pps "$(ratio "$sent" "$sent_seconds")"
	if [[ $case == native-* || $case == generic-* ]]; then
		sample receive "$case" "$round" syscalls \
			"$(field "$tmp/receiver.out" syscalls_per_frame)"
		sample receive "$case" "$round" data_syscalls \
			"$(ratio "$(field "$tmp/receiver.out" syscalls_data)" "$received")"
	fi
}

# ---- CPU time at a fixed rate ---------------------------------------------------------------------

load_once() {
	local case=$1 round=$2 before after

	start_receiver load "$case" || return 0
	send 0.3 --rate 100k || true # caches, the receiver's first sleep
	before=$(cpu_ns "$receiver")
	send "$load_seconds" --rate 100k || true
	sleep 0.02 # a block of TPACKET_V3 that is still open
	after=$(cpu_ns "$receiver")
	if [[ $case == native-epoll ]]; then
		sample load "$case" "$round" sent_pps "$(ratio "$sent" "$sent_seconds")"
	fi
	stop_receiver "$case"
	if [[ -z $sent || -z $received ]]; then
		gap load "$case" "no count: $(last_words receiver)"
		return 0
	fi
	# Nanoseconds per frame are milliseconds per million frames.
	sample load "$case" "$round" cpu_ms_per_million "$(ratio $((after - before)) "$sent")"
}

idle_once() {
	local case=$1 round=$2 before after from

	start_receiver idle "$case" || return 0
	sleep 0.3
	before=$(cpu_ns "$receiver")
	from=$(now_ns)
	sleep "$load_seconds"
	after=$(cpu_ns "$receiver")
	sample idle "$case" "$round" percent \
		"$(ratio $((100 * (after - before))) $(($(now_ns) - from)))"
	stop_receiver "$case"
}

# ---- Send -----------------------------------------------------------------------------------------

# The other end is a plain interface: its stack drops the frames, which are for another address.
send_case_start() {
	local case=$1

	case $case in
	native | generic)
		note_command send "$case" "xsk-bench tx -i b1 --attach $case --cpu 1"
		start tx "$ns_b" 1 "$bin/tools/xsk-bench" tx -i b1 --attach "$case" --cpu 1 \
			--duration 0 --json
		await "$tmp/tx.err" 'is running' "$started"
		;;
	native-batch-256)
		note_command send "$case" "xsk-bench tx -i b1 --attach native --batch 256 --cpu 1"
		start tx "$ns_b" 1 "$bin/tools/xsk-bench" tx -i b1 --attach native --batch 256 \
			--cpu 1 --duration 0 --json
		await "$tmp/tx.err" 'is running' "$started"
		;;
	dpdk*)
		if ! command -v dpdk-testpmd >/dev/null; then
			gap send "$case" 'dpdk-testpmd is not installed (dpdk-dev)'
			return 1
		fi
		start_dpdk tx txonly "$([[ $case == dpdk ]] && echo plain || echo tuned)" b1 &&
			note_command send "$case" "$dpdk_command"
		;;
	esac
}

send_once() {
	local case=$1 round=$2 frames from

	if ! send_case_start "$case"; then
		gap send "$case" "did not start: $(last_words tx)"
		return 0
	fi
	sleep 0.3
	frames=$(delivered "$ns_a" a1)
	from=$(now_ns)
	sleep "$path_seconds"
	frames=$(($(delivered "$ns_a" a1) - frames))
	sample send "$case" "$round" pps "$(ratio "${frames}000000000" $(($(now_ns) - from)))"
	if [[ $case == dpdk* ]]; then
		stop_dpdk "$started"
	else
		finish "$started" TERM || true
		sample send "$case" "$round" syscalls "$(ratio "$(field "$tmp/tx.out" syscalls_data)" \
			"$(field "$tmp/tx.out" completed)")"
		sample send "$case" "$round" lost "$(field "$tmp/tx.out" tx_lost)"
	fi
}

# ---- Forward from b1 to b2 ------------------------------------------------------------------------

forward_case_start() {
	local case=$1 options

	case $case in
	native-* | generic-*)
		read -r -a options < <(receiver_options "$case")
		note_command forward "$case" "xsk-bench fwd -i b1 --to b2 --cpu 1 ${options[*]}"
		start fwd "$ns_b" 1 "$bin/tools/xsk-bench" fwd -i b1 --to b2 --cpu 1 \
			"${options[@]}" --duration 0 --json
		await "$tmp/fwd.err" 'is running' "$started"
		;;
	dpdk*)
		if ! command -v dpdk-testpmd >/dev/null; then
			gap forward "$case" 'dpdk-testpmd is not installed (dpdk-dev)'
			return 1
		fi
		start_dpdk fwd io "$([[ $case == dpdk ]] && echo plain || echo tuned)" b1 b2 &&
			note_command forward "$case" "$dpdk_command"
		;;
	esac
}

forward_once() {
	local case=$1 round=$2 frames forwarder taken

	if ! forward_case_start "$case"; then
		gap forward "$case" "did not start: $(last_words fwd)"
		return 0
	fi
	forwarder=$started
	frames=$(delivered "$ns_a" a2)
	send "$path_seconds" || true
	sleep 0.2
	frames=$(($(delivered "$ns_a" a2) - frames))
	if [[ $case == dpdk* ]]; then
		stop_dpdk "$forwarder"
		taken=$(dpdk_count fwd RX-packets)
	else
		finish "$forwarder" TERM || true
		taken=$(field "$tmp/fwd.out" received)
	fi
	if [[ -z $sent || -z $taken ]]; then
		gap forward "$case" "no count: $(last_words fwd)"
		return 0
	fi
	sample forward "$case" "$round" pps "$(ratio "$frames" "$sent_seconds")"
	sample forward "$case" "$round" share "$(ratio "$frames" "$sent")"
	# Taken by the forwarder and not handed over to the other end.
	sample forward "$case" "$round" lost $((taken - frames))
	sample forward "$case" "$round" lost_share "$(ratio $((taken - frames)) "$taken")"
}

# ---- All of them, interleaved ---------------------------------------------------------------------

# interleave SUITE FUNCTION CASE...: every case once, then again. With first set: from that round on.
interleave() {
	local suite=$1 function=$2 round case
	shift 2

	for ((round = ${first:-1}; round <= rounds; round++)); do
		say "$suite: round $round of $rounds: $*"
		for case in "$@"; do
			"$function" "$case" "$round"
		done
	done
}

# interleave_more SUITE FUNCTION CASE...: rounds on top for two that a target compares, and that are
# so close that the usual number of rounds would not tell them apart.
interleave_more() {
	local first=$((rounds + 1)) rounds=$((2 * rounds + 1))

	if $with_peers; then
		interleave "$@"
	fi
}

suite_path() {
	local receivers senders forwarders loads idles

	read -r -d '' -a receivers < <(receiver_cases) || true
	senders=(native generic native-batch-256)
	forwarders=(native-epoll native-deferred-40 native-spin generic-epoll)
	loads=(native-epoll native-deferred-1000 native-moderated-8)
	idles=(native-epoll)
	if $with_peers; then
		senders+=(dpdk dpdk-tuned)
		forwarders+=(dpdk dpdk-tuned)
		loads+=(dpdk-tuned packet-v3-1 packet-v3-8 "${!custom_peers[@]}")
		idles+=(dpdk-tuned packet-v3-1 "${!custom_peers[@]}")
	fi
	note_command receive sender "xsk-bench tx -i a1 --cpu 0 --duration $path_seconds"
	note_command load sender "xsk-bench tx -i a1 --cpu 0 --duration $load_seconds --rate 100k"
	interleave receive receive_once "${receivers[@]}"
	interleave_more receive receive_once native-spin-8192 dpdk-tuned
	interleave load load_once "${loads[@]}"
	interleave idle idle_once "${idles[@]}"
	interleave send send_once "${senders[@]}"
	interleave_more send send_once native dpdk-tuned
	interleave forward forward_once "${forwarders[@]}"
	interleave_more forward forward_once native-spin dpdk-tuned
}
