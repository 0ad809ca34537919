/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that survive: header page, lock, reservation. What it promises stands in backing.h.
 */
#include "nat/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/log.h"
#include "lib/mem.h"
#include "nat/records.h"

#define PAGE	     BACKING_PAGE
#define BOOT_ID_SIZE 40

/* What must fit is above the secret; `check` covers it. */
struct backing_header {
	uint64_t magic;
	uint64_t layout;
	char boot_id[BOOT_ID_SIZE];
	uint64_t capacity;
	uint64_t check;
	struct siphash_key secret;
	uint64_t words[BACKING_WORDS];
};
static_assert(sizeof(struct backing_header) <= PAGE, "one page");

/* Against damage only: nobody but root writes there. */
static const struct siphash_key check_key = {0x616c67617465, 0x7265636f726473};

static bool read_boot_id(char boot_id[BOOT_ID_SIZE], struct err *err)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	memset(boot_id, 0, BOOT_ID_SIZE);
	if (fd < 0)
		return err_set(err, "cannot read the boot id: %s", strerror(errno));
	n = read(fd, boot_id, BOOT_ID_SIZE - 1);
	close(fd);
	return n > 0 || err_set(err, "cannot read the boot id");
}

static uint64_t header_check(const struct backing_header *header)
{
	return siphash13(&check_key, header, offsetof(struct backing_header, check));
}

/* NULL if the header fits, else why not. */
static const char *header_misfit(const struct backing_header *header,
				 const struct backing_header *ours)
{
	if (header->magic != ours->magic || header->check != header_check(header))
		return "damaged";
	if (header->layout != ours->layout)
		return "of another version";
	if (header->capacity != ours->capacity)
		return "of another size";
	if (memcmp(header->boot_id, ours->boot_id, BOOT_ID_SIZE) != 0)
		return "of an earlier boot";
	return NULL;
}

static bool make_header(struct backing_header *header, const struct backing_kind *kind,
			struct err *err)
{
	memset(header, 0, sizeof(*header));
	header->magic = kind->magic;
	header->layout = kind->layout;
	header->capacity = kind->capacity;
	if (!read_boot_id(header->boot_id, err))
		return false;
	header->check = header_check(header);
	for (unsigned i = 0; i < BACKING_WORDS; i++)
		header->words[i] = kind->word;
	if (getrandom(&header->secret, sizeof(header->secret), 0) != sizeof(header->secret))
		return err_set(err, "cannot get random bytes: %s", strerror(errno));
	return true;
}

static void write_header(struct backing_header *to, const struct backing_header *from)
{
	record_copy(&to->layout, &from->layout,
		    sizeof(*from) - offsetof(struct backing_header, layout));
	__atomic_store_n(&to->magic, from->magic, __ATOMIC_RELEASE);
	STORE_POINT();
}

/* ---- pages ---- */

static bool reserve_page(struct backing *backing, uint64_t page)
{
	uint64_t bit = UINT64_C(1) << page % 64, *word = &backing->reserved[page / 64];

	if (*word & bit)
		return true;
	/* File systems that cannot tell in advance are trusted. */
	while (fallocate(backing->fd, 0, (off_t)(page * PAGE), PAGE) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EOPNOTSUPP)
			return false;
		break;
	}
	*word |= bit;
	return true;
}

bool backing_reserve(struct backing *backing, const void *at, size_t size)
{
	uint64_t offset = (uint64_t)((const char *)at - (const char *)backing->at);

	if (backing->reserved == NULL || size == 0)
		return true;
	for (uint64_t page = offset / PAGE; page <= (offset + size - 1) / PAGE; page++) {
		if (!reserve_page(backing, page))
			return false;
	}
	return true;
}

/* ---- opening ---- */

static int open_file(const char *directory, const char *name, struct err *err)
{
	char *path = mem_printf("%s/%s", directory, name);
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		err_set(err, "cannot open %s: %s", path, strerror(errno));
	} else if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		err_set(err, "%s is not a file", path);
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		err_set(err, "%s is in use by another algated", path);
	} else {
		free(path);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return -1;
}

/* Empties the file, which makes every byte of it 0. */
static bool start_file(struct backing *backing, const char *name, struct err *err)
{
	if (ftruncate(backing->fd, 0) == 0 && ftruncate(backing->fd, (off_t)backing->size) == 0)
		return true;
	return err_set(err, "cannot make room for the file %s: %s", name, strerror(errno));
}

/* Reads the header from the file, before anything is mapped: nothing can be said of its size yet.
 */
static bool adoptable(const struct backing *backing, const struct backing_kind *kind,
		      const struct backing_header *ours)
{
	struct backing_header header;
	const char *misfit = NULL;
	struct stat st;

	if (fstat(backing->fd, &st) < 0 || st.st_size == 0)
		return false;
	if (pread(backing->fd, &header, sizeof(header), 0) != sizeof(header))
		misfit = "damaged";
	if (misfit == NULL)
		misfit = header_misfit(&header, ours);
	if (misfit == NULL && (uint64_t)st.st_size != backing->size)
		misfit = "of another size";
	if (misfit != NULL)
		log_event("NAT", LOG_SEV_WARNING, "RECORDS", "%s are %s: starting without them",
			  kind->what, misfit);
	return misfit == NULL;
}

static bool open_backing(struct backing *backing, const char *directory,
			 const struct backing_kind *kind, const struct backing_header *ours,
			 struct err *err)
{
	backing->fd = open_file(directory, kind->file, err);
	if (backing->fd < 0)
		return false;
	backing->fresh = !adoptable(backing, kind, ours);
	if (backing->fresh && !start_file(backing, kind->file, err))
		return false;
	backing->reserved = mem_alloc((backing->size / PAGE / 64 + 1) * sizeof(uint64_t));
	return true;
}

static bool map(struct backing *backing, const char *name, struct err *err)
{
	int flags = backing->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED;

	backing->at = mmap(NULL, backing->size, PROT_READ | PROT_WRITE, flags, backing->fd, 0);
	if (backing->at != MAP_FAILED) {
		backing->header = backing->at;
		return true;
	}
	backing->at = NULL;
	return err_set(err, "cannot map %llu bytes for %s: %s", (unsigned long long)backing->size,
		       name, strerror(errno));
}

bool backing_open(struct backing *backing, const char *directory, const struct backing_kind *kind,
		  struct err *err)
{
	struct backing_header ours;

	*backing =
	    (struct backing){.fd = -1, .fresh = true, .size = PAGE + backing_page_up(kind->size)};
	if (!make_header(&ours, kind, err))
		return false;
	if (directory != NULL && !open_backing(backing, directory, kind, &ours, err))
		return false;
	if (!map(backing, kind->file, err))
		return false;
	if (!backing_reserve(backing, backing->header, sizeof(ours)))
		return err_set(err, "no room for %s in %s", kind->file, directory);
	if (backing->fresh)
		write_header(backing->header, &ours);
	backing->secret = backing->header->secret;
	return true;
}

void backing_close(struct backing *backing)
{
	if (backing->size == 0)
		return; /* never opened */
	if (backing->at != NULL)
		munmap(backing->at, backing->size);
	if (backing->fd >= 0)
		close(backing->fd); /* and with it the lock */
	free(backing->reserved);
	*backing = (struct backing){.fd = -1};
}

void *backing_body(const struct backing *backing)
{
	return (char *)backing->at + PAGE;
}

uint64_t *backing_word(const struct backing *backing, unsigned n)
{
	return &backing->header->words[n];
}

/* ---- how far records reach ---- */

static bool high_is_sound(uint64_t word, uint32_t max)
{
	return (uint32_t)(word >> 32) == ~(uint32_t)word && (uint32_t)word <= max;
}

uint32_t backing_high(const struct backing *backing, unsigned n, uint32_t max)
{
	uint64_t word = *backing_word(backing, n);

	return high_is_sound(word, max) ? (uint32_t)word : max;
}

void backing_set_high(struct backing *backing, unsigned n, uint32_t high)
{
	__atomic_store_n(backing_word(backing, n), (uint64_t)~high << 32 | high, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	STORE_POINT();
}

uint64_t backing_written(const struct backing *backing, const void *at, uint64_t size)
{
	off_t start = (const char *)at - (const char *)backing->at, end = start + (off_t)size, last = start;

	if (backing->fd < 0)
		return size;
	for (off_t from = start; from < end; from = last) {
		off_t data = lseek(backing->fd, from, SEEK_DATA);

		if (data < 0 && errno != ENXIO)
			return size;
		if (data < 0 || data >= end)
			break;
		last = lseek(backing->fd, data, SEEK_HOLE);
		if (last <= data)
			return size;
	}
	return (uint64_t)((last < end ? last : end) - start);
}

void backing_mend_high(struct backing *backing, unsigned n, const void *records, size_t size, uint32_t max)
{
	uint64_t reached;

	if (backing->fresh || high_is_sound(*backing_word(backing, n), max))
		return;
	reached = (backing_written(backing, records, max * size) + size - 1) / size;
	backing_set_high(backing, n, reached < max ? (uint32_t)reached : max);
}
