# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# The guest's initramfs. Sourced by tools/zc-lab; uses its built, run_dir, tools_dir,
# kernel_dir, modules, nic, command.

# The folders of shared objects among the fetched packages.
fetched_libraries() {
	echo "$tools_dir/usr/lib/x86_64-linux-gnu:$tools_dir/lib/x86_64-linux-gnu"
}

# fetched_or_own NAME: a program's path, among the fetched packages or else on this system.
fetched_or_own() {
	local folder

	for folder in usr/bin usr/sbin bin sbin; do
		if [[ -x $tools_dir/$folder/$1 ]]; then
			echo "$tools_dir/$folder/$1"
			return
		fi
	done
	PATH=$PATH:/usr/sbin:/sbin type -P "$1" ||
		fail "$NO_LAB" "no $1 here nor among the packages; remove $tools_dir to fetch again"
}

# add_program FILE: into the image's /bin, with its shared objects.
add_program() {
	local object target

	cp "$1" "$image/bin/"
	while read -r object; do
		target=$image${object#"$tools_dir"}
		[[ ! -e $target ]] || continue
		mkdir -p "${target%/*}"
		cp -L "$object" "$target"
	done < <(LD_LIBRARY_PATH=$(fetched_libraries) ldd "$1" | grep -oE '/[^ ]+\.so[^ ]*')
}

# The library's own programs come first: where a shared object is wanted twice, theirs is taken.
make_image() {
	local image=$run_dir/image program module file objects tests

	mapfile -t tests < <(conformance_tests)
	mkdir -p "$image"/{bin,proc,sys,dev,tmp,run,lab/modules,usr/lib/bpf}
	for program in "$built"/tools/{xsk-info,xsk-bench,lab/zc-check} "${tests[@]/#/$built/tests/}"; do
		[[ ! -x $program ]] || add_program "$program"
	done
	for program in bash ip ethtool xdp-loader xdp-filter; do
		add_program "$(fetched_or_own "$program")"
	done
	busybox=$(fetched_or_own busybox)
	cp "$busybox" "$image/bin/busybox"
	ln -s bash "$image/bin/sh" # busybox's own would run its ip instead of the real one
	objects=$tools_dir/usr/lib/x86_64-linux-gnu/bpf
	[[ -d $objects ]] || objects=/usr/lib/x86_64-linux-gnu/bpf
	cp "$objects"/*.o "$image/usr/lib/bpf/"
	for module in "${modules[@]}"; do
		find "$kernel_dir" -name "$module.ko.xz" | while read -r file; do
			xz -dc "$file" >"$image/lab/modules/$module.ko"
			echo "$module"
		done
	done >"$image/lab/modules/order"
	cp "$source_dir"/tools/lab/guest-{init,tests} "$image/lab/"
	ln -s lab/guest-init "$image/init"
	printf '%s\n' "$nic" >"$image/lab/nic"
	if [[ ${#command[@]} -gt 0 ]]; then
		printf '%q ' "${command[@]}" >"$image/lab/command"
	fi
	(cd "$image" && find . | "$busybox" cpio -o -H newc) >"$run_dir/initramfs" 2>"$run_dir/cpio.log"
	rm -rf "$image"
}
