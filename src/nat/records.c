/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the mapping of the records holds: cold flows, bindings, each from a page of its own; and beside it the slots, which do
 * not survive, and the gateways' store (alg_store.h), a file of its own.
 *
 * May not know what makes a flow or binding possible: that is the tables' business.
 */
#include "nat/records.h"

#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/sparse.h"
#include "nat/alg_store.h"

#define MAGIC	     UINT64_C(0x31434552544c4741) /* AGLTREC1 in memory order */
#define STASH_SLOTS  64
#define BUCKET_SLOTS 4
#define MIN_BUCKETS  8
#define MAX_FLOWS    (1u << 28) /* indexes of slots stay well below RECORD_NONE */
#define MANY_FLOWS   65536
#define SEAL_BITS    (~(SLOT_ALG | RECORD_WRITING))
#define SEAL_LEAST   4u
#define NONE_WRITTEN ((uint64_t)UINT32_MAX << 32) /* value below, its complement above: one store, and damage shows */

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

/* Ones where the identity is. Whole words are cleared by them: to write over single fields of a copy and then read its words
 * would hold up the processor. */
static const union {
	struct flow_record record;
	uint64_t words[sizeof(struct flow_record) / 8];
} flow_identity = {.record = {.vrf = UINT16_MAX,
			      .protocol = UINT8_MAX,
			      .il = UINT32_MAX,
			      .ig = UINT32_MAX,
			      .ol = UINT32_MAX,
			      .og = UINT32_MAX,
			      .il_port = UINT16_MAX,
			      .ig_port = UINT16_MAX,
			      .ol_port = UINT16_MAX,
			      .og_port = UINT16_MAX,
			      .rule = UINT64_MAX,
			      .created_s = UINT32_MAX}};
static const union {
	struct binding_record record;
	uint64_t words[sizeof(struct binding_record) / 8];
} binding_identity = {.record = {.vrf = UINT16_MAX,
				 .protocol = UINT8_MAX,
				 .flags = UINT8_MAX,
				 .local = UINT32_MAX,
				 .global = UINT32_MAX,
				 .local_port = UINT16_MAX,
				 .global_port = UINT16_MAX,
				 .created_s = UINT32_MAX,
				 .rule = UINT64_MAX}};

static inline uint32_t seal_of(const uint64_t *words, size_t size)
{
	uint32_t seal = (uint32_t)siphash13(&seal_key, words, size) & SEAL_BITS;

	return seal != 0 ? seal : SEAL_LEAST;
}

uint32_t flow_seal(const struct flow_record *flow)
{
	uint64_t words[sizeof(*flow) / 8];

	memcpy(words, flow, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / 8; i++)
		words[i] &= flow_identity.words[i];
	return seal_of(words, sizeof(words));
}

uint32_t binding_seal(const struct binding_record *binding)
{
	uint64_t words[sizeof(*binding) / 8];

	memcpy(words, binding, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / 8; i++)
		words[i] &= binding_identity.words[i];
	return seal_of(words, sizeof(words));
}

/* ---- layout */

static uint64_t layout_hash(void)
{
	const uint64_t sizes[] = {
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
	    BACKING_PAGE,
	    0x01020304, /* byte order */
	};

	return siphash13(&seal_key, sizes, sizeof(sizes));
}

/* Two slots a flow at 85 % load. */
static void set_sizes(struct records *records, uint32_t max_flows)
{
	uint64_t buckets =
	    ((uint64_t)max_flows * 2 * 100 + 85 * BUCKET_SLOTS - 1) / (85 * BUCKET_SLOTS);

	records->max_flows = max_flows;
	records->slot_buckets = buckets > MIN_BUCKETS ? (uint32_t)buckets : MIN_BUCKETS;
	records->stash_slots = STASH_SLOTS;
	records->many = MANY_FLOWS;
}

static uint64_t slots_size(const struct records *records)
{
	return backing_page_up(((uint64_t)records->slot_buckets * BUCKET_SLOTS + STASH_SLOTS) *
		       sizeof(struct flow_slot));
}

static uint64_t flows_size(const struct records *records)
{
	return backing_page_up((uint64_t)records->max_flows * sizeof(struct flow_record));
}

static uint64_t bindings_size(const struct records *records)
{
	return backing_page_up((uint64_t)records->max_flows * sizeof(struct binding_record));
}

/* ---- regions */

uint32_t records_high(const struct records *records, enum record_region region)
{
	return backing_high(&records->map, region, records->max_flows);
}

void records_set_high(struct records *records, enum record_region region, uint32_t high)
{
	backing_set_high(&records->map, region, high);
}

bool records_reserve(struct records *records, const void *at, size_t size)
{
	return backing_reserve(&records->map, at, size);
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

	if (records->fresh || high < records->many || high < records->max_flows / 16)
		return;
	records_many_slots(records);
	records->fill = sparse_fill_begin(records->slots, slots_size(records));
}

/* ---- opening */

static bool open_mapping(struct records *records, const char *directory, struct err *err)
{
	struct backing_kind kind = {
	    .file = "records",
	    .what = "Translation records",
	    .magic = MAGIC,
	    .layout = layout_hash(),
	    .capacity = records->max_flows,
	    .size = flows_size(records) + bindings_size(records),
	    .word = NONE_WRITTEN,
	};
	char *at;

	if (!backing_open(&records->map, directory, &kind, err))
		return false;
	at = backing_body(&records->map);
	records->flows = (struct flow_record *)at;
	records->bindings = (struct binding_record *)(at + flows_size(records));
	records->slots = sparse_new(slots_size(records));
	records->fresh = records->map.fresh;
	records->secret = records->map.secret;
	backing_mend_high(&records->map, REGION_FLOWS, records->flows, sizeof(*records->flows), records->max_flows);
	backing_mend_high(&records->map, REGION_BINDINGS, records->bindings, sizeof(*records->bindings), records->max_flows);
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
	set_sizes(records, max_flows);
	records->alg = alg_store_open(directory, err);
	if (records->alg != NULL && open_mapping(records, directory, err))
		return records;
	records_close(records);
	return NULL;
}

void records_close(struct records *records)
{
	if (records == NULL)
		return;
	alg_store_close(records->alg);
	backing_close(&records->map);
	sparse_fill_end(records->fill);
	sparse_free(records->slots, slots_size(records));
	free(records);
}
