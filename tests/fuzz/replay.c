// SPDX-License-Identifier: BSD-2-Clause
/*
 * Replay a target's corpus without libFuzzer: each file of the folder, and each of its beginnings, alone on the
 * heap. An ordinary test of every preset.
 *
 *     replay_NAME FOLDER        all files        replay_NAME FILE        this one
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

enum { LONGEST = 4096 };

static const char *program;
static char running[1536];

/* Sanitizers end with abort(), so that the input is named then. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "abort_on_error=1:handle_abort=0";
}

const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:handle_abort=0:print_stacktrace=1";
}

static void say_which(int number)
{
	if (write(STDERR_FILENO, running, strlen(running)) < 0)
		_exit(1);
	signal(number, SIG_DFL);
	raise(number);
}

static void run(const char *path, const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		exit(1);
	memcpy(copy, bytes, size);
	snprintf(running, sizeof(running),
		 "replay: it was the first %zu bytes of %s; again: %s %s\n", size, path, program,
		 path);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static bool replay_file(const char *path)
{
	static uint8_t bytes[LONGEST + 1];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		return false;
	}
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	if (size > LONGEST) {
		fprintf(stderr, "replay: %s is over %d bytes\n", path, LONGEST);
		return false;
	}
	for (size_t n = 0; n <= size; n++)
		run(path, bytes, n);
	return true;
}

static bool replay_folder(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort), files = 0;
	bool is_fine = true;
	char name[512];

	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
			is_fine &= replay_file(name);
			files++;
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	printf("replay: %d files of %s\n", files, path);
	return is_fine && files > 0;
}

int main(int argc, char **argv)
{
	struct stat status;

	if (argc != 2 || stat(argv[1], &status) < 0) {
		fprintf(stderr, "usage: %s FOLDER|FILE\n", argv[0]);
		return 2;
	}
	program = argv[0];
	signal(SIGABRT, say_which);
	signal(SIGSEGV, say_which);
	return (S_ISDIR(status.st_mode) ? replay_folder(argv[1]) : replay_file(argv[1])) ? 0 : 1;
}
