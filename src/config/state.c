/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text and changes. A record is the lines that bring the configuration from before a commit to
 * after it, then a comment with the checksum, in one write. What lines cannot be trusted to say
 * again (a context that became another kind, a commit of very many lines) makes the text be written
 * anew.
 *
 * Nothing here waits for the disk but the writing of a text: another boot starts from the
 * startup-config anyway, and what was written survives the end of the process.
 */
#include "config/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/print.h"
#include "config/save.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/siphash.h"

#define LINE_SIZE   1024
#define HEAD	    "! changes to "
#define COMMIT	    "! commit "
#define MARK_SIZE   64
#define RECORD_MOST 256u	       /* changes of one commit that are worth a record */
#define CHANGES_MIN ((size_t)64 << 10) /* bytes */

struct state {
	char *path, *changes_path;
	bool whole; /* the text and the changes are on disk up to the last commit but the noted one
		     */
	size_t text_length;    /* bytes */
	size_t changes_length; /* 0: no file, or one that does not count */
	uint64_t checksum;     /* of everything so far */
	char *record;	       /* noted; NULL: only a whole text will do */
	size_t record_length;
	bool noted;
};

/* A fixed key: it guards against accidents. */
static uint64_t checksum_of(const void *bytes, size_t length, uint64_t before)
{
	const struct siphash_key key = {0x72756e6e696e672dULL, before};

	return siphash13(&key, bytes, length);
}

struct state *state_new(const char *path)
{
	struct state *state = mem_alloc(sizeof(*state));

	state->path = mem_strdup(path);
	state->changes_path = mem_printf("%s.changes", path);
	return state;
}

void state_free(struct state *state)
{
	if (!state)
		return;
	free(state->record);
	free(state->path);
	free(state->changes_path);
	free(state);
}

/* ---- the record of a commit */

/* What goes with its context needs no line of its own. */
static bool is_orphan(const struct store *store, const struct entry *entry)
{
	return entry->context &&
	       store_find(store, NULL, entry->context->cmd, entry->context->args) != entry->context;
}

static void put_line(FILE *out, const struct entry *entry, bool no)
{
	char line[LINE_SIZE];

	if (entry->context) {
		gram_print(entry->context->cmd, entry->context->args, NULL, line, sizeof(line));
		fprintf(out, "%s\n ", line);
	}
	gram_print(entry->cmd, entry->args, NULL, line, sizeof(line));
	fprintf(out, "%s%s\n", no != gram_by_default(entry->cmd, entry->args) ? "no " : "", line);
}

/* Lines set what they say. They are not relied on to make one command of another. */
static bool can_record(const struct store *store)
{
	size_t n = store_n_changes(store);

	for (size_t i = 0; i < n && n <= RECORD_MOST; i++) {
		struct store_change change = store_change_at(store, i);

		if (change.verb == STORE_REPLACED && change.before != change.entry->cmd)
			return false;
	}
	return n <= RECORD_MOST;
}

void state_note(struct state *state, const struct store *store)
{
	FILE *out;

	free(state->record);
	state->record = NULL;
	/* A noted commit that was never saved leaves a gap. */
	state->whole = state->whole && !state->noted;
	state->noted = true;
	if (!state->whole || !can_record(store))
		return;
	out = open_memstream(&state->record, &state->record_length);
	if (!out)
		abort();
	for (size_t i = 0; i < store_n_changes(store); i++) {
		struct store_change change = store_change_at(store, i);

		if (!is_orphan(store, change.entry))
			put_line(out, change.entry, change.verb == STORE_REMOVED);
	}
	if (fclose(out) != 0)
		abort();
}

/* ---- writing */

static bool write_text(struct state *state, const struct store *store, struct err *err)
{
	char *text = config_text(store);
	size_t length = strlen(text);
	bool good = save_file(state->path, text, length, err);

	/* From here on the changes belong to another text and do not count, also if they stay. */
	if (good) {
		unlink(state->changes_path);
		state->text_length = length;
		state->changes_length = 0;
		state->checksum = checksum_of(text, length, 0);
		state->whole = true;
	}
	free(text);
	return good;
}

/* All of it or nothing. */
static bool append(int fd, const char *bytes, size_t length, size_t before)
{
	struct stat status;
	ssize_t written;

	if (fstat(fd, &status) != 0 || (size_t)status.st_size != before)
		return false;
	do
		written = write(fd, bytes, length);
	while (written < 0 && errno == EINTR);
	if (written == (ssize_t)length)
		return true;
	/* A torn record ends the changes. If it does not go, the file has a length that nothing is
	 * appended to. */
	if (written > 0 && ftruncate(fd, (off_t)before) != 0)
		log_event("CONFIG", LOG_SEV_WARNING, "STATE", "a torn record stays: %s",
			  strerror(errno));
	return false;
}

static bool write_record(struct state *state)
{
	size_t before = state->changes_length, length;
	int fd =
	    access(state->path, F_OK) != 0
		? -1
		: open(state->changes_path,
		       O_WRONLY | O_APPEND | O_CLOEXEC | (before ? 0 : O_CREAT | O_TRUNC), 0600);
	char head[MARK_SIZE] = "", *bytes;
	uint64_t checksum = checksum_of(state->record, state->record_length, state->checksum);
	bool good;

	if (fd < 0)
		return false;
	if (!before)
		snprintf(head, sizeof(head), HEAD "%016llx\n", (unsigned long long)state->checksum);
	bytes = mem_printf("%s%s" COMMIT "%016llx\n", head, state->record,
			   (unsigned long long)checksum);
	length = strlen(bytes);
	good = append(fd, bytes, length, before);
	free(bytes);
	close(fd);
	if (good) {
		state->changes_length = before + length;
		state->checksum = checksum;
	}
	return good;
}

static bool is_due(const struct state *state)
{
	size_t most = state->text_length > CHANGES_MIN ? state->text_length : CHANGES_MIN;

	return state->changes_length + state->record_length > most;
}

bool state_save(struct state *state, const struct store *store, struct err *err)
{
	bool can_append = state->whole && state->record, good = false;

	if (can_append && !is_due(state))
		good = write_record(state);
	if (!good)
		good = write_text(state, store, err);
	/* The text is too long for the disk, the record may not be. */
	if (!good && can_append)
		good = write_record(state);
	state->whole = good;
	state->noted = false;
	return good;
}

/* ---- reading */

/* What we wrote ends with `end`. Anything else is not ours, or not all of it. */
static bool is_whole(const char *text, size_t length)
{
	static const char last[] = "\nend\n";
	size_t size = sizeof(last) - 1;

	return length >= size && memcmp(text + length - size, last, size) == 0 &&
	       !memchr(text, '\0', length);
}

/* Is this line that mark with that checksum? */
static bool is_mark(const char *line, size_t length, const char *mark, uint64_t checksum)
{
	char wanted[MARK_SIZE];
	int size =
	    snprintf(wanted, sizeof(wanted), "%s%016llx\n", mark, (unsigned long long)checksum);

	return length == (size_t)size && memcmp(line, wanted, length) == 0;
}

/* How much of the changes counts, in bytes. */
static size_t good_changes(const char *text, size_t length, uint64_t checksum)
{
	const char *end = text + length, *good = text, *newline;

	for (const char *line = text; (newline = memchr(line, '\n', (size_t)(end - line)));
	     line = newline + 1) {
		size_t size = (size_t)(newline + 1 - line);

		if (line == text) {
			if (!is_mark(line, size, HEAD, checksum))
				return 0;
			good = newline + 1;
		} else if (size > strlen(COMMIT) && memcmp(line, COMMIT, strlen(COMMIT)) == 0) {
			checksum = checksum_of(good, (size_t)(line - good), checksum);
			if (!is_mark(line, size, COMMIT, checksum))
				break;
			good = newline + 1;
		}
	}
	return (size_t)(good - text);
}

static void add_changes(const char *path, char **text, size_t *length)
{
	char *name = mem_printf("%s.changes", path);
	size_t size = 0, good = 0;
	struct err err = {""};
	char *changes = load_file(name, &size, &err);

	if (changes)
		good = good_changes(changes, size, checksum_of(*text, *length, 0));
	if (err.text[0])
		log_event("SYS", LOG_SEV_ERROR, "STATE", "%s", err.text);
	else if (changes && good < size)
		log_event("SYS", LOG_SEV_WARNING, "STATE",
			  "%s: %zu of %zu bytes are no complete changes to %s: ignored", name,
			  size - good, size, path);
	if (good) {
		*text = mem_grow(*text, *length + good + 1, 1);
		memcpy(*text + *length, changes, good);
		*length += good;
		(*text)[*length] = '\0';
	}
	free(changes);
	free(name);
}

char *state_load(const char *path, size_t *length, struct err *err)
{
	char *text = load_file(path, length, err);

	if (!text)
		return NULL;
	if (!is_whole(text, *length)) {
		free(text);
		err_set(err, "%s is damaged", path);
		return NULL;
	}
	add_changes(path, &text, length);
	return text;
}

void state_remove(const char *path)
{
	char *changes = mem_printf("%s.changes", path);

	unlink(path);
	unlink(changes);
	free(changes);
}
