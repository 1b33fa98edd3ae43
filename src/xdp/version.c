// SPDX-License-Identifier: BSD-2-Clause
#include "net_xdp.h"

#define TEXT(number)   #number
#define TEXT_OF(macro) TEXT(macro)

const char *net_xdp_version(void)
{
	return TEXT_OF(NET_XDP_VERSION_MAJOR) "." TEXT_OF(NET_XDP_VERSION_MINOR) "." TEXT_OF(
		NET_XDP_VERSION_PATCH);
}
