// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stdio.h>

#include "base/deadline.h"

bool wait_tell(bool (*tell)(void *context, const char *sentence), void *context, uint32_t most_ms,
	       const char *format, ...)
{
	char what[120], sentence[200];
	va_list args;

	if (!tell)
		return true;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(sentence, sizeof(sentence), "%s; waiting for it to end, %u ms at most", what,
		 most_ms);
	return tell(context, sentence);
}
