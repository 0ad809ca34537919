/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table with room for a million flows, full: no two translations are alike, every answer finds its owner, a flow costs no
 * more than 256 bytes of records and slots, and when the process is killed the next one has all of it as it was.
 */
#include <check.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "enginelab.h"
#include "suite.h"
#include "tables.h"

#define FLOWS	 1000000u
#define REMOTES	 4u /* of each inside endpoint */
#define PER_HOST 50u
#define HOSTS	 IP(10, 1, 0, 0)
#define LIMIT_S	 300 /* a guard against hanging, no measure */

static struct lab lab;
static char directory[64];
static struct endpoint *globals; /* by flow; the dying process tells the next one */

static void open_table(void)
{
	struct err err = {""};

	lab = (struct lab){.now = 1000000};
	lab.records = records_open(directory, FLOWS, &err);
	if (lab.records == NULL)
		abort();
	lab.engine = engine_new(lab.records, 42, lab.now);
	lab_conf(&lab, 1);
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "A", POOL(20), POOL(22)), 0, true);
	if (!lab_commit(&lab))
		abort();
}

/* ---- the flows: UDP and TCP in turns, hosts that all use the same ports */

static uint8_t protocol_of(uint32_t flow)
{
	return flow / REMOTES % 2 == 0 ? P_UDP : P_TCP;
}

static struct endpoint local_of(uint32_t flow)
{
	uint32_t endpoint = flow / REMOTES;

	return (struct endpoint){HOSTS + endpoint / PER_HOST, (uint16_t)(2000 + endpoint % PER_HOST)};
}

static struct endpoint remote_of(uint32_t flow)
{
	return (struct endpoint){PEER(1 + flow % REMOTES), 9000};
}

static uint32_t flow_of(struct endpoint local, struct endpoint remote)
{
	uint32_t endpoint = (local.addr - HOSTS) * PER_HOST + local.port - 2000u;

	return endpoint * REMOTES + remote.addr - PEER(1);
}

static struct pkt packet_between(uint8_t protocol, struct endpoint from, struct endpoint to, uint8_t flags)
{
	return protocol == P_UDP ? pkt_udp(from.addr, from.port, to.addr, to.port)
				 : pkt_tcp(from.addr, from.port, to.addr, to.port, flags);
}

static enum reason begin_flow(uint32_t flow)
{
	struct pkt p = packet_between(protocol_of(flow), local_of(flow), remote_of(flow), F_SYN);
	enum reason reason = lab_out(&lab, &p);

	if (flow < FLOWS)
		globals[flow] = (struct endpoint){up32(p.data + 12), (uint16_t)up16(p.data + 20)};
	return reason;
}

/* ---- what must hold; each returns how often it did not */

static uint32_t answers_astray(void)
{
	uint32_t wrong = 0;

	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		struct endpoint local = local_of(flow);
		struct pkt p = packet_between(protocol_of(flow), remote_of(flow), globals[flow], F_SYN | F_ACK);

		wrong += lab_in(&lab, &p) != REASON_TRANSLATED || up32(p.data + 16) != local.addr ||
			 up16(p.data + 22) != local.port;
	}
	return wrong;
}

/* One inside endpoint has one global endpoint, whoever it speaks to. */
static uint32_t endpoints_apart(void)
{
	uint32_t wrong = 0;

	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		const struct endpoint *first = &globals[flow / REMOTES * REMOTES];

		wrong += globals[flow].addr != first->addr || globals[flow].port != first->port;
	}
	return wrong;
}

struct outer {
	struct endpoint global, remote;
	uint32_t protocol;
};

static int outer_order(const void *a, const void *b)
{
	const struct outer *x = a, *y = b;

	if (x->protocol != y->protocol)
		return x->protocol < y->protocol ? -1 : 1;
	if (x->global.addr != y->global.addr)
		return x->global.addr < y->global.addr ? -1 : 1;
	if (x->global.port != y->global.port)
		return x->global.port < y->global.port ? -1 : 1;
	if (x->remote.addr != y->remote.addr)
		return x->remote.addr < y->remote.addr ? -1 : 1;
	return (int)x->remote.port - (int)y->remote.port;
}

/* What the outside tells flows apart by. */
static uint32_t translations_alike(void)
{
	struct outer *outers = mem_alloc(FLOWS * sizeof(*outers));
	uint32_t wrong = 0;

	for (uint32_t flow = 0; flow < FLOWS; flow++)
		outers[flow] = (struct outer){globals[flow], remote_of(flow), protocol_of(flow)};
	qsort(outers, FLOWS, sizeof(*outers), outer_order);
	for (uint32_t i = 1; i < FLOWS; i++)
		wrong += outer_order(&outers[i - 1], &outers[i]) == 0;
	free(outers);
	return wrong;
}

/* Rows that are not as they were, or not there. */
static uint32_t rows_changed(void)
{
	static struct translation rows[256];
	struct filter filter = {0};
	struct translation_cursor cursor = {.filter = &filter};
	uint32_t right = 0, wrong = 0;

	while (!cursor.end) {
		uint32_t n = engine_translations(lab.engine, lab.now, &cursor, rows, 256);

		for (uint32_t i = 0; i < n; i++) {
			uint32_t flow = flow_of(rows[i].il, rows[i].og);
			bool same = flow < FLOWS && rows[i].protocol == protocol_of(flow) &&
				    rows[i].ig.addr == globals[flow].addr && rows[i].ig.port == globals[flow].port;

			right += same;
			wrong += !same;
		}
	}
	return wrong + (FLOWS - right);
}

/* ---- the first life */

static void say(const char *what, uint32_t wrong)
{
	if (wrong == 0)
		return;
	printf("%s: %u\n", what, wrong);
	fflush(stdout);
	_exit(1);
}

static void live_and_die(void)
{
	uint32_t wrong = 0;

	open_table();
	for (uint32_t flow = 0; flow < FLOWS; flow++)
		wrong += begin_flow(flow) != REASON_TRANSLATED_NEW;
	say("flows not made", wrong);
	say("more flows than there is room for", begin_flow(FLOWS) != REASON_NO_ENTRY);
	say("translations alike", translations_alike());
	say("endpoints with several globals", endpoints_apart());
	say("answers astray", answers_astray());
	kill(getpid(), SIGKILL);
}

static void setup(void)
{
	int status;
	pid_t child;

	test_directory(directory);
	globals = mmap(NULL, FLOWS * sizeof(*globals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(globals != MAP_FAILED);
	child = fork();
	if (child == 0)
		live_and_die();
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the first life ended otherwise");
	open_table();
}

static void teardown(void)
{
	lab_close(&lab);
	munmap(globals, FLOWS * sizeof(*globals));
	test_directory_remove(directory);
}

START_TEST(a_million_flows_survive)
{
	ck_assert_uint_eq(lab_counts(&lab).flows, FLOWS);
	ck_assert_uint_eq(rows_changed(), 0);
	ck_assert_uint_eq(answers_astray(), 0);
	/* The table is as full as it was. */
	ck_assert_str_eq(reason_name(begin_flow(FLOWS)), "NO_ENTRY");
}
END_TEST

START_TEST(a_flow_costs_256_bytes)
{
	uint64_t slots = ((uint64_t)lab.records->slot_buckets * 4 + lab.records->stash_slots) * sizeof(struct flow_slot);

	ck_assert_uint_le(lab.records->map.size + slots, FLOWS * UINT64_C(256));
}
END_TEST

/* Whether the judges above see anything. Last, since it spoils what the others compare with. */
START_TEST(the_judges_see_faults)
{
	struct pkt p = packet_between(P_UDP, (struct endpoint){PEER(200), 9000}, globals[0], 0);

	ck_assert_int_ne(lab_in(&lab, &p), REASON_TRANSLATED);
	ck_assert_uint_eq(translations_alike(), 0);
	globals[8 * REMOTES] = globals[0];
	ck_assert_uint_eq(translations_alike(), 1);
	ck_assert_uint_eq(endpoints_apart(), REMOTES - 1);
	ck_assert_uint_eq(rows_changed(), 2);
	ck_assert_uint_eq(answers_astray(), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("million");
	TCase *tc = tcase_create("million");

	tcase_set_timeout(tc, LIMIT_S);
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_million_flows_survive);
	tcase_add_test(tc, a_flow_costs_256_bytes);
	tcase_add_test(tc, the_judges_see_faults);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
