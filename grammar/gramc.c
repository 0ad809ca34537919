/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gramc -o OUTDIR FILE.cli...
 *
 * Compiles the grammar (FORMAT.md) into gram_tables.h, gram_tables.c, gram_run.c (calls the handlers),
 * gram_norun.c (calls nothing: for tests that need the tables without the router), grammar.lst and
 * commands.mdoc. A file that comes out as it was is left alone, so that make rebuilds nothing.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <ctype.h>
#include "gramc.h"

struct grammar grammar;

/* This program frees nothing on purpose; a build with the address sanitizer must not fail for that. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

void fail(struct where at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fprintf(stderr, "%s:%d: ", at.file, at.line);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static void *must(void *memory)
{
	if (!memory) {
		fputs("gramc: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

void *take(size_t size)
{
	return must(calloc(1, size));
}

char *text_copy(const char *text, size_t length)
{
	char *copy = take(length + 1);

	memcpy(copy, text, length);
	return copy;
}

char *text_print(const char *format, ...)
{
	va_list ap, again;
	char *text;
	int length;

	va_start(ap, format);
	va_copy(again, ap);
	length = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	text = take((size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

char *text_lower(const char *text, char dash)
{
	char *copy = text_copy(text, strlen(text));

	for (char *p = copy; *p; p++)
		*p = *p == '-' ? dash : (char)tolower((unsigned char)*p);
	return copy;
}

char *text_upper(const char *text)
{
	char *copy = text_copy(text, strlen(text));

	for (char *p = copy; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	return copy;
}

void *list_add(void *list, int *count, void *item)
{
	void **grown = must(realloc(list, ((size_t)*count + 1) * sizeof(void *)));

	grown[(*count)++] = item;
	return grown;
}

static bool same_as_file(const char *path, const char *text, size_t length)
{
	FILE *old = fopen(path, "r");
	bool same = old != NULL;
	size_t i = 0;
	int c;

	if (!old)
		return false;
	while (same && (c = getc(old)) != EOF)
		same = i < length && (unsigned char)text[i++] == c;
	fclose(old);
	return same && i == length;
}

static void write_file(const char *dir, const char *name, const char *text, size_t length)
{
	char *path = text_print("%s/%s", dir, name);
	FILE *out;

	if (same_as_file(path, text, length))
		return;
	out = fopen(path, "w");
	if (!out || fwrite(text, 1, length, out) != length || fclose(out)) {
		perror(path);
		exit(1);
	}
}

static void run_real(FILE *out)
{
	emit_run(out, true);
}

static void run_none(FILE *out)
{
	emit_run(out, false);
}

static const struct output {
	const char *name;
	void (*emit)(FILE *out);
} outputs[] = {
	{"gram_tables.h", emit_header}, {"gram_tables.c", emit_tables}, {"gram_run.c", run_real},
	{"gram_norun.c", run_none},     {"grammar.lst", emit_list},     {"commands.mdoc", emit_mdoc},
};

static void write_outputs(const char *dir)
{
	for (size_t i = 0; i < sizeof(outputs) / sizeof(*outputs); i++) {
		char *text = NULL;
		size_t length = 0;
		FILE *memory = must(open_memstream(&text, &length));

		outputs[i].emit(memory);
		if (fclose(memory)) {
			perror("gramc");
			exit(1);
		}
		write_file(dir, outputs[i].name, text, length);
		free(text);
	}
}

int main(int argc, char **argv)
{
	const char *dir = ".";
	int option;

	while ((option = getopt(argc, argv, "o:")) != -1) {
		if (option != 'o')
			goto usage;
		dir = optarg;
	}
	if (optind == argc)
		goto usage;
	for (int i = optind; i < argc; i++)
		parse_file(argv[i]);
	build_all();
	write_outputs(dir);
	return 0;
usage:
	fputs("usage: gramc [-o OUTDIR] FILE.cli...\n", stderr);
	return 2;
}
