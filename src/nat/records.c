/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mapping that holds the records: header page, cold flows, bindings, each from a page of its
 * own; and beside it the slots, which do not survive.
 *
 * Promises: what is mapped is either what a daemon of this layout left in this boot, or zero; the
 * magic is written last, so a file that was never finished is started anew. May not know what makes
 * a flow or binding possible: that is the tables' business.
 */
#include "nat/records.h"

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
#include "lib/sparse.h"

#define MAGIC	     UINT64_C(0x31434552544c4741) /* AGLTREC1 in memory order */
#define PAGE	     UINT64_C(4096)
#define STASH_SLOTS  64
#define BUCKET_SLOTS 4
#define MIN_BUCKETS  8
#define MAX_FLOWS    (1u << 28) /* indexes of slots stay well below RECORD_NONE */
#define BOOT_ID_SIZE 40
#define FILL_MIN     65536 /* flows for which a thread of its own pays */

/* What must fit is above the secret; `check` covers it. */
struct records_header {
	uint64_t magic;
	uint64_t layout;
	char boot_id[BOOT_ID_SIZE];
	uint64_t max_flows;
	uint64_t check;
	struct siphash_key secret;
	uint64_t high[RECORD_REGIONS]; /* value below, its complement above: one store, and damage
					  shows */
};
static_assert(sizeof(struct records_header) <= PAGE, "one page");

/* Known to nobody who could gain from forging a seal: the file is root's. It guards against damage
 * only. */
static const struct siphash_key seal_key = {0x616c67617465, 0x7265636f726473};

#ifdef ALGATE_ABORT_TEST
#include <signal.h>

uint64_t records_stores_left;

void records_store_point(void)
{
	if (records_stores_left > 0 && --records_stores_left == 0)
		raise(SIGKILL);
}

void record_copy(void *to, const void *from, size_t size)
{
	for (size_t i = 0; i < size; i += 16) {
		memcpy((char *)to + i, (const char *)from + i, size - i < 16 ? size - i : 16);
		STORE_POINT();
	}
}
#else
void record_copy(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
}
#endif

/* ---- seals */

uint32_t flow_seal(const struct flow_record *flow)
{
	struct flow_record identity = *flow;
	uint32_t seal;

	identity.state = identity.syn = identity.binding = 0;
	identity.slot[0] = identity.slot[1] = 0;
	identity.phase = identity.flags = identity.tcp = identity.scales = identity.carries = 0;
	seal = (uint32_t)siphash13(&seal_key, &identity, sizeof(identity)) & ~1u;
	return seal != 0 ? seal : 2;
}

uint32_t binding_seal(const struct binding_record *binding)
{
	struct binding_record identity = *binding;
	uint32_t seal;

	identity.state = identity.last_used_s = identity.flows = 0;
	seal = (uint32_t)siphash13(&seal_key, &identity, sizeof(identity)) & ~1u;
	return seal != 0 ? seal : 2;
}

/* ---- layout */

static uint64_t layout_hash(void)
{
	const uint64_t sizes[] = {
	    sizeof(struct records_header),
	    sizeof(struct flow_record),
	    offsetof(struct flow_record, il),
	    offsetof(struct flow_record, rule),
	    offsetof(struct flow_record, flags),
	    offsetof(struct flow_record, carries),
	    sizeof(struct binding_record),
	    offsetof(struct binding_record, local),
	    offsetof(struct binding_record, rule),
	    sizeof(struct flow_slot),
	    offsetof(struct flow_slot, state),
	    STASH_SLOTS,
	    BUCKET_SLOTS,
	    PAGE,
	    0x01020304, /* byte order */
	};

	return siphash13(&seal_key, sizes, sizeof(sizes));
}

static uint64_t page_up(uint64_t size)
{
	return (size + PAGE - 1) / PAGE * PAGE;
}

/* Two slots a flow at 85 % load. */
static void set_sizes(struct records *records, uint32_t max_flows)
{
	uint64_t buckets =
	    ((uint64_t)max_flows * 2 * 100 + 85 * BUCKET_SLOTS - 1) / (85 * BUCKET_SLOTS);

	records->max_flows = max_flows;
	records->slot_buckets = buckets > MIN_BUCKETS ? (uint32_t)buckets : MIN_BUCKETS;
	records->stash_slots = STASH_SLOTS;
}

static uint64_t slots_size(const struct records *records)
{
	return page_up(((uint64_t)records->slot_buckets * BUCKET_SLOTS + STASH_SLOTS) *
		       sizeof(struct flow_slot));
}

static uint64_t flows_size(const struct records *records)
{
	return page_up((uint64_t)records->max_flows * sizeof(struct flow_record));
}

static uint64_t bindings_size(const struct records *records)
{
	return page_up((uint64_t)records->max_flows * sizeof(struct binding_record));
}

static bool map_regions(struct records *records, struct err *err)
{
	int flags = records->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED;
	char *at;

	records->map = mmap(NULL, records->map_size, PROT_READ | PROT_WRITE, flags, records->fd, 0);
	if (records->map == MAP_FAILED)
		return err_set(err, "cannot map %llu bytes of translation records: %s",
			       (unsigned long long)records->map_size, strerror(errno));
	at = records->map;
	records->header = (struct records_header *)at;
	at += PAGE;
	records->flows = (struct flow_record *)at;
	at += flows_size(records);
	records->bindings = (struct binding_record *)at;
	records->slots = sparse_new(slots_size(records));
	return true;
}

/* ---- header */

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

static uint64_t header_check(const struct records_header *header)
{
	return siphash13(&seal_key, header, offsetof(struct records_header, check));
}

/* NULL if the header fits, else why not. */
static const char *header_misfit(const struct records_header *header,
				 const struct records_header *ours)
{
	if (header->magic != MAGIC || header->check != header_check(header))
		return "damaged";
	if (header->layout != ours->layout)
		return "of another version";
	if (header->max_flows != ours->max_flows)
		return "of another size";
	if (memcmp(header->boot_id, ours->boot_id, BOOT_ID_SIZE) != 0)
		return "of an earlier boot";
	return NULL;
}

static bool make_header(struct records_header *header, uint32_t max_flows, struct err *err)
{
	memset(header, 0, sizeof(*header));
	header->magic = MAGIC;
	header->layout = layout_hash();
	header->max_flows = max_flows;
	if (!read_boot_id(header->boot_id, err))
		return false;
	header->check = header_check(header);
	for (int region = 0; region < RECORD_REGIONS; region++)
		header->high[region] = (uint64_t)UINT32_MAX << 32;
	if (getrandom(&header->secret, sizeof(header->secret), 0) != sizeof(header->secret))
		return err_set(err, "cannot get random bytes: %s", strerror(errno));
	return true;
}

static void write_header(struct records_header *to, const struct records_header *from)
{
	record_copy(&to->layout, &from->layout,
		    sizeof(*from) - offsetof(struct records_header, layout));
	__atomic_store_n(&to->magic, from->magic, __ATOMIC_RELEASE);
	STORE_POINT();
}

uint32_t records_high(const struct records *records, enum record_region region)
{
	uint64_t word = records->header->high[region];
	uint32_t high = (uint32_t)word;

	if ((uint32_t)(word >> 32) != ~high || high > records->max_flows)
		return records->max_flows;
	return high;
}

void records_set_high(struct records *records, enum record_region region, uint32_t high)
{
	uint64_t word = (uint64_t)~high << 32 | high;

	__atomic_store_n(&records->header->high[region], word, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	STORE_POINT();
}

/* ---- pages */

static bool reserve_page(struct records *records, uint64_t page)
{
	uint64_t bit = UINT64_C(1) << page % 64, *word = &records->reserved[page / 64];

	if (*word & bit)
		return true;
	/* File systems that cannot tell in advance are trusted. */
	while (fallocate(records->fd, 0, (off_t)(page * PAGE), PAGE) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EOPNOTSUPP)
			return false;
		break;
	}
	*word |= bit;
	return true;
}

bool records_reserve(struct records *records, const void *at, size_t size)
{
	uint64_t offset = (uint64_t)((const char *)at - (const char *)records->map);

	if (records->reserved == NULL)
		return true;
	for (uint64_t page = offset / PAGE; page <= (offset + size - 1) / PAGE; page++) {
		if (!reserve_page(records, page))
			return false;
	}
	return true;
}

void records_clear_slots(struct records *records)
{
	if (records->slots_used) {
		sparse_fill_end(records->fill);
		records->fill = NULL;
		sparse_clear(records->slots, slots_size(records));
	}
	records->slots_used = true;
}

void records_many_slots(struct records *records)
{
	sparse_huge(records->slots, slots_size(records));
}

/* Adoption will want most of the slots: a machine that has to find memory for them takes longer for that than adoption for
 * everything else. */
static void expect_adoption(struct records *records)
{
	uint32_t high = records_high(records, REGION_FLOWS);

	if (records->fresh || high < FILL_MIN || high < records->max_flows / 16)
		return;
	records_many_slots(records);
	records->fill = sparse_fill_begin(records->slots, slots_size(records));
}

/* ---- opening */

static int open_file(const char *directory, struct err *err)
{
	char *path = mem_printf("%s/records", directory);
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
static bool start_file(struct records *records, struct err *err)
{
	if (ftruncate(records->fd, 0) == 0 && ftruncate(records->fd, (off_t)records->map_size) == 0)
		return true;
	return err_set(err, "cannot make room for the translation records: %s", strerror(errno));
}

/* Reads the header from the file, before anything is mapped: nothing can be said of its size yet.
 */
static bool adoptable(const struct records *records, const struct records_header *ours)
{
	struct records_header header;
	const char *misfit = NULL;
	struct stat st;

	if (fstat(records->fd, &st) < 0 || st.st_size == 0)
		return false;
	if (pread(records->fd, &header, sizeof(header), 0) != sizeof(header))
		misfit = "damaged";
	if (misfit == NULL)
		misfit = header_misfit(&header, ours);
	if (misfit == NULL && (uint64_t)st.st_size != records->map_size)
		misfit = "of another size";
	if (misfit != NULL)
		log_event("NAT", LOG_SEV_WARNING, "RECORDS",
			  "Translation records are %s: starting without them", misfit);
	return misfit == NULL;
}

static bool open_mapping(struct records *records, const char *directory, struct err *err)
{
	struct records_header ours;

	if (!make_header(&ours, records->max_flows, err))
		return false;
	records->fresh = true;
	if (directory != NULL) {
		records->fd = open_file(directory, err);
		if (records->fd < 0)
			return false;
		records->fresh = !adoptable(records, &ours);
		if (records->fresh && !start_file(records, err))
			return false;
		records->reserved =
		    mem_alloc((records->map_size / PAGE / 64 + 1) * sizeof(uint64_t));
	}
	if (!map_regions(records, err))
		return false;
	if (!records_reserve(records, records->header, sizeof(ours)))
		return err_set(err, "no room for translation records in %s", directory);
	if (records->fresh)
		write_header(records->header, &ours);
	records->secret = records->header->secret;
	expect_adoption(records);
	return true;
}

struct records *records_open(const char *directory, uint32_t max_flows, struct err *err)
{
	struct records *records;

	if (max_flows == 0 || max_flows > MAX_FLOWS) {
		err_set(err, "the number of flows must be 1 to %u", MAX_FLOWS);
		return NULL;
	}
	records = mem_alloc(sizeof(*records));
	records->fd = -1;
	records->map = MAP_FAILED;
	set_sizes(records, max_flows);
	records->map_size = PAGE + flows_size(records) + bindings_size(records);
	if (open_mapping(records, directory, err))
		return records;
	records_close(records);
	return NULL;
}

void records_close(struct records *records)
{
	if (records == NULL)
		return;
	if (records->map != MAP_FAILED)
		munmap(records->map, records->map_size);
	sparse_fill_end(records->fill);
	sparse_free(records->slots, slots_size(records));
	if (records->fd >= 0)
		close(records->fd); /* and with it the lock */
	free(records->reserved);
	free(records);
}
