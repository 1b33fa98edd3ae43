/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire.h"

#include "bytes.h"
#include "packet.h"

#define TYPE_AT	  12
#define TAG_BYTES 4
#define TAG_TYPE  0x8100

enum frame_verdict wire_check(const uint8_t *frame, uint32_t len_bytes, struct frame_info *out,
			      struct wire_tag *tag)
{
	enum frame_verdict verdict;

	if (len_bytes >= FRAME_MIN_BYTES && get16(frame + TYPE_AT) == TAG_TYPE) {
		*tag = (struct wire_tag){true, (uint16_t)get16(frame + TYPE_AT + 2)};
		/* From here on all is where it would be without a tag; nobody looks at the MACs. */
		frame += TAG_BYTES;
		len_bytes -= TAG_BYTES;
	}
	verdict = frame_check(frame, len_bytes, out);
	return verdict == FRAME_FOREIGN ? packet_check(frame, len_bytes, out) : verdict;
}
