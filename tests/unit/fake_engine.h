/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An engine that says what the test put into it, a session and a log, for tests of the NAT shows, clear and debug. Defines
 * the functions of nat/engine.h; include it in one file of a test.
 */
#ifndef ALGATE_TESTS_FAKE_ENGINE_H
#define ALGATE_TESTS_FAKE_ENGINE_H

#include <check.h>
#include <netinet/in.h>

#include "fake_session.h"
#include "lib/log.h"
#include "nat/call_show.h"
#include "nat/engine.h"
#include "nat/session.h"
#include "show/debug.h"

#define A(a, b, c, d) ((ip4)(a) << 24 | (ip4)(b) << 16 | (ip4)(c) << 8 | (ip4)(d))

/* ---- an engine with whatever the test puts into it */

struct engine {
	const struct snapshot *snapshot;
	const struct translation *rows;
	uint32_t n_rows;
	uint64_t many; /* instead of rows: this many alike */
	struct engine_counts counts;
	struct event_ring events;
	bool packet_events;
	const struct snapshot *event_list;
	uint32_t largest_page, clear_calls, counts_cleared;
	struct filter cleared;
	bool spared;
	uint32_t ended, kept; /* what clear is told */
	struct alg_counts algs[ALG_COUNT], icmp;
	struct session_use use;
	uint32_t expected, alg_cleared; /* bits by enum alg */
	struct trace_ring traces;
	struct call_counts calls;
};

static struct engine engine;

/* As the engine does it, with the same filter. */
static bool wanted(const struct translation *row, const struct filter *filter)
{
	const struct filter_subject subject = {
		.protocol = row->protocol, .half = row->half, .at = {row->il, row->ig, row->ol, row->og}};

	return !(row->flags & FLOW_IDENTITY) && filter_matches(filter, &subject);
}

uint32_t engine_translations(struct engine *self, uint64_t now, struct translation_cursor *cursor,
			     struct translation *rows, uint32_t max)
{
	uint64_t total = self->many > 0 ? self->many : self->n_rows;
	uint32_t n = 0;

	(void)now;
	if (max > self->largest_page)
		self->largest_page = max;
	for (; n < max && cursor->next < total; cursor->next++) {
		const struct translation *row = &self->rows[self->many > 0 ? 0 : cursor->next];

		if (!wanted(row, cursor->filter))
			continue;
		if (rows != NULL)
			rows[n] = *row;
		n++;
	}
	cursor->end = cursor->next >= total;
	return n;
}

const struct snapshot *engine_snapshot(const struct engine *self)
{
	return self->snapshot;
}

void engine_counts(const struct engine *self, struct engine_counts *out)
{
	*out = self->counts;
}

void engine_call_counts(const struct engine *self, struct call_counts *out)
{
	*out = self->calls;
}

void engine_clear_counts(struct engine *self)
{
	self->counts_cleared++;
}

void engine_limit_host(const struct engine *self, ip4 host, struct limit_host *out)
{
	(void)self;
	*out = (struct limit_host){.addr = host, .max = 10, .used = 3, .missed = 2};
}

uint32_t engine_limit_hosts(const struct engine *self, uint32_t *from, struct limit_host *out, uint32_t max)
{
	uint32_t n = 0;

	(void)self;
	for (; n < max && *from < 300; n++, ++*from)
		out[n] = (struct limit_host){.addr = A(10, 1, 0, 0) + *from, .max = 100, .used = *from, .missed = 7};
	if (*from == 300)
		*from = UINT32_MAX;
	return n;
}

void engine_limit_list(const struct engine *self, uint32_t list, uint32_t *used, uint64_t *missed)
{
	(void)self;
	*used = 40 + list;
	*missed = 50 + list;
}

uint32_t engine_rule_uses(const struct engine *self, uint64_t rule)
{
	(void)self;
	return (uint32_t)rule * 10;
}

void engine_pool_use(const struct engine *self, const char *pool, uint32_t *allocated, uint64_t *misses)
{
	(void)self;
	*allocated = strcmp(pool, "P1") == 0 ? 2 : 0;
	*misses = 4;
}

bool engine_clear_translations(struct engine *self, uint64_t now, struct translation_cursor *cursor)
{
	(void)now;
	self->cleared = cursor->filter != NULL ? *cursor->filter : (struct filter){0};
	self->spared = cursor->spare_children;
	cursor->ended = self->ended;
	cursor->kept = self->kept;
	return ++self->clear_calls == 40;
}

void engine_packet_events(struct engine *self, bool on)
{
	self->packet_events = on;
}

__attribute__((unused)) void engine_event_list(struct engine *self, const struct snapshot *list)
{
	self->event_list = list;
}

const struct event_ring *engine_events(const struct engine *self)
{
	return &self->events;
}

void engine_alg_counts(const struct engine *self, enum alg alg, struct alg_counts *out)
{
	*out = self->algs[alg];
}

void engine_icmp_counts(const struct engine *self, struct alg_counts *out)
{
	*out = self->icmp;
}

void engine_alg_clear(struct engine *self, enum alg alg)
{
	self->alg_cleared |= 1u << alg;
}

struct session_use engine_session_use(const struct engine *self)
{
	return self->use;
}

uint32_t engine_expected(const struct engine *self)
{
	return self->expected;
}

const struct trace_ring *engine_traces(const struct engine *self)
{
	return &self->traces;
}

__attribute__((unused)) static void put_trace(struct alg_trace trace)
{
	trace.number = (uint32_t)engine.traces.head + 1;
	engine.traces.ring[engine.traces.head++ % TRACE_RING_SIZE] = trace;
}

/* ---- fixture */

static struct session session;
static char log_text[65536];
static size_t log_length;

static void note_line(void *arg, enum log_severity severity, const char *line)
{
	(void)arg;
	log_length += (size_t)snprintf(log_text + log_length, sizeof(log_text) - log_length, "%d %s\n", (int)severity,
				       line);
	ck_assert_uint_lt(log_length, sizeof(log_text));
}

__attribute__((unused)) static void drop_log(void)
{
	log_length = 0;
	log_text[0] = '\0';
}

static void setup(void)
{
	/* The poller of the daemon has a place in the ring of its own: let it go on from there. */
	uint64_t head = engine.events.head;

	memset(&engine, 0, offsetof(struct engine, events));
	engine.packet_events = false;
	engine.largest_page = engine.clear_calls = engine.counts_cleared = 0;
	engine.ended = engine.kept = 0;
	memset(engine.algs, 0, sizeof(engine.algs));
	memset(&engine.icmp, 0, sizeof(engine.icmp));
	memset(&engine.use, 0, sizeof(engine.use));
	memset(&engine.calls, 0, sizeof(engine.calls));
	engine.expected = engine.alg_cleared = 0;
	engine.events.head = head;
	fake_open(&session);
	session.router.box = mailbox_new();
	mailbox_direct(session.router.box, 1);
	session.router.engine = &engine;
	log_sink(note_line, NULL);
	debug_poll(&session.router);
	drop_log();
}

static void teardown(void)
{
	mailbox_free(session.router.box);
	fake_close(&session);
}

/* Check cannot carry messages as long as these texts. */
__attribute__((unused)) static void expect(const char *golden)
{
	const char *text = fake_text(&session);

	if (strcmp(text, golden) == 0)
		return;
	fprintf(stderr, "--- expected\n%s--- got\n%s", golden, text);
	ck_abort_msg("the output differs");
}

#endif
