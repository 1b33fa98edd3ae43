/* SPDX-License-Identifier: BSD-2-Clause */
/* Folders in which what we find is believed, and what we put stays ours. */
#ifndef NET_XDP_FOLDER_H
#define NET_XDP_FOLDER_H

#include <sys/stat.h>

/*
 * Check that a folder can be written by its owner only, and that the owner is root, we, or somebody whom root gave
 * the folder to: the folder above is root's alone.
 * Return: 0, and the folder is in *s; -EPERM it is not such a folder; -EACCES it is closed to us.
 */
int folder_check(const char *path, struct stat *s);

#endif
