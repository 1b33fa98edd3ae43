# SPDX-License-Identifier: BSD-2-Clause
# The data calls without a kernel. Instructions once per case, because they do not vary; time in every
# round. Sourced by tools/bench, from bash.
# shellcheck shell=bash disable=SC2154 # variables are tools/bench's

# CASE and the arguments that make it, one per line.
ring_cases() {
	local n call

	for call in rx tx; do
		for n in 1 4 16 64 256; do
			echo "$call-batch-$n $call --batch $n"
			echo "$call-floor-batch-$n $call --batch $n --floor"
		done
		for n in 256 1024 16384 65536; do
			echo "$call-buffers-$n $call --buffers $n"
		done
		for n in 2 4; do
			echo "$call-queues-$n $call --queues $n"
		done
		echo "$call-aligned $call --aligned"
		echo "$call-bounced $call --bounced"
		echo "$call-zero-copy $call --zero-copy"
	done
	for n in 2 4 8 16; do
		echo "tx-segments-$n tx --segments $n"
	done
	echo "tx-sum-copied tx --sum"
	echo "tx-sum-split tx --sum --zero-copy"
	echo "tx-sum-software tx --sum --software"
	echo "tx-cut-copied tx --cut"
	echo "tx-cut-split tx --cut --zero-copy"
}

ring_instructions() {
	local case=$1 log collected frames=64000
	shift

	log=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		--toggle-collect=measured_rx --toggle-collect=measured_tx \
		"$bin/bench/ring-bench" "$@" --frames "$frames" 2>&1) || {
		gap ring "$case" 'valgrind could not run it'
		return 0
	}
	collected=$(sed -n 's/.*Collected : //p' <<<"$log")
	frames=$(grep '^{' <<<"$log" | jq .frames)
	sample ring "$case" 0 instructions "$(ratio "$collected" "$frames")"
	note_command ring "$case" "ring-bench $*"
}

suite_ring() {
	local case args round frames=2000000

	if $quick; then
		frames=200000
	fi
	say "ring: instructions per frame, counted by callgrind"
	while read -r case args; do
		# shellcheck disable=SC2086 # a list of arguments
		ring_instructions "$case" $args
	done < <(ring_cases)
	"$bin/bench/ring-bench" rx --frames 64 >"$tmp/ring.out"
	sample ring bookkeeping 0 default_bytes "$(field "$tmp/ring.out" bookkeeping_bytes)"
	"$bin/bench/ring-bench" rx --frames 64 --buffers 65536 >"$tmp/ring.out"
	sample ring bookkeeping 0 full_bytes "$(field "$tmp/ring.out" bookkeeping_bytes)"
	for ((round = 1; round <= rounds; round++)); do
		say "ring: time per frame, round $round of $rounds"
		while read -r case args; do
			# shellcheck disable=SC2086 # a list of arguments
			taskset -c 1 "$bin/bench/ring-bench" $args --frames "$frames" >"$tmp/ring.out"
			sample ring "$case" "$round" ns "$(field "$tmp/ring.out" ns_per_frame)"
		done < <(ring_cases)
	done
}
