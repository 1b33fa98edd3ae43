// SPDX-License-Identifier: BSD-2-Clause
/* Is memory one piece for a device? What sysfs shows, on folders of our own. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/dma.h"

static char root[] = "/tmp/test_dma.XXXXXX";

static void make_folder(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	cr_assert_eq(mkdir(path, 0700), 0, "%s", path);
}

static void make_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "w");
	cr_assert_not_null(file, "%s", path);
	fputs(text, file);
	fclose(file);
}

static void make_root(void)
{
	cr_assert_not_null(mkdtemp(root));
	make_folder("0000:01:00.0");
	make_file("0000:01:00.0/vendor", "0x8086\n");
}

static void remove_root(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", root);
	cr_assert_eq(system(command), 0);
}

TestSuite(dma, .init = make_root, .fini = remove_root);

Test(dma, device_without_group_is_one_piece)
{
	cr_assert_not(dma_is_per_page(root, "0000:01:00.0"));
}

Test(dma, only_an_identity_group_is_one_piece)
{
	static const struct {
		const char *type;
		bool per_page;
	} rows[] = {
		{"identity\n", false}, {"DMA\n", true},		 {"DMA-FQ\n", true},
		{"blocked\n", true},   {"identity-odd\n", true}, {"", true},
	};

	make_folder("0000:01:00.0/iommu_group");
	cr_assert(dma_is_per_page(root, "0000:01:00.0"), "a group that does not tell its type");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_file("0000:01:00.0/iommu_group/type", rows[i].type);
		cr_expect_eq(dma_is_per_page(root, "0000:01:00.0"), rows[i].per_page, "%s",
			     rows[i].type);
	}
}

Test(dma, device_that_is_not_there_is_not_sure)
{
	cr_assert(dma_is_per_page(root, "0000:02:00.0"));
	cr_assert(dma_is_per_page(root, "fd580000.ethernet"));
	cr_assert(dma_is_per_page(root, ""));
	cr_assert(dma_is_per_page("/nowhere", "0000:01:00.0"));
}
