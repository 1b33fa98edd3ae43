/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_XDP_DMA_H
#define NET_XDP_DMA_H

#include <stdbool.h>

/*
 * The kernel maps a UMEM for DMA in pages of 4096 bytes, and an IOMMU that translates gives each an
 * address of its own: even within a huge page neighbours need not be neighbours for the device, and what
 * crosses from one to the next is swallowed. Source: xp_dma_map(), xp_check_dma_contiguity() in
 * net/xdp/xsk_buff_pool.c.
 *
 * devices: "/sys/bus/pci/devices", which shows the same in every network namespace. name: of the PCI
 * device, as ethtool tells. Return: false only when it is sure that nothing translates.
 */
bool dma_is_per_page(const char *devices, const char *name);

#endif
