/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The provider of what survives the daemon: a sparse file of the state directory, mapped, or anonymous memory. Its first page
 * is a header; what lies behind is its owner's. (Another provider, such as a pinned array of the kernel, takes the place of
 * this file.)
 *
 * Promises: what is mapped is either what a daemon of the same layout left in this boot, or zero; the magic is written last, so
 * a file that was never finished is started anew; a page is reserved before it is first written, so that a full file system is
 * a refusal and no signal. May not know what lies in it.
 */
#ifndef ALGATE_NAT_BACKING_H
#define ALGATE_NAT_BACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/err.h"
#include "lib/siphash.h"

#define BACKING_PAGE  UINT64_C(4096)
#define BACKING_WORDS 8

struct backing_header;

struct backing {
	void *at;          /* the header; what is the owner's begins a page further on */
	uint64_t size;     /* header included; a whole number of pages */
	bool fresh;        /* nothing but zeros behind the header */
	struct siphash_key secret; /* of this file's life */
	struct backing_header *header;
	int fd;            /* -1: anonymous */
	uint64_t *reserved; /* bit for each page that may be written; NULL: all may */
};

/* What has to fit. */
struct backing_kind {
	const char *file, *what; /* name in the directory; "Translation records" */
	uint64_t magic, layout, capacity;
	uint64_t size;     /* of the owner's part, bytes */
	uint64_t word;     /* the owner's words when new */
};

static inline uint64_t backing_page_up(uint64_t size)
{
	return (size + BACKING_PAGE - 1) / BACKING_PAGE * BACKING_PAGE;
}

/* directory NULL: anonymous memory. The file is DIR/kind->file, mode 0600, locked: a second daemon on it fails. One whose
 * header does not fit is started anew, with a log line. False and err on failure; close it all the same. */
bool backing_open(struct backing *backing, const char *directory, const struct backing_kind *kind, struct err *err);
/* The file stays. Of one that was zeroed and never opened: nothing. */
void backing_close(struct backing *backing);
/* The owner's part. */
void *backing_body(const struct backing *backing);
/* A word of the header for the owner. One that says how many records of an array were ever written is read and set by these, so
 * that damage shows: then they all were. */
uint64_t *backing_word(const struct backing *backing, unsigned n);
uint32_t backing_high(const struct backing *backing, unsigned n, uint32_t max);
void backing_set_high(struct backing *backing, unsigned n, uint32_t high);
/* Of a file that was taken over, before that array is touched: the word, if damaged, becomes what the file system says was
 * written. Behind it there are no pages, and on a full file system even a read of those is a signal. */
void backing_mend_high(struct backing *backing, unsigned n, const void *records, size_t size, uint32_t max);
/* Bytes of the `size` at `at` up to the last one that was ever written; all where the file system cannot tell. */
uint64_t backing_written(const struct backing *backing, const void *at, uint64_t size);
/* Makes sure that the `size` bytes of the mapping at `at` can be written; false when the file system is full. */
bool backing_reserve(struct backing *backing, const void *at, size_t size);

#endif
