/* SPDX-License-Identifier: BSD-2-Clause */
/* Included before everything else of a program that is told of each store of the device to shared memory. */
#ifndef SUPPORT_STORED_H
#define SUPPORT_STORED_H

void device_stored(void);
#define SHARED_STORED() device_stored()

#endif
