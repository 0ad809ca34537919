/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main() of a fuzz target where no libFuzzer is: runs the target over every file of the directories (or files)
 * named, and over mutations of each, so that the corpora are a test under plain gcc too.
 *
 *     fuzz_x [-seed=N] [-mutate=N] [-runs=ignored] FILE|DIRECTORY...
 *
 * Each input lies in a heap block of exactly its size, so that AddressSanitizer sees an over-read of one byte.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static uint64_t seed = 1;
static unsigned mutations;
static unsigned long runs;

/* splitmix64 */
static uint64_t draw(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void run(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	runs++;
}

/* Flips, overwrites, cuts, repeats: a handful of small damages. Returns the new size. */
static size_t mutate(uint8_t *data, size_t size)
{
	static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff, ' ', '\n', '\r', '\t', '?', '|', '"', '0', '9' };
	unsigned damages = 1 + draw() % 4;

	while (damages-- && size) {
		size_t at = draw() % size, other = draw() % size;
		size_t n = 1 + draw() % 16;

		switch (draw() % 5) {
		case 0:
			data[at] ^= (uint8_t)(1u << draw() % 8);
			break;
		case 1:
			data[at] = odd[draw() % sizeof odd];
			break;
		case 2: /* cut the tail */
			size = at;
			break;
		case 3: /* drop a few bytes */
			if (n > size - at)
				n = size - at;
			memmove(data + at, data + at + n, size - at - n);
			size -= n;
			break;
		default: /* insert bytes from elsewhere */
			if (n > size - other)
				n = size - other;
			if (size + n > INPUT_MAX)
				break;
			memmove(data + at + n, data + at, size - at);
			memmove(data + at, data + other, n);
			size += n;
		}
	}
	return size;
}

static int run_file(const char *path)
{
	static uint8_t data[INPUT_MAX], copy[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		return 1;
	}
	size = fread(data, 1, sizeof data, file);
	fclose(file);
	run(data, size);
	for (unsigned i = 0; i < mutations; i++) {
		memcpy(copy, data, size);
		run(copy, mutate(copy, size));
	}
	return 0;
}

/* In alphabetical order, so that the same seed always makes the same inputs. */
static int run_path(const char *path)
{
	struct dirent **names;
	struct stat st;
	int n, failed = 0;

	if (stat(path, &st)) {
		perror(path);
		return 1;
	}
	if (!S_ISDIR(st.st_mode))
		return run_file(path);
	n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		char *full;

		if (names[i]->d_name[0] != '.' && asprintf(&full, "%s/%s", path, names[i]->d_name) > 0) {
			failed |= run_path(full);
			free(full);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "-seed=", 6))
			seed = strtoull(argv[i] + 6, NULL, 10);
		else if (!strncmp(argv[i], "-mutate=", 8))
			mutations = (unsigned)strtoul(argv[i] + 8, NULL, 10);
	}
	printf("seed %llu\n", (unsigned long long)seed);
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			failed |= run_path(argv[i]);
	}
	printf("%lu inputs\n", runs);
	return failed;
}
