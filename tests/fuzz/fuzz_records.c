/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random bytes in the records, then adoption, then use. The input is a list of damages (16-bit offset into the region, one
 * byte of value), whose first byte chooses the region. Whatever was written, adoption ends, what it keeps is found by both
 * keys and nowhere double, and the table can be filled to its capacity and emptied.
 */
#include <stdlib.h>
#include <string.h>
#include "nat/binding.h"
#include "nat/flow.h"

#define CAPACITY 40
#define LIVE 30
#define NOW 1000

static struct records *records;
static struct flow_record good_flows[CAPACITY];
static struct binding_record good_bindings[CAPACITY];

static struct flow_record flow_body(uint32_t n)
{
	struct flow_record flow = {
		.protocol = 17, .il = 0x0a000001, .ig = 0xcb007101, .ol = 0xc6336401, .og = 0xc6336401,
		.il_port = (uint16_t)n, .ig_port = (uint16_t)n, .ol_port = 53, .og_port = 53, .created_s = 1,
	};

	return flow;
}

static struct binding_record binding_body(uint32_t n)
{
	struct binding_record binding = {
		.protocol = 17, .local = 0x0a000001, .global = 0xcb007101, .local_port = (uint16_t)n,
		.global_port = (uint16_t)n, .rule = 1,
	};

	return binding;
}

/* One good state, made once. */
static void make_good(void)
{
	struct flow_table *flows;
	struct binding_table *bindings;

	records = records_open(NULL, CAPACITY, NULL);
	flows = flow_table_new(records);
	bindings = binding_table_new(records);
	for (uint32_t i = 0; i < LIVE; i++) {
		struct flow_record flow = flow_body(i);
		struct binding_record binding = binding_body(i);

		flow_add(flows, &flow, NOW);
		binding_add(bindings, &binding);
	}
	memcpy(good_flows, records->flows, sizeof(good_flows));
	memcpy(good_bindings, records->bindings, sizeof(good_bindings));
	flow_table_free(flows);
	binding_table_free(bindings);
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void damage(const uint8_t *data, size_t size, bool hit[CAPACITY])
{
	bool flows = data[0] & 1;
	uint8_t *region = flows ? (uint8_t *)records->flows : (uint8_t *)records->bindings;
	size_t record = flows ? sizeof(struct flow_record) : sizeof(struct binding_record);

	for (size_t i = 1; i + 3 <= size; i += 3) {
		size_t at = ((size_t)data[i] << 8 | data[i + 1]) % (record * CAPACITY);

		region[at] = data[i + 2];
		if (flows)
			hit[at / record] = true;
	}
}

static void use_flows(const bool hit[CAPACITY])
{
	struct flow_table *table = flow_table_new(records);
	uint32_t kept = flow_table_adopt(table, NOW, 0), n = 0, index, cursor = 0;

	while ((index = flow_next(table, &cursor, UINT32_MAX)) != RECORD_NONE) {
		for (int side = 0; side < 2; side++) {
			struct flow_key key = flow_key_of(flow_at(table, index), (enum flow_side)side);
			struct flow_slot *slot = flow_lookup(table, &key);

			must(slot != NULL && slot->flow == index);
		}
		n++;
	}
	must(n == kept);
	for (uint32_t i = 0; i < LIVE; i++)
		must(hit[i] || flow_at(table, i) != NULL);
	for (uint32_t i = 0; kept < CAPACITY; i++) {
		struct flow_record flow = flow_body(1000 + i);

		kept += flow_add(table, &flow, NOW) != RECORD_NONE;
		must(i <= 2 * CAPACITY);
	}
	for (uint32_t i = 0; i < CAPACITY; i++)
		flow_remove(table, i);
	must(flow_count(table) == 0 && flow_stashed(table) == 0);
	flow_table_free(table);
}

static void use_bindings(void)
{
	struct binding_table *table = binding_table_new(records);
	uint32_t kept = binding_table_adopt(table), n = 0, index, cursor = 0;

	while ((index = binding_next(table, &cursor, UINT32_MAX)) != RECORD_NONE) {
		struct binding_record *b = binding_at(table, index);
		struct endpoint local = { b->local, b->local_port }, global = { b->global, b->global_port };

		must(binding_by_local(table, b->vrf, b->protocol, local) == b);
		must(binding_by_global(table, b->vrf, b->protocol, global) == b);
		n++;
	}
	must(n == kept);
	for (uint32_t i = 0; kept < CAPACITY; i++) {
		struct binding_record binding = binding_body(1000 + i);

		kept += binding_add(table, &binding) != NULL;
		must(i <= 2 * CAPACITY);
	}
	for (uint32_t i = 0; i < CAPACITY; i++)
		binding_remove(table, binding_at(table, i));
	must(binding_count(table) == 0);
	binding_table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool hit[CAPACITY] = { false };

	if (records == NULL)
		make_good();
	memcpy(records->flows, good_flows, sizeof(good_flows));
	memcpy(records->bindings, good_bindings, sizeof(good_bindings));
	records_set_high(records, REGION_FLOWS, LIVE);
	records_set_high(records, REGION_BINDINGS, LIVE);
	if (size > 0)
		damage(data, size, hit);
	use_flows(hit);
	use_bindings();
	return 0;
}
