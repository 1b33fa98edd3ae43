# SPDX-License-Identifier: BSD-2-Clause
# A TCP stream to the kernel's stack behind a veth, sent in single packets and in packets of up to 64 KiB, by each
# way that these have. The sender is the same: a small TCP over the public calls, on processor 0. On a veth its
# system calls run the receiver's stack too. Sourced by tools/bench, from bash.
# shellcheck shell=bash disable=SC2154 # variables are tools/bench's

# CASE and the arguments that make it, one per line.
offload_cases() {
	echo "single"
	echo "split --segmented --here --sealed"
	echo "copied --segmented --here"
	echo "whole --segmented"
}

# between WORD END: the number behind WORD and in front of END in the line of a run.
between() {
	sed -n "s|.*$1 *\\([0-9.]*\\) *$2.*|\\1|p" "$tmp/offload.out" | head -n 1
}

offload_once() {
	local case=$1 round=$2 mib=1024
	shift 2

	if $quick; then
		mib=128
	fi
	if ! "$bin/tests/stress_tcp" --mib "$mib" --cpus 0,1 "$@" >"$tmp/offload.out" 2>&1; then
		gap offload "$case" "$(grep -m 1 -oE 'FAILED.*|FAULTS.*' "$tmp/offload.out" ||
			tail -n 1 "$tmp/offload.out")"
		return 0
	fi
	sample offload "$case" "$round" gbps "$(sed -n '1s/ Gbit.*//p' "$tmp/offload.out" |
		grep -oE '[0-9.]+$')"
	sample offload "$case" "$round" sender_ns "$(between sender ns/byte)"
	sample offload "$case" "$round" user_ns "$(between user ,)"
	sample offload "$case" "$round" receiver_ns "$(between receiver ';')"
	note_command offload "$case" "stress_tcp --mib $mib --cpus 0,1 $*"
}

suite_offload() {
	local case args round

	for ((round = 1; round <= rounds; round++)); do
		say "offload: round $round of $rounds"
		while read -r case args; do
			# shellcheck disable=SC2086 # a list of arguments
			offload_once "$case" "$round" $args </dev/null
		done < <(offload_cases)
	done
}
