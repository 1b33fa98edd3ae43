# SPDX-License-Identifier: BSD-2-Clause
# What grows with queues and with the region. Sourced by tools/bench, from bash.
# shellcheck shell=bash disable=SC2154 # variables are tools/bench's

queues_once() {
	local n=$1 round=$2 receiver

	note_command queues "$n" "xsk-bench rx -i b4 -n $n --cpu 1; xsk-bench tx -i a4 -n $n --cpu 0 --duration $path_seconds"
	start receiver "$ns_b" 1 "$bin/tools/xsk-bench" rx -i b4 -n "$n" --cpu 1 --duration 0 --json
	receiver=$started
	if await "$tmp/receiver.err" 'is running' "$receiver"; then
		start sender "$ns_a" 0 "$bin/tools/xsk-bench" tx -i a4 -n "$n" --cpu 0 \
			--duration "$path_seconds" --json
		wait "$started" || true
		forget "$started"
	fi
	finish "$receiver" TERM || true
	if [[ -z $(field "$tmp/receiver.out" received) || -z $(field "$tmp/sender.out" seconds) ]]; then
		gap queues "$n" "did not run: $(last_words receiver)"
		return 0
	fi
	sample queues "$n" "$round" pps "$(ratio "$(field "$tmp/receiver.out" received)" \
		"$(field "$tmp/sender.out" seconds)")"
	sample queues "$n" "$round" cpu_ns "$(field "$tmp/receiver.out" cpu_ns_per_frame)"
}

# The region is in memory once, and the kernel wants up to a sixth on top.
fits() {
	local available

	available=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
	[[ $((available * 2 / 3)) -gt $1 ]]
}

region_once() {
	local mib=$1 round=$2 metric

	if ! fits "$mib"; then
		gap region "$mib" 'does not fit into this machine'
		return 0
	fi
	note_command region "$mib" "region-bench b1 $mib 1; xsk-bench tx -i a1 --cpu 0 --rate 100k"
	start region "$ns_b" 1 "$bin/bench/region-bench" b1 "$mib" 1
	if ! await_long "$tmp/region.err" running "$started"; then
		finish "$started" TERM || true
		gap region "$mib" "did not run: $(last_words region)"
		return 0
	fi
	region=$started
	send 0.8 --rate 100k || true
	wait "$region" || true
	forget "$region"
	for metric in open_ms queues_ms close_ms kernel_mib unevictable_mib cpu_ns_per_frame; do
		sample region "$mib" "$round" "$metric" "$(field "$tmp/region.out" "$metric")"
	done
}

# Filling gigabytes takes longer than anything else here.
await_long() {
	local tries

	for ((tries = 0; tries < 12; tries++)); do
		if await "$@"; then
			return 0
		fi
		kill -0 "$3" 2>/dev/null || return 1
	done
	return 1
}

suite_scale() {
	local regions=(64 256 1024 4096 8192)

	if $quick; then
		regions=(64 1024)
	fi
	interleave queues queues_once 1 2 4
	interleave region region_once "${regions[@]}"
}
