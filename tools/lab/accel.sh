# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What runs the instructions of QEMU's guests. Sourced by tools/zc-lab and tools/guest/guest.sh.

kvm_boot_s=${LAB_BOOT_S:-30} # without KVM a guest is up in less than that
kvm_device=${LAB_KVM:-/dev/kvm}
cpuinfo=${LAB_CPUINFO:-/proc/cpuinfo}

# A /dev/kvm may be there on a processor without such instructions, and then is of no use: the kernel interprets the
# guest's, and an ordinary guest does not get to its end.
kvm_is_usable() {
	[[ -r $kvm_device && -w $kvm_device ]] && grep -qwE 'svm|vmx' "$cpuinfo"
}

# accel_option kvm|tcg: of QEMU's command line.
accel_option() {
	case $1 in
	kvm) echo kvm ;;
	tcg) echo tcg,thread=multi ;;
	esac
}
