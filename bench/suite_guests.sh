# SPDX-License-Identifier: BSD-2-Clause
# Linux guests on xsk-vhost, and the same guests on what they would have instead: a tap on a bridge, DPDK's vhost.
# Every back end has the same kind of veth pair, whose other end is the host's. Guests are booted once and measured
# in turn, each figure of all back ends within seconds. Sourced by tools/bench, from bash.
# shellcheck shell=bash disable=SC2154 # variables are tools/bench's and tools/guest's

uml_slots=() # that run
qemu_slots=()

# ---- Processor time -------------------------------------------------------------------------------

# Of the whole machine, in ticks of 10 ms: softirqs and the bridge are in no process.
machine_ticks() {
	awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat
}

back_ns() {
	local pid=${daemon_pid:-$dpdk_pid}

	if [[ -n $pid ]]; then
		cpu_ns "$pid"
	else
		echo 0
	fi
}

# Looking takes time too: the machine's window is the innermost.
cpu_before() {
	guest_before=$(cpu_ticks "$guest_pid")
	back_before=$(back_ns)
	machine_before=$(machine_ticks)
}

# cpu_samples ROUND NAME UNITS: since cpu_before, nanoseconds per unit.
cpu_samples() {
	local machine back guest

	machine=$(machine_ticks)
	back=$(back_ns)
	guest=$(cpu_ticks "$guest_pid")
	sample guests "$slot" "$1" "$2_guest" "$(ratio $(((guest - guest_before) * 10000000)) "$3")"
	sample guests "$slot" "$1" "$2_back" "$(ratio $((back - back_before)) "$3")"
	sample guests "$slot" "$1" "$2_machine" "$(ratio $(((machine - machine_before) * 10000000)) "$3")"
}

# ---- Traffic --------------------------------------------------------------------------------------

# what_went_wrong: of an exchange; for the page.
what_went_wrong() {
	cat "$tmp/said" "$tmp/host.err" 2>/dev/null | grep -v '^listening$' | tail -n 1 | tr '\t' ' '
}

# guest_traffic SLOT ROUND tcp|udp out|in AMOUNT: bytes of TCP, or seconds of frames of 60 bytes.
guest_traffic() {
	local round=$2 name=$3_$4

	use_slot "$1"
	dpdk_wakes
	cpu_before
	if exchange "$4" "$3-send" "$3-receive" "$5" >"$tmp/said" 2>&1; then
		if [[ $3 == tcp ]]; then
			cpu_samples "$round" "$name" "$5"
			sample guests "$slot" "$round" "$name" "$(figure mbit_s)"
		else
			cpu_samples "$round" "$name" "$(figure received)"
			sample guests "$slot" "$round" "$name" "$(figure pps)"
			sample guests "$slot" "$round" "${name}_lost" "$(awk -v s="$(figure sent)" \
				-v r="$(figure received)" 'BEGIN { printf "%.6g\n", s ? 1 - r / s : 0 }')"
		fi
	else
		gap guests "$slot $3 $4" "round $round: $(what_went_wrong)"
	fi
	dpdk_sleeps
}

# guest_trips SLOT ROUND COUNT: one packet at a time, from the guest and back.
guest_trips() {
	local metric

	use_slot "$1"
	dpdk_wakes
	listen_on_host echo 6999
	if tell_guest 45 net --limit 40 round-trip "$host_address" 6999 "$3" >"$tmp/said" 2>&1; then
		figures=$guest_output
		for metric in p50_us p99_us lost; do
			sample guests "$slot" "$2" "trip_$metric" "$(figure "$metric")"
		done
	else
		gap guests "$slot round trip" "round $2: $(what_went_wrong)"
	fi
	finish_on_host || true
	dpdk_sleeps
}

# ---- Our share of a packet's time -----------------------------------------------------------------

user_ticks() {
	sed 's/^.*) //' "/proc/$daemon_pid/stat" | awk '{ print $12, $12 + $13 }'
}

# Debian's perf is there and does nothing where its package is for another kernel.
perf_works() {
	perf record -q -e cpu-clock -o "$tmp/perf.data" true >"$tmp/perf.err" 2>&1
}

# From here on, of the slot's daemon and who works with it. With perf, by samples; without, by the kernel's own count of
# the daemon's user time.
share_starts() {
	if $has_perf; then
		perf record -q -e cpu-clock -F 2000 -a -o "$tmp/perf.data" >"$tmp/perf.err" 2>&1 </dev/null &
		perf_pid=$!
		children+=("$perf_pid")
		sleep 0.3
	else
		perf_pid=
		user_before=$(user_ticks)
	fi
}

# sampled_shares ARRIVED: the daemon's user space, as a share of all of the daemon's samples, and of these and the host's
# end of the exchange, softirqs included, as far as its frames arrived. The kernel's addresses are of the upper half.
sampled_shares() {
	{ perf script -i "$tmp/perf.data" -F comm,pid,ip 2>>"$tmp/perf.err" || true; } | awk -v pid="$daemon_pid" \
		-v arrived="$1" '
		$(NF - 1) == pid { daemon++; if (length($NF) < 16) ours++ }
		$1 == "guest-net" || $1 ~ /^ksoftirqd/ { host++ }
		END { if (daemon >= 100) printf "%.6g %.6g\n", ours / daemon, ours / (daemon + host * arrived) }'
}

# share_ends ROUND METRIC ARRIVED: in user space, of all of the daemon's time: front end, library and libc. METRIC_host:
# of the time of the host's end too.
share_ends() {
	local share host=

	if [[ -n $perf_pid ]]; then
		finish "$perf_pid" INT || true
		read -r share host <<<"$(sampled_shares "$3")" || true
	else
		share=$(echo "$user_before $(user_ticks)" |
			awk '$4 - $2 >= 20 { printf "%.6g\n", ($3 - $1) / ($4 - $2) }')
	fi
	if [[ -z $share ]]; then
		gap guests "$slot share" "round $1: the daemon ran too little to tell. $(last_words perf)"
		return 0
	fi
	sample guests "$slot" "$1" "$2" "$share"
	[[ -z $host ]] || sample guests "$slot" "$1" "$2_host" "$host"
}

# share_of_flood ROUND out|in. Apart from the exchange that is compared: sampling takes time.
share_of_flood() {
	use_slot uml-vhost
	share_starts
	exchange "$2" udp-send udp-receive 2 >"$tmp/said" 2>&1 ||
		gap guests "$slot share" "round $1: $(what_went_wrong)"
	share_ends "$1" "udp_$2_share" "$(ratio "$(figure received)" "$(figure sent)")"
}

share_of_virtio_user() {
	local frames from back

	use_slot virtio-user
	launch_testpmd user "$device_ns" 600 --vdev "net_virtio_user0,path=$socket,queues=1" -- \
		--total-num-mbufs=32768 --forward-mode=txonly --txpkts=60 || {
		gap guests "$slot" "dpdk-testpmd did not start: $(last_words user)"
		return 0
	}
	note_command guests virtio-user "xsk-vhost -i $device_if --socket vhost.sock; $dpdk_command"
	share_starts
	frames=$(delivered "$host_ns" "$host_if")
	from=$(now_ns)
	back=$(back_ns)
	sleep 1
	back=$(($(back_ns) - back))
	frames=$(($(delivered "$host_ns" "$host_if") - frames))
	sample guests "$slot" "$1" udp_out "$(ratio "${frames}000000000" $(($(now_ns) - from)))"
	sample guests "$slot" "$1" udp_out_back "$(ratio "$back" "$frames")"
	share_ends "$1" udp_out_share 1
	stop_dpdk "$started"
}

# ---- A guest that does nothing --------------------------------------------------------------------

wake_ups() {
	cat "/proc/$1/task"/*/status | awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n }'
}

# guest_idle ROUND SLOT...: all of them at once, and what the machine does meanwhile.
guest_idle() {
	local round=$1 name pid from ns machine
	local -A pids=() cpu=() wakes=()
	shift

	for name in "$@"; do
		use_slot "$name"
		pids[$name]=$daemon_pid
	done
	sleep 0.3
	for name in "$@"; do
		cpu[$name]=$(cpu_ns "${pids[$name]}")
		wakes[$name]=$(wake_ups "${pids[$name]}")
	done
	machine=$(machine_ticks)
	from=$(now_ns)
	sleep "$idle_seconds"
	ns=$(($(now_ns) - from))
	machine=$(($(machine_ticks) - machine))
	sample guests machine "$round" idle_percent "$(ratio $((100 * machine * 10000000)) "$ns")"
	for name in "$@"; do
		pid=${pids[$name]}
		sample guests "$name" "$round" idle_percent "$(ratio $((100 * ($(cpu_ns "$pid") - cpu[$name]))) "$ns")"
		sample guests "$name" "$round" idle_wakes \
			"$(ratio $((1000000000 * ($(wake_ups "$pid") - wakes[$name]))) "$ns")"
	done
}

# ---- All of them, interleaved ---------------------------------------------------------------------

# is_among NAME NAME...
is_among() {
	[[ " ${*:2} " == *" $1 "* ]]
}

# those_of "NAME NAME..." NAME...: which of the former are among the latter.
those_of() {
	local name

	for name in $1; do
		is_among "$name" "${@:2}" && printf '%s ' "$name"
	done
	return 0
}

# each_slot FUNCTION ROUND "SLOT..." ARGUMENTS...
each_slot() {
	local function=$1 round=$2 names=$3 name
	shift 3

	for name in $names; do
		"$function" "$name" "$round" "$@"
	done
}

guests_round() {
	local round=$1 qemu="${qemu_slots[*]}" uml both jumbo

	uml=$(those_of "uml-vhost uml-tap" "${uml_slots[@]}")
	jumbo=$(those_of uml-jumbo "${uml_slots[@]}")
	each_slot guest_trips "$round" "$uml" 2000
	each_slot guest_traffic "$round" "$uml" tcp out "$uml_bytes"
	each_slot guest_traffic "$round" "$uml $(those_of uml-cut "${uml_slots[@]}")" tcp in "$uml_bytes"
	each_slot guest_traffic "$round" "$uml" udp out 1
	each_slot guest_traffic "$round" "$uml" udp in 1
	each_slot guest_traffic "$round" "$jumbo" tcp out "$uml_bytes"
	each_slot guest_traffic "$round" "$jumbo" tcp in "$uml_bytes"
	each_slot guest_trips "$round" "$qemu" 1000
	both=${qemu/qemu-tap/} # tap is there for its round trips
	each_slot guest_traffic "$round" "$both" tcp out "$qemu_bytes"
	each_slot guest_traffic "$round" "$both" tcp in "$qemu_bytes"
	each_slot guest_traffic "$round" "$both" udp out 1
	each_slot guest_traffic "$round" "$both" udp in 1
	if is_among uml-vhost "$uml"; then
		share_of_flood "$round" out
		share_of_flood "$round" in
	fi
	if is_among virtio-user "${slots[*]}"; then
		share_of_virtio_user "$round"
	fi
}

guests_boot() {
	local name

	say "guests: booting them"
	for name in uml-vhost uml-tap uml-cut uml-jumbo; do
		boot_slot "$name" && uml_slots+=("$name")
		use_slot ""
	done
	for name in qemu-vhost qemu-tap qemu-dpdk; do
		boot_slot "$name" && qemu_slots+=("$name")
		use_slot ""
	done
	if ! command -v dpdk-testpmd >/dev/null; then
		gap guests virtio-user 'dpdk-testpmd is not installed (dpdk-dev)'
		return 0
	fi
	open_slot virtio-user
	start_daemon || gap guests virtio-user "xsk-vhost did not start"
	use_slot ""
}

# What the daemon counted over all rounds, and the mode that it had.
guests_end() {
	local name counter

	for name in "${slots[@]}"; do
		use_slot "$name"
		[[ -n $daemon_pid ]] || continue
		stop_guest
		end_daemon || gap guests "$slot end" "xsk-vhost ended with $?"
		# One that no guest came to has neither counted nor chosen anything.
		jq -e '.devices[0].pairs[0].starts > 0' "$tmp/daemon.json" >/dev/null || continue
		for counter in rx_direct rx_bounced rx_kernel_fill_empty tx_direct tx_bounced tx_bounce_short tx_whole; do
			sample guests "$slot" 1 "$counter" \
				"$(jq --arg name "$counter" '[.devices[].pairs[].interface[$name]] | add' "$tmp/daemon.json")"
		done
		guests_mode=$(jq -r '.devices[0].pairs[0] | (if .zero_copy then "zero copy" else "copy" end) +
			", " + (if .native then "native" else "generic" end)' "$tmp/daemon.json")
	done
	use_slot ""
	clean_up_slots
	slots=()
	{
		printf 'guests_mode\t%s\n' "${guests_mode:-unknown}"
		printf 'guests_qemu\t%s\n' "$guest_accel"
		printf 'guests_share\t%s\n' "$($has_perf && echo 'perf record -e cpu-clock' ||
			echo 'user time')"
	} >>"$out/machine.tsv"
}

suite_guests() {
	local round idle=() name

	idle_seconds=2 uml_bytes=300000000 qemu_bytes=20000000
	if $quick; then
		idle_seconds=1 uml_bytes=50000000 qemu_bytes=5000000
	fi
	has_perf=false
	if perf_works; then
		has_perf=true
	fi
	guests_boot
	for name in "${uml_slots[@]}" "${qemu_slots[@]}"; do
		[[ $name != *-vhost ]] || idle+=("$name")
	done
	for ((round = 1; round <= rounds; round++)); do
		say "guests: round $round of $rounds: ${slots[*]}"
		guests_round "$round"
		if [[ ${#idle[@]} -gt 0 ]]; then
			guest_idle "$round" "${idle[@]}"
		fi
	done
	guests_end
}
