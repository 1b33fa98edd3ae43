// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/dma.h"

bool dma_is_per_page(const char *devices, const char *name)
{
	char path[256], type[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/iommu_group/type", devices, name);
	file = fopen(path, "re");
	if (file) {
		if (!fgets(type, sizeof(type), file))
			type[0] = 0;
		fclose(file);
		return strcmp(type, "identity\n") != 0;
	}
	/* A PCI device that is in no IOMMU group has no IOMMU in front of it. */
	snprintf(path, sizeof(path), "%s/%s/iommu_group", devices, name);
	if (access(path, F_OK) == 0)
		return true;
	snprintf(path, sizeof(path), "%s/%s/vendor", devices, name);
	return !name[0] || access(path, F_OK) != 0;
}
