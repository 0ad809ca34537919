/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/alg_trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "alg/alg.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "show/debug.h"
#include "show/names.h"
#include "show/table.h"

#define PAGE	    128
#define TEXT_SIZE   64
#define CHANGE_SIZE (2 * TEXT_SIZE + 64)

/* ---- reading the ring ---- */

struct page {
	struct engine *engine;
	uint64_t *cursor;
	uint64_t lost;
	uint32_t count;
	struct alg_trace rows[PAGE];
};

static void take_page(void *arg)
{
	struct page *page = arg;

	page->count =
	    trace_take(engine_traces(page->engine), page->cursor, page->rows, PAGE, &page->lost);
}

static void take_head(void *arg)
{
	struct page *page = arg;

	*page->cursor = engine_traces(page->engine)->head;
}

static bool is_of(const struct alg_trace *trace, uint32_t algs)
{
	return trace->alg < 32 && (algs & ALG_BIT(trace->alg)) != 0;
}

/* All of these gateways, oldest first; the caller frees them. What is written meanwhile is left. */
static uint32_t collect(struct mailbox *box, struct engine *engine, uint32_t algs,
			struct alg_trace **out)
{
	struct alg_trace *rows = mem_grow(NULL, TRACE_RING_SIZE, sizeof(*rows));
	uint64_t cursor = 0;
	struct page page = {.engine = engine, .cursor = &cursor};
	uint32_t n = 0;

	for (unsigned pages = 0; pages <= TRACE_RING_SIZE / PAGE; pages++) {
		mailbox_call(box, take_page, &page);
		for (uint32_t i = 0; i < page.count && n < TRACE_RING_SIZE; i++)
			if (is_of(&page.rows[i], algs))
				rows[n++] = page.rows[i];
		if (page.count < PAGE)
			break;
	}
	*out = rows;
	return n;
}

/* ---- words ---- */

static const char *role_text(uint8_t role)
{
	static const char *const texts[] = {
	    [ROLE_LISTEN] = "listen", [ROLE_NAME] = "name",   [ROLE_ADDRESS] = "address",
	    [ROLE_SIGNAL] = "signal", [ROLE_MEDIA] = "media", [ROLE_RTCP] = "rtcp",
	};

	return role < sizeof(texts) / sizeof(texts[0]) ? texts[role] : "field";
}

static const char *what_text(const struct alg_trace *trace)
{
	switch ((enum trace_kind)trace->kind) {
	case TRACE_CHANGED:
		return trace->place != NULL ? trace->place : role_text(trace->role);
	case TRACE_EXPECTED:
		return "expect";
	case TRACE_CAME:
		return "came";
	case TRACE_CANCELLED:
		return "cancel";
	case TRACE_NOTE:
		return "note";
	}
	return "?";
}

static const char *change_text(const struct alg_trace *trace, char buf[CHANGE_SIZE])
{
	char before[ENDPOINT_TEXT_SIZE], after[ENDPOINT_TEXT_SIZE];

	int n;

	if (trace->kind == TRACE_NOTE)
		n = snprintf(buf, CHANGE_SIZE, "%s", alg_note_text((enum alg_note)trace->note));
	else
		n = snprintf(buf, CHANGE_SIZE, "%s -> %s", endpoint_text(trace->before, before),
			     endpoint_text(trace->after, after));
	if (trace->call[0] != '\0')
		snprintf(buf + n, CHANGE_SIZE - (size_t)n, ", call %.*s", (int)sizeof(trace->call),
			 trace->call);
	return buf;
}

/* Date (as the format says) and time to the millisecond. */
static const char *time_text(uint64_t now, const char *format, char buf[TEXT_SIZE])
{
	int64_t wall = clock_wall_ms(now);
	time_t seconds = (time_t)(wall / 1000);
	char date[40];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL || strftime(date, sizeof(date), format, &tm) == 0)
		date[0] = '\0';
	snprintf(buf, TEXT_SIZE, "%s.%03d", date, (int)(wall % 1000));
	return buf;
}

/* ---- show ip nat alg trace ---- */

enum {
	COLUMN_TIME,
	COLUMN_GATEWAY,
	COLUMN_MESSAGE,
	COLUMN_IL,
	COLUMN_OG,
	COLUMN_FIELD,
	COLUMN_CHANGE,
	COLUMNS
};

static const struct column columns[COLUMNS] = {
    [COLUMN_TIME] = {"time", "Time", 0, FIELD_TEXT},
    [COLUMN_GATEWAY] = {"gateway", "Gateway", 20, FIELD_TEXT},
    [COLUMN_MESSAGE] = {"message", "Message", 28, FIELD_TEXT},
    [COLUMN_IL] = {"inside_local", "Inside local", 38, FIELD_ENDPOINT},
    [COLUMN_OG] = {"outside_global", "Outside global", 60, FIELD_ENDPOINT},
    [COLUMN_FIELD] = {"field", "Field", 82, FIELD_TEXT},
    [COLUMN_CHANGE] = {"change", "Old -> new", 104, FIELD_TEXT},
};

static void print_row(FILE *out, const struct alg_trace *trace)
{
	char line[512], time[TEXT_SIZE], change[CHANGE_SIZE], message[sizeof(trace->message) + 1];
	struct cell fields[COLUMNS] = {
	    [COLUMN_TIME] = {.text = time_text(trace->now, "%b %d %H:%M:%S", time)},
	    [COLUMN_GATEWAY] = {.text = alg_name((enum alg)trace->alg)},
	    [COLUMN_MESSAGE] = {.text = message, .absent = trace->message[0] == '\0'},
	    [COLUMN_IL] = {.endpoint = trace->il, .has_port = true, .absent = trace->il.addr == 0},
	    [COLUMN_OG] = {.endpoint = trace->og, .has_port = true, .absent = trace->og.addr == 0},
	    [COLUMN_FIELD] = {.text = what_text(trace)},
	    [COLUMN_CHANGE] = {.text = change_text(trace, change)},
	};

	snprintf(message, sizeof(message), "%.*s", (int)sizeof(trace->message), trace->message);
	fwrite(line, 1, table_row(columns, COLUMNS, fields, line, sizeof(line)), out);
}

void alg_trace_print(FILE *out, struct mailbox *box, struct engine *engine, uint32_t algs,
		     uint32_t last)
{
	struct alg_trace *rows;
	uint32_t n = collect(box, engine, algs, &rows);
	char line[256];

	if (n > 0 && last > 0)
		fwrite(line, 1, table_header(columns, COLUMNS, line, sizeof(line)), out);
	for (uint32_t i = n > last ? n - last : 0; i < n; i++)
		print_row(out, &rows[i]);
	free(rows);
}

/* ---- debug ---- */

static void put_call(const struct alg_trace *trace, FILE *out)
{
	if (trace->call[0] != '\0')
		fprintf(out, " of call %.*s", (int)sizeof(trace->call), trace->call);
	fputc('\n', out);
}

static void put_end(const struct alg_trace *trace, FILE *out)
{
	fprintf(out, " in %.*s", (int)sizeof(trace->message), trace->message);
	put_call(trace, out);
}

static void put_changed(const struct alg_trace *trace, FILE *out)
{
	const char *type = alg_type((enum alg)trace->alg);
	char before[IP4_TEXT_SIZE], after[IP4_TEXT_SIZE];

	if (trace->before.addr != trace->after.addr) {
		fprintf(out, "NAT: %s: [%" PRIu32 "] translate embedded address %s->%s", type,
			trace->number, ip4_text(trace->before.addr, before),
			ip4_text(trace->after.addr, after));
		put_end(trace, out);
	}
	if (trace->before.port != trace->after.port) {
		fprintf(out, "NAT: %s: [%" PRIu32 "] translate embedded port %u->%u", type,
			trace->number, trace->before.port, trace->after.port);
		put_end(trace, out);
	}
}

static void put_event(const struct alg_trace *trace, FILE *out)
{
	static const char *const words[] = {[TRACE_EXPECTED] = "expecting",
					    [TRACE_CAME] = "came",
					    [TRACE_CANCELLED] = "no longer expecting"};
	char first[ENDPOINT_TEXT_SIZE], second[ENDPOINT_TEXT_SIZE];

	fprintf(out, "NAT: %s: [%" PRIu32 "] ", alg_type((enum alg)trace->alg), trace->number);
	if (trace->kind == TRACE_NOTE)
		fprintf(out, "(%s) (%s): %s", endpoint_text(trace->il, first),
			endpoint_text(trace->og, second),
			alg_note_text((enum alg_note)trace->note));
	else
		fprintf(out, "%s %s->%s%s%.*s", trace->kind < TRACE_NOTE ? words[trace->kind] : "?",
			endpoint_text(trace->before, first), endpoint_text(trace->after, second),
			trace->message[0] != '\0' ? " announced by " : "",
			(int)sizeof(trace->message), trace->message);
	put_call(trace, out);
}

const char *alg_trace_debug(const struct alg_trace *trace, char buf[ALG_TRACE_TEXT_SIZE])
{
	FILE *out = fmemopen(buf, ALG_TRACE_TEXT_SIZE, "w");

	buf[0] = '\0';
	if (out == NULL)
		return buf;
	if (trace->kind == TRACE_CHANGED)
		put_changed(trace, out);
	else
		put_event(trace, out);
	fclose(out);
	buf[ALG_TRACE_TEXT_SIZE - 1] = '\0';
	return buf;
}

static void log_lines(const struct alg_trace *trace)
{
	char buf[ALG_TRACE_TEXT_SIZE], *rest = buf, *line;

	alg_trace_debug(trace, buf);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			log_line(LOG_SEV_DEBUG, line);
}

void alg_trace_drain(struct alg_trace_feed *feed, struct mailbox *box, struct engine *engine,
		     uint32_t algs)
{
	struct page page = {.engine = engine, .cursor = &feed->cursor};
	uint64_t left_out = 0;
	uint32_t printed = 0, pages = 0;
	char line[80];

	if (algs == 0) {
		mailbox_call(box, take_head, &page);
		return;
	}
	do {
		mailbox_call(box, take_page, &page);
		left_out += page.lost;
		for (uint32_t i = 0; i < page.count; i++) {
			if (!is_of(&page.rows[i], algs))
				continue;
			if (printed++ < DEBUG_LINES_MAX)
				log_lines(&page.rows[i]);
			else
				left_out++;
		}
	} while (page.count == PAGE && ++pages < TRACE_RING_SIZE / PAGE);
	if (left_out == 0)
		return;
	snprintf(line, sizeof(line), "NAT: %" PRIu64 " gateway events not shown", left_out);
	log_line(LOG_SEV_DEBUG, line);
}

/* ---- the platform's trace ---- */

static void print_record(FILE *out, const struct alg_trace *trace, const char *process, int pid)
{
	char time[TEXT_SIZE], change[CHANGE_SIZE], il[ENDPOINT_TEXT_SIZE], og[ENDPOINT_TEXT_SIZE];

	fprintf(out, "%s {%s_R0-0}{1}: [alg-%s] [%d]: (%s): %s %s, flow %s %s\n",
		time_text(trace->now, "%Y/%m/%d %H:%M:%S", time), process,
		alg_name((enum alg)trace->alg), pid, trace->kind == TRACE_NOTE ? "warn" : "info",
		what_text(trace), change_text(trace, change), endpoint_text(trace->il, il),
		endpoint_text(trace->og, og));
}

void alg_trace_platform(FILE *out, struct mailbox *box, struct engine *engine, const char *process,
			int pid)
{
	struct alg_trace *rows;
	uint32_t n = collect(box, engine, ALG_BITS_ALL, &rows);

	for (uint32_t i = 0; i < n; i++)
		print_record(out, &rows[i], process, pid);
	free(rows);
}
