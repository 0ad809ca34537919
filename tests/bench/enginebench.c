/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine on the table, timed: no kernel, no daemon. One inside interface, one outside, overload
 * on a pool that is large enough for a binding of its own for each flow (the dearest case). Results
 * are one line of JSON.
 *
 *   enginebench lookup FLOWS           a packet's cost, and that of the bare lookup, with 64 flows
 * and with FLOWS: by CPU time, keys in random order, the best of several passes enginebench packets
 * FLOWS SECONDS  nothing but established packets, for a profiler enginebench adopt FLOWS DIR FLOWS
 * made by a process that dies by SIGKILL; how long the next one takes from opening the records to
 * its first snapshot
 *   enginebench calls FLOWS            the longest single call of show (all, none matching) and of
 * clear, us of CPU time
 *   enginebench memory FLOWS           mapped and resident bytes per flow, all
 * tables, FLOWS of FLOWS in use
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/csum.h"
#include "lib/mem.h"
#include "nat/engine.h"
#include "nat/flow.h"
#include "nat/state.h"

#define INSIDE	    1
#define OUTSIDE	    2
#define GATE	    0x0a000001u /* 10.0.0.1 */
#define FACE	    0xc6336401u /* 198.51.100.1 */
#define HOSTS	    0x0a400000u /* 10.64.0.0/10 */
#define SERVER	    0xcb007100u /* 203.0.113.0 */
#define POOL	    0xc6120000u /* 198.18.0.0 */
#define PER_HOST    50
#define PER_ADDRESS 50000 /* flows for which the pool holds one address */
#define SAMPLE	    (1u << 20)
#define BATCH	    64 /* divides it */
#define FEW	    64
#define LENGTH	    46
#define PORT	    4433 /* no gateway's */

struct bench {
	struct records *records;
	struct engine *engine;
	struct out out;
	uint64_t now;
};

static void fail(const char *what)
{
	fprintf(stderr, "enginebench: %s\n", what);
	exit(1);
}

static double clock_s(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* ---- configuration */

static void *one(const void *value, size_t size)
{
	return memcpy(mem_alloc(size), value, size);
}

#define ONE(type, ...) one(&(type)__VA_ARGS__, sizeof(type))

static struct snapshot *snapshot_make(uint32_t flows)
{
	struct snapshot *snapshot = snapshot_new(1);
	ip4 last = POOL + flows / PER_ADDRESS;

	snapshot->n_interfaces = 2;
	snapshot->interfaces = mem_alloc(2 * sizeof(*snapshot->interfaces));
	snapshot->interfaces[0] =
	    (struct snapshot_interface){INSIDE, 0, ROLE_INSIDE, GATE, "inside"};
	snapshot->interfaces[1] =
	    (struct snapshot_interface){OUTSIDE, 0, ROLE_OUTSIDE, FACE, "outside"};
	snapshot->n_own = 2;
	snapshot->own = mem_alloc(2 * sizeof(*snapshot->own));
	snapshot->own[0] =
	    (struct snapshot_own){.addr = GATE, .ifindex = INSIDE, .role = ROLE_INSIDE};
	snapshot->own[1] =
	    (struct snapshot_own){.addr = FACE, .ifindex = OUTSIDE, .role = ROLE_OUTSIDE};
	snapshot->n_aces = snapshot->n_acls = snapshot->n_pools = snapshot->n_pool_ranges = 1;
	snapshot->n_rules = snapshot->n_globals = 1;
	snapshot->aces = ONE(struct snapshot_ace, {.permit = true,
						   .source = 0x0a000000,
						   .source_care = 0xff000000,
						   .icmp_type = -1,
						   .icmp_code = -1});
	snapshot->acls = ONE(struct snapshot_acl, {.name = "1", .first = 0, .count = 1});
	snapshot->pool_ranges = ONE(struct snapshot_pool_range, {POOL, last});
	snapshot->globals = ONE(struct snapshot_pool_range, {POOL, last});
	snapshot->pools = ONE(
	    struct snapshot_pool,
	    {.name = "POOL", .id = 1, .netmask = 0xffff0000, .count = 1, .size = last - POOL + 1});
	snapshot->rules = ONE(struct snapshot_rule, {.id = 1, .number = 1, .overload = true});
	snapshot_index(snapshot);
	return snapshot;
}

static void bench_open(struct bench *bench, const char *directory, uint32_t flows)
{
	struct swap swap = {.snapshot = snapshot_make(flows)};
	struct err err = {""};

	bench->now = (uint64_t)(clock_s(CLOCK_MONOTONIC) * 1e3);
	bench->records = records_open(directory, flows, &err);
	if (bench->records == NULL)
		fail(err.text);
	bench->engine = engine_new(bench->records, 4711, bench->now);
	if (!engine_swap(bench->engine, bench->now, &swap))
		fail("swap");
}

static void bench_close(struct bench *bench)
{
	engine_free(bench->engine);
	records_close(bench->records);
}

/* ---- packets */

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static void packet_write(uint8_t *ip, uint32_t flow)
{
	ip4 source = HOSTS + 2 + flow / PER_HOST, destination = SERVER + 1 + flow % 200;
	uint16_t sum;

	memset(ip, 0, LENGTH);
	ip[0] = 0x45;
	put16(ip + 2, LENGTH);
	ip[8] = 64;
	ip[9] = PROTOCOL_UDP;
	put32(ip + 12, source);
	put32(ip + 16, destination);
	sum = csum_finish(csum_add(0, ip, 20));
	memcpy(ip + 10, &sum, 2);
	put16(ip + 20, 2048 + flow % PER_HOST * 1000 + flow / PER_HOST % 1000);
	put16(ip + 22, PORT);
	put16(ip + 24, LENGTH - 20);
	sum = csum_finish(csum_add(csum_pseudo(source, destination, PROTOCOL_UDP, LENGTH - 20),
				   ip + 20, LENGTH - 20));
	memcpy(ip + 26, &sum, 2);
}

static struct packet packet_of(uint8_t *ip)
{
	return (struct packet){.data = ip,
			       .length = LENGTH,
			       .in_ifindex = INSIDE,
			       .out_ifindex = OUTSIDE,
			       .visit = VISIT_TO_OUTSIDE,
			       .checksum_good = true};
}

static enum reason packet_send(struct bench *bench, uint8_t *ip)
{
	struct packet packet = packet_of(ip);

	engine_packet(bench->engine, bench->now, &packet, &bench->out);
	return bench->out.reason;
}

static void fill(struct bench *bench, uint32_t flows)
{
	uint8_t ip[LENGTH];

	for (uint32_t i = 0; i < flows; i++) {
		packet_write(ip, i);
		if (packet_send(bench, ip) != REASON_TRANSLATED_NEW)
			fail(reason_text(bench->out.reason));
	}
}

static uint32_t xorshift(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* ---- lookup */

/* Ready-made, and in the order in which they are used, so that they come from the cache and the
 * table does not. */
struct work {
	uint8_t (*packets)[LENGTH];
	struct flow_key *keys;
};

static struct work work_make(uint32_t flows)
{
	struct work work = {mem_alloc(SAMPLE * sizeof(*work.packets)),
			    mem_alloc(SAMPLE * sizeof(*work.keys))};
	uint32_t random = 2463534242u;

	for (uint32_t i = 0; i < SAMPLE; i++) {
		uint32_t flow = xorshift(&random) % flows;
		struct decoded view = {0};

		packet_write(work.packets[i], flow);
		decode_packet(work.packets[i], LENGTH, &view);
		work.keys[i] = (struct flow_key){.source = view.source,
						 .destination = view.destination,
						 .source_port = view.source_port,
						 .destination_port = view.destination_port,
						 .protocol = view.protocol,
						 .side = SIDE_INSIDE};
	}
	return work;
}

static void work_free(struct work *work)
{
	free(work->packets);
	free(work->keys);
}

static double pass_lookup(struct bench *bench, const struct work *work)
{
	double start = clock_s(CLOCK_PROCESS_CPUTIME_ID);

	for (uint32_t i = 0; i < SAMPLE; i++)
		if (flow_lookup(bench->engine->flows, &work->keys[i]) == NULL)
			fail("a flow is missing");
	return (clock_s(CLOCK_PROCESS_CPUTIME_ID) - start) / SAMPLE * 1e9;
}

/* As a batch of the queue could: all hashes, all fetches, then all lookups. */
static double pass_batch(struct bench *bench, const struct work *work)
{
	struct flow_table *flows = bench->engine->flows;
	double start = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t hashes[BATCH];

	for (uint32_t i = 0; i < SAMPLE; i += BATCH) {
		for (uint32_t j = 0; j < BATCH; j++) {
			hashes[j] = flow_hash(flows, &work->keys[i + j]);
			flow_prefetch(flows, hashes[j]);
		}
		for (uint32_t j = 0; j < BATCH; j++)
			if (flow_lookup_hashed(flows, &work->keys[i + j], hashes[j]) == NULL)
				fail("a flow is missing");
	}
	return (clock_s(CLOCK_PROCESS_CPUTIME_ID) - start) / SAMPLE * 1e9;
}

/* As the queue does it: a batch is prepared, then served. */
static double pass_packets(struct bench *bench, const struct work *work)
{
	double start = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	struct prepared prepared[BATCH];
	struct packet packets[BATCH];
	uint8_t ip[BATCH][LENGTH];

	for (uint32_t i = 0; i < SAMPLE; i += BATCH) {
		for (uint32_t j = 0; j < BATCH; j++) {
			memcpy(ip[j], work->packets[i + j], LENGTH);
			packets[j] = packet_of(ip[j]);
			packets[j].prepared = &prepared[j];
			engine_prepare(bench->engine, &packets[j], &prepared[j]);
		}
		for (uint32_t j = 0; j < BATCH; j++) {
			engine_packet(bench->engine, bench->now, &packets[j], &bench->out);
			if (bench->out.reason != REASON_TRANSLATED)
				fail(reason_text(bench->out.reason));
		}
	}
	return (clock_s(CLOCK_PROCESS_CPUTIME_ID) - start) / SAMPLE * 1e9;
}

/* One packet at a time, as they come when there are few. */
static double pass_single(struct bench *bench, const struct work *work)
{
	uint8_t ip[LENGTH];
	double start = clock_s(CLOCK_PROCESS_CPUTIME_ID);

	for (uint32_t i = 0; i < SAMPLE; i++) {
		memcpy(ip, work->packets[i], LENGTH);
		if (packet_send(bench, ip) != REASON_TRANSLATED)
			fail(reason_text(bench->out.reason));
	}
	return (clock_s(CLOCK_PROCESS_CPUTIME_ID) - start) / SAMPLE * 1e9;
}

static double best(double (*pass)(struct bench *, const struct work *), struct bench *bench,
		   const struct work *work)
{
	double least = pass(bench, work);

	for (int i = 0; i < 6; i++) {
		double ns = pass(bench, work);

		least = ns < least ? ns : least;
	}
	return least;
}

/* In a table of room for `room`. */
static void measure_lookup(uint32_t room, uint32_t flows, double ns[4])
{
	struct work work = work_make(flows);
	struct bench bench;

	bench_open(&bench, NULL, room);
	fill(&bench, flows);
	ns[0] = best(pass_lookup, &bench, &work);
	ns[1] = best(pass_batch, &bench, &work);
	ns[2] = best(pass_packets, &bench, &work);
	ns[3] = best(pass_single, &bench, &work);
	bench_close(&bench);
	work_free(&work);
}

static int run_lookup(uint32_t flows, char **argv)
{
	double few[4], many[4];

	(void)argv;
	measure_lookup(flows, FEW, few);
	measure_lookup(flows, flows, many);
	printf("{\"flows\": %u, \"lookup_few\": %.1f, \"lookup_many\": %.1f, \"batch_few\": %.1f, "
	       "\"batch_many\": %.1f, "
	       "\"packet_few\": %.1f, \"packet_many\": %.1f, "
	       "\"single_few\": %.1f, \"single_many\": %.1f}\n",
	       flows, few[0], many[0], few[1], many[1], few[2], many[2], few[3], many[3]);
	return 0;
}

static int run_packets(uint32_t flows, char **argv)
{
	struct work work = work_make(flows);
	double end = clock_s(CLOCK_MONOTONIC) + atof(argv[0]), least = 1e9;
	struct bench bench;

	bench_open(&bench, NULL, flows);
	fill(&bench, flows);
	do {
		double ns = pass_packets(&bench, &work);

		least = ns < least ? ns : least;
	} while (clock_s(CLOCK_MONOTONIC) < end);
	printf("{\"flows\": %u, \"packet\": %.1f}\n", flows, least);
	bench_close(&bench);
	work_free(&work);
	return 0;
}

/* ---- adoption */

/* Of this process; what the system took is mostly the first touch of memory. */
static double user_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
}

static void die_with_flows(const char *directory, uint32_t flows)
{
	struct bench bench;

	bench_open(&bench, directory, flows);
	fill(&bench, flows);
	kill(getpid(), SIGKILL);
}

static int run_adopt(uint32_t flows, char **argv)
{
	struct engine_counts counts;
	struct bench bench;
	double start, seconds, cpu, user;
	int status;
	pid_t child = fork();

	if (child == 0)
		die_with_flows(argv[0], flows);
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFSIGNALED(status) ||
	    WTERMSIG(status) != SIGKILL)
		fail("the first process did not come to its end");
	start = clock_s(CLOCK_MONOTONIC);
	cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	user = user_s();
	bench_open(&bench, argv[0], flows);
	seconds = clock_s(CLOCK_MONOTONIC) - start;
	cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	user = user_s() - user;
	engine_counts(bench.engine, &counts);
	printf(
	    "{\"flows\": %u, \"adopted\": %u, \"seconds\": %.4f, \"cpu\": %.4f, \"user\": %.4f}\n",
	    flows, counts.flows, seconds, cpu, user);
	bench_close(&bench);
	return 0;
}

/* ---- calls */

/* The longest of one kind of call, by CPU time, in us. */
static double longest_page(struct bench *bench, uint8_t protocol, uint32_t *shown)
{
	static struct translation rows[256];
	struct filter filter = {.protocol = protocol};
	struct translation_cursor cursor = {.filter = &filter};
	double longest = 0;

	for (*shown = 0; !cursor.end;) {
		double start = clock_s(CLOCK_THREAD_CPUTIME_ID), us;

		*shown += engine_translations(bench->engine, bench->now, &cursor, rows, 256);
		us = (clock_s(CLOCK_THREAD_CPUTIME_ID) - start) * 1e6;
		longest = us > longest ? us : longest;
	}
	return longest;
}

static double longest_clear(struct bench *bench)
{
	struct filter filter = {0};
	struct translation_cursor cursor = {.filter = &filter};
	double longest = 0;
	bool done = false;

	while (!done) {
		double start = clock_s(CLOCK_THREAD_CPUTIME_ID), us;

		done = engine_clear_translations(bench->engine, bench->now, &cursor);
		us = (clock_s(CLOCK_THREAD_CPUTIME_ID) - start) * 1e6;
		longest = us > longest ? us : longest;
	}
	return longest;
}

/* How long packets wait at most for one step of show and clear. */
static int run_calls(uint32_t flows, char **argv)
{
	struct bench bench;
	uint32_t shown, none;
	double all_us, none_us;

	(void)argv;
	bench_open(&bench, NULL, flows);
	fill(&bench, flows);
	all_us = longest_page(&bench, 0, &shown);
	none_us = longest_page(&bench, PROTOCOL_TCP, &none);
	if (shown != flows || none != 0)
		fail("rows are missing");
	printf("{\"flows\": %u, \"show\": %.0f, \"show_nothing\": %.0f, \"clear\": %.0f}\n", flows,
	       all_us, none_us, longest_clear(&bench));
	bench_close(&bench);
	return 0;
}

/* ---- memory */

/* Pages: all that is mapped, and what of it is there. */
static void memory_now(long *mapped, long *resident)
{
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL || fscanf(file, "%ld %ld", mapped, resident) != 2)
		fail("/proc/self/statm");
	fclose(file);
}

static int run_memory(uint32_t flows, char **argv)
{
	long page = sysconf(_SC_PAGESIZE), mapped[2], resident[2];
	struct bench bench;
	double budget;

	(void)argv;
	memory_now(&mapped[0], &resident[0]);
	bench_open(&bench, NULL, flows);
	fill(&bench, flows);
	memory_now(&mapped[1], &resident[1]);
	budget = (double)flows * (sizeof(struct flow_record) + sizeof(struct binding_record)) +
		 ((double)bench.records->slot_buckets * 4 + bench.records->stash_slots) *
		     sizeof(struct flow_slot);
	printf("{\"flows\": %u, \"records\": %.1f, \"mapped\": %.1f, \"resident\": %.1f}\n", flows,
	       budget / flows, (double)(mapped[1] - mapped[0]) * (double)page / flows,
	       (double)(resident[1] - resident[0]) * (double)page / flows);
	bench_close(&bench);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		int (*run)(uint32_t flows, char **argv);
	} modes[] = {{"lookup", 0, run_lookup},
		     {"packets", 1, run_packets},
		     {"adopt", 1, run_adopt},
		     {"calls", 0, run_calls},
		     {"memory", 0, run_memory}};
	unsigned long flows = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (flows >= FEW && flows <= 10000000 && strcmp(argv[1], modes[i].name) == 0 &&
		    argc == modes[i].arguments + 3)
			return modes[i].run((uint32_t)flows, argv + 3);
	fputs("usage: enginebench lookup|packets|adopt|calls|memory FLOWS ... (see its source)\n",
	      stderr);
	return 2;
}
