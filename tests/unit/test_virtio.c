// SPDX-License-Identifier: BSD-2-Clause
/* The features of a virtio device, from a made-up sysfs. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/virtio.h"

static char classes[] = "/tmp/net_xdp_virtio_XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", classes, name);
	file = fopen(path, "w");
	cr_assert_not_null(file, "%s", path);
	fputs(text, file);
	fclose(file);
}

static void in_folders(int (*call)(const char *))
{
	static const char *const folders[] = {"", "/eth1", "/eth1/device"};
	char path[96];

	for (size_t i = 0; i < 3; i++) {
		size_t k = call ? 2 - i : i;

		snprintf(path, sizeof(path), "%s%s", classes, folders[k]);
		cr_assert_eq(call ? call(path) : k ? mkdir(path, 0700) : 0, 0, "%s", path);
	}
}

/* "0...", with ones at the bits. */
static void write_features(uint64_t bits, size_t count)
{
	char text[80] = "";

	for (size_t i = 0; i < count; i++)
		text[i] = bits >> i & 1 ? '1' : '0';
	text[count] = '\n';
	write_file("eth1/device/features", text);
}

static void remove_all(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/eth1/ifindex", classes);
	unlink(path);
	snprintf(path, sizeof(path), "%s/eth1/device/features", classes);
	unlink(path);
	in_folders(rmdir);
}

Test(virtio, features_are_read_bit_by_bit_of_the_interface_that_was_meant)
{
	const uint64_t bits = VIRTIO_RING_RESET | VIRTIO_CTRL_GUEST_OFFLOADS | 1ull << 63;
	uint64_t read = 7;

	cr_assert_not_null(mkdtemp(classes));
	in_folders(NULL);
	cr_expect_not(virtio_read_features(classes, "eth1", 5, &read), "no file at all");
	write_file("eth1/ifindex", "5\n");
	cr_expect_not(virtio_read_features(classes, "eth1", 5, &read), "none of virtio");
	write_features(bits, 64);
	cr_expect_not(virtio_read_features(classes, "eth1", 6, &read), "another namespace's");
	cr_expect_eq(read, 7, "untouched");
	cr_expect(virtio_read_features(classes, "eth1", 5, &read));
	cr_expect_eq(read, bits, "%lx", read);
	write_features(bits, 63);
	cr_expect_not(virtio_read_features(classes, "eth1", 5, &read), "too short");
	remove_all();
}
