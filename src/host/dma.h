/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_XDP_DMA_H
#define NET_XDP_DMA_H

#include <stdbool.h>

/*
 * Return: false if it is certain that no IOMMU translates the device's addresses.
 *
 * The kernel maps a UMEM for DMA in pages of 4096 bytes, and an IOMMU that translates gives each page
 * an address of its own. Even two neighbours within a huge page need not be neighbours for the device
 * then, and the kernel drops descriptors that cross from one to the next. Source: xp_dma_map() and
 * xp_check_dma_contiguity() in net/xdp/xsk_buff_pool.c.
 *
 * devices: "/sys/bus/pci/devices", which is the same in every network namespace. name: the PCI
 * device's, from ethtool.
 */
bool dma_is_per_page(const char *devices, const char *name);

#endif
