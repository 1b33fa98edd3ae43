// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "model/sequence.h"
#include "support/frame.h"

static const char *const names[STEP_KINDS] = {
#define STEP_NAME(symbol, name, weight) [STEP_##symbol] = name,
	STEPS_LIST(STEP_NAME)
#undef STEP_NAME
};

static const uint32_t weights[STEP_KINDS] = {
#define STEP_WEIGHT(symbol, name, weight) [STEP_##symbol] = weight,
	STEPS_LIST(STEP_WEIGHT)
#undef STEP_WEIGHT
};

const char *step_name(enum step_kind kind)
{
	return names[kind];
}

static void allocate(struct sequence *s, uint64_t seed, uint32_t count)
{
	*s = (struct sequence){.seed = seed, .count = count};
	s->steps = calloc(count + 1u, sizeof(*s->steps));
	cr_assert(s->steps != NULL, "memory for %u steps", count);
}

static enum step_kind draw_kind(struct frame_random *random, uint32_t total)
{
	uint32_t at = frame_random_below(random, total), kind = 0;

	while (at >= weights[kind])
		at -= weights[kind++];
	return (enum step_kind)kind;
}

void sequence_draw(struct sequence *s, uint64_t seed, uint32_t count)
{
	struct frame_random random = frame_random(seed);
	uint32_t total = 0;

	allocate(s, seed, count);
	for (uint32_t i = 0; i < STEP_KINDS; i++)
		total += weights[i];
	for (uint32_t i = 0; i < count; i++) {
		struct step *step = &s->steps[i];

		step->kind = draw_kind(&random, total);
		step->a = frame_random_next(&random);
		step->b = frame_random_next(&random);
	}
}

void sequence_without(struct sequence *out, const struct sequence *s, uint32_t first,
		      uint32_t count)
{
	allocate(out, s->seed, s->count - count);
	memcpy(out->steps, s->steps, first * sizeof(*s->steps));
	memcpy(out->steps + first, s->steps + first + count,
	       (s->count - first - count) * sizeof(*s->steps));
}

void sequence_free(struct sequence *s)
{
	free(s->steps);
	*s = (struct sequence){0};
}

bool sequence_write(const struct sequence *s, FILE *to)
{
	fprintf(to, "seed %" PRIu64 "\n", s->seed);
	for (uint32_t i = 0; i < s->count; i++)
		fprintf(to, "%s %u %u\n", names[s->steps[i].kind], s->steps[i].a, s->steps[i].b);
	return fflush(to) == 0 && !ferror(to);
}

static bool read_step(struct step *step, const char *line)
{
	char name[32];

	if (sscanf(line, "%31s %u %u", name, &step->a, &step->b) != 3)
		return false;
	for (uint32_t i = 0; i < STEP_KINDS; i++) {
		step->kind = (enum step_kind)i;
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

bool sequence_read(struct sequence *s, FILE *from)
{
	uint32_t room = 1024;
	char line[128];
	uint64_t seed;

	if (!fgets(line, sizeof(line), from) || sscanf(line, "seed %" SCNu64, &seed) != 1)
		return false;
	allocate(s, seed, room);
	s->count = 0;
	while (fgets(line, sizeof(line), from)) {
		if (s->count == room) {
			room *= 2;
			s->steps = realloc(s->steps, (room + 1u) * sizeof(*s->steps));
			cr_assert(s->steps != NULL, "memory for %u steps", room);
		}
		if (!read_step(&s->steps[s->count], line))
			return false;
		s->count++;
	}
	return true;
}
