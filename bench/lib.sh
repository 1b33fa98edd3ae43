# SPDX-License-Identifier: BSD-2-Clause
# What the suites of tools/bench share: samples, the network, processes. Sourced from bash.
# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with tools/bench and the suites

# ---- Samples --------------------------------------------------------------------------------------

# say WORDS: a progress line with the seconds since the start.
say() {
	printf '%5d s  %s\n' "$SECONDS" "$*"
}

# sample SUITE CASE ROUND METRIC VALUE
sample() {
	printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$out/samples.tsv"
}

# gap SUITE CASE REASON: a figure that is missing, by name. Never a zero. Once per case.
gap() {
	if ! grep -qsF "$1"$'\t'"$2"$'\t' "$out/gaps.tsv"; then
		printf '%s\t%s\t%s\n' "$@" >>"$out/gaps.tsv"
		say "$1: $2: left out: $3"
	fi
}

# note_command SUITE CASE COMMAND: how the figure came about; for the page, once per case. Names of
# this run's namespaces and directories are replaced by words.
note_command() {
	local text=$3

	if grep -qsF "$1"$'\t'"$2"$'\t' "$out/commands.tsv"; then
		return 0
	fi
	text=${text//$bin\//}
	text=${text//$tmp\//}
	text=${text//$ns_a/A}
	text=${text//$ns_b/B}
	printf '%s\t%s\t%s\n' "$1" "$2" "$text" >>"$out/commands.tsv"
}

# field FILE KEY: the first value of that key in JSON documents; nothing if there is none.
field() {
	jq -rs --arg key "$2" 'first(.. | objects | select(has($key)) | .[$key])' "$1" 2>/dev/null || true
}

# ratio A B: A / B with six digits, or nothing when B is 0.
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { if (b != 0) printf "%.6g\n", a / b }'
}

# ---- Network --------------------------------------------------------------------------------------

# Two namespaces, A sends and B receives; two plain pairs and one with four queues. The stack's own
# frames (neighbour discovery) would be counted with ours.
make_network() {
	local ns if

	for ns in "$ns_a" "$ns_b"; do
		ip netns add "$ns"
		ip netns exec "$ns" sh -c \
			'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' 2>/dev/null || true
		ip -n "$ns" link set lo up
	done
	ip link add a1 netns "$ns_a" type veth peer name b1 netns "$ns_b"
	ip link add a2 netns "$ns_a" type veth peer name b2 netns "$ns_b"
	ip link add a4 numrxqueues 4 numtxqueues 4 netns "$ns_a" type veth \
		peer name b4 numrxqueues 4 numtxqueues 4 netns "$ns_b"
	for if in a1 a2 a4; do
		ip -n "$ns_a" link set "$if" up
		ip -n "$ns_b" link set "b${if#a}" up
	done
	ip -n "$ns_a" addr add 198.18.7.1/24 dev a1
	ip -n "$ns_b" addr add 198.18.7.2/24 dev b1
}

# delivered NAMESPACE INTERFACE: frames that it took over from its peer, whatever became of them.
delivered() {
	ip netns exec "$1" cat "/sys/class/net/$2/statistics/rx_packets"
}

now_ns() {
	date +%s%N
}

# ---- Processes ------------------------------------------------------------------------------------

children=()

# start NAME NAMESPACE CPU COMMAND...: in the background on one CPU; its words go to tmp/NAME.out and
# .err. Sets started.
start() {
	local name=$1 ns=$2 cpu=$3
	shift 3

	ip netns exec "$ns" taskset -c "$cpu" "$@" >"$tmp/$name.out" 2>"$tmp/$name.err" </dev/null &
	started=$!
	children+=("$started")
}

# await FILE PATTERN PID: until the file says so. Return: 1 when the process ended before, or did not
# say it within ten seconds.
await() {
	local tries

	for ((tries = 0; tries < 200; tries++)); do
		if grep -q "$2" "$1" 2>/dev/null; then
			return 0
		fi
		kill -0 "$3" 2>/dev/null || break
		sleep 0.05
	done
	return 1
}

# finish PID [SIGNAL]: ask it to end, insist after five seconds. Return: its exit status.
finish() {
	local pid=$1 tries rc=0

	if [[ -n ${2:-} ]]; then
		kill -s "$2" "$pid" 2>/dev/null || true
	fi
	for ((tries = 0; tries < 100; tries++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || rc=$?
	forget "$pid"
	return "$rc"
}

forget() {
	local pid left=()

	for pid in "${children[@]}"; do
		[[ $pid == "$1" ]] || left+=("$pid")
	done
	children=("${left[@]}")
}

# cpu_ns PID: processor time of all its threads so far, user and kernel, as the scheduler counts it.
cpu_ns() {
	cat "/proc/$1/task"/*/schedstat 2>/dev/null | awk '{ n += $1 } END { printf "%.0f\n", n }'
}

# Our own children only, by their ids; then what we made, by its name.
cleanup() {
	local pid ns

	trap '' INT TERM HUP
	clean_up_slots
	for pid in "${children[@]}"; do
		kill -TERM "$pid" 2>/dev/null || true
	done
	for pid in "${children[@]}"; do
		finish "$pid" TERM || true
	done
	for ns in "$ns_a" "$ns_b"; do
		if [[ -e /run/netns/$ns ]]; then
			ip netns del "$ns"
		fi
	done
	if [[ -n $tmp ]]; then
		rm -rf "$tmp"
	fi
}
