# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# One guest at a time: booted, told what to do on its console, ended. Sourced by tools/demo and tests/guest/run
# after tools/packages.sh; uses their tmp, a folder, and built, where this was built. Functions say what
# went wrong and return 1.

. "$source_dir/tools/lab/accel.sh"
. "$source_dir/tools/guest/fetch.sh"
. "$source_dir/tools/guest/image.sh"

guest_address=10.77.0.2
host_address=10.77.0.1
guest_mac=52:54:00:77:00:02
guest_memory_mb=256
guest_pid=     # also its session, in which its helper processes are
guest_number=0 # of the last command
guest_output= # what the last command printed
guest_line=    # the last whole line of the console
guest_accel=tcg # of QEMU
if kvm_is_usable; then
	guest_accel=kvm
fi
guest_partial= # and what has come of the next one

# prepare_guest uml|qemu: fetched, and its image made.
prepare_guest() {
	fetch_guest "$1" && make_guest_image "$1" "$tmp/$1.initramfs"
}

# Without a process of its own, which would take time from what is measured.
nap() {
	read -rt "$1" -u "$guest_never" || true
}

# uml_command vhost SOCKET | tap INTERFACE
uml_command() {
	guest_command=("$uml_dir/usr/bin/linux.uml" "mem=${guest_memory_mb}M" "initrd=$tmp/uml.initramfs"
		"guest_address=$guest_address/24" con=null con0=fd:0,fd:1 quiet loglevel=1
		"uml_dir=$tmp/uml" umid=guest)
	case $1 in
	vhost) guest_command+=("virtio_uml.device=$2:1") ;;
	tap) guest_command+=("vec0:transport=tap,ifname=$2,depth=128,gro=1,mac=$guest_mac") ;;
	esac
}

# qemu_command vhost SOCKET | tap INTERFACE. It comes back by itself when the other end of the socket was away.
qemu_command() {
	local wire=(-chardev "socket,id=wire,path=$2,reconnect-ms=200" -netdev "vhost-user,id=net,chardev=wire")
	local libraries=$tools_dir/usr/lib/x86_64-linux-gnu:$tools_dir/lib/x86_64-linux-gnu

	if [[ $1 == tap ]]; then
		wire=(-netdev "tap,id=net,ifname=$2,script=no,downscript=no,vhost=off")
	fi
	guest_command=(env "LD_LIBRARY_PATH=$libraries" "$(fetched qemu-system-x86_64)"
		-L "$tools_dir/usr/share/qemu" -L "$tools_dir/usr/share/seabios"
		-nodefaults -no-user-config -display none -no-reboot
		-M q35,memory-backend=memory -accel "$(accel_option "$guest_accel")" -cpu "max,la57=off"
		-smp 1 -m "$guest_memory_mb"
		-object "memory-backend-memfd,id=memory,size=${guest_memory_mb}M,share=on"
		-kernel "$kernel_dir/vmlinuz" -initrd "$tmp/qemu.initramfs"
		-append "console=hvc0 quiet loglevel=1 panic=-1 net.ifnames=0 mitigations=off nokaslr
			audit=0 tsc=reliable guest_address=$guest_address/24"
		-device virtio-serial-pci -chardev "stdio,id=terminal,signal=off"
		-device "virtconsole,nr=0,chardev=terminal"
		"${wire[@]}" -device "virtio-net-pci,netdev=net,mac=$guest_mac,romfile=")
}

# start_guest uml|qemu vhost|tap SOCKET-OR-INTERFACE [NAMESPACE]
start_guest() {
	local prefix=()

	"$1_command" "$2" "$3"
	if [[ -n ${4:-} ]]; then
		prefix=(ip netns exec "$4")
	fi
	rm -rf "$tmp/console" "$tmp/console.in" "$tmp/uml"
	mkdir "$tmp/uml"
	mkfifo "$tmp/console.in"
	[[ -p $tmp/never ]] || mkfifo "$tmp/never"
	: >"$tmp/console"
	exec {guest_never}<>"$tmp/never" {guest_in}<>"$tmp/console.in" {guest_out}<"$tmp/console"
	"${prefix[@]}" setsid "${guest_command[@]}" <&"$guest_in" >>"$tmp/console" 2>"$tmp/guest.err" &
	guest_pid=$!
	guest_partial=
}

# boot_guest WHAT-START_GUEST-TAKES: until it says that it is ready. Once more without KVM where that is of no use;
# an emulated one on a busy machine takes its time.
boot_guest() {
	local seconds=120

	if [[ $1 == qemu && $guest_accel == kvm ]]; then
		seconds=$kvm_boot_s
	fi
	start_guest "$@"
	if await_guest '^ready$' "$seconds"; then
		return 0
	fi
	echo "guest: $1 did not boot" >&2
	tail -n 5 "$tmp/console" "$tmp/guest.err" >&2
	kill_guest
	[[ $1 == qemu && $guest_accel == kvm ]] || return 1
	guest_accel=tcg
	boot_guest "$@"
}

# next_line: the next whole line of the console into guest_line. Return: 1 when there is none yet.
next_line() {
	local part

	if IFS= read -r -u "$guest_out" part; then
		guest_line=$guest_partial$part
		guest_line=${guest_line%$'\r'}
		guest_partial=
		return 0
	fi
	guest_partial=$guest_partial$part
	return 1
}

# await_guest REGEX SECONDS: lines go into guest_output until one matches. An empty line once a second: User-Mode
# Linux 6.1 sometimes sleeps over what came for it, and looks when more comes.
await_guest() {
	local end=$((SECONDS + $2)) nudge=$((SECONDS + 2))

	guest_output=
	while [[ $SECONDS -le $end ]]; do
		if next_line; then
			[[ ! $guest_line =~ $1 ]] || return 0
			guest_output+=$guest_line$'\n'
			continue
		fi
		if ! kill -0 "$guest_pid" 2>/dev/null; then
			echo "guest: it has ended" >&2
			return 1
		fi
		if [[ $SECONDS -ge $nudge ]]; then
			echo >&"$guest_in"
			nudge=$((SECONDS + 1))
		fi
		nap 0.02
	done
	echo "guest: no '$1' within $2 s" >&2
	return 1
}

# start_command COMMAND...: the guest begins.
start_command() {
	guest_number=$((guest_number + 1))
	echo "$guest_number $*" >&"$guest_in"
	await_guest "^$guest_number begun" 10
}

# finish_command SECONDS. Return: 0 when the guest's command succeeded.
finish_command() {
	await_guest "^$guest_number done" "$1" && [[ $guest_line == *"done 0" ]]
}

# tell_guest SECONDS COMMAND...
tell_guest() {
	local seconds=$1
	shift

	start_command "$@" && finish_command "$seconds"
}

# At once, as a machine ends whose power fails: all processes of its session, and no other.
kill_guest() {
	[[ -n $guest_pid ]] || return 0
	kill -KILL -- "-$guest_pid" 2>/dev/null || true
	wait "$guest_pid" 2>/dev/null || true
	guest_pid=
	exec {guest_in}>&- {guest_out}<&- {guest_never}<&-
}

# stop_guest: in order, within five seconds.
stop_guest() {
	local i

	[[ -n $guest_pid ]] || return 0
	start_command poweroff 2>/dev/null || true
	for ((i = 0; i < 250; i++)); do
		kill -0 "$guest_pid" 2>/dev/null || break
		nap 0.02
	done
	kill_guest
}

# cpu_ticks PID: of a process, or of all in its session, with those that have ended.
cpu_ticks() {
	{ cat /proc/[0-9]*/stat 2>/dev/null || true; } | sed 's/^\([0-9]*\) (.*) /\1 /' |
		awk -v id="$1" '$1 == id || $5 == id {sum += $13 + $14 + $15 + $16} END {print sum + 0}'
}
