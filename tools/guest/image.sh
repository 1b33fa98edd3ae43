# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# The guest's initramfs: busybox, guest-net, the modules and guest-init. Sourced by guest.sh.

guest_modules=(failover net_failover virtio_net) # in the order of loading

# add_module NAME FOLDER: a module of some kernel, packed or not.
add_module() {
	local file

	file=$(find "$2" -name "$1.ko" -o -name "$1.ko.xz" | sed -n 1p)
	case $file in
	*.xz) xz -dc "$file" ;;
	?*) cat "$file" ;;
	*) return 1 ;;
	esac >"$image/guest/modules/$1.ko"
	echo "$1" >>"$image/guest/modules/order"
}

# make_guest_image uml|qemu FILE
make_guest_image() {
	local image=$tmp/image modules=$uml_dir busybox=$uml_dir/bin/busybox module

	if [[ $1 == qemu ]]; then
		modules=$kernel_dir
		busybox=$(fetched busybox)
	fi
	mkdir -p "$image"/{bin,proc,sys,dev,guest/modules}
	cp "$busybox" "$built/tools/guest/guest-net" "$image/bin/"
	for module in "${guest_modules[@]}"; do
		add_module "$module" "$modules" || return
	done
	cp "$source_dir/tools/guest/guest-init" "$image/init"
	(cd "$image" && find . | "$busybox" cpio -o -H newc) >"$2" 2>/dev/null
	rm -rf "$image"
}
