/* SPDX-License-Identifier: BSD-2-Clause */
/* Other people on the same interface. Both end the test when something fails. */
#ifndef SUPPORT_FOREIGN_H
#define SUPPORT_FOREIGN_H

#include <stdint.h>

/* Attach an XDP program called "foreign_prog" that passes everything. native: in the driver, else
 * generic. Return: its id. It stays until detached or the interface goes. */
uint32_t foreign_program(const char *ifname, int native);
uint32_t foreign_program_without_name(const char *ifname, int native);
void foreign_program_detach(const char *ifname, int native);

/* An AF_XDP socket bound to the queue, with a UMEM of its own. Return: its descriptor. */
int foreign_socket(const char *ifname, uint32_t queue);

#endif
