/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/debug.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "lib/log.h"
#include "nat/flow.h"
#include "show/names.h"

#define PAGE 256

struct page {
	struct engine *engine;
	const struct snapshot *snapshot;
	uint64_t *cursor;
	uint64_t lost;
	uint32_t count;
	struct event events[PAGE];
};

struct text {
	char *buf;
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
	size_t room = DEBUG_TEXT_SIZE - text->length;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->buf + text->length, room, format, args);
	va_end(args);
	if (n > 0)
		text->length += (size_t)n < room ? (size_t)n : room - 1;
}

static const struct snapshot_rule *find_rule(const struct snapshot *snapshot, uint64_t id)
{
	for (uint32_t i = 0; snapshot != NULL && i < snapshot->n_rules; i++)
		if (snapshot->rules[i].id == id)
			return &snapshot->rules[i];
	return NULL;
}

static void put_port(struct text *text, const char *name, uint16_t before, uint16_t after)
{
	put(text, "%s=%u", name, before);
	if (after != before)
		put(text, "->%u", after);
}

/* A line of its own before the addresses, when a port or identifier changes. */
static void put_ports(struct text *text, const struct event *event, const char *mark)
{
	bool source = event->il.port != event->ig.port, destination = event->ol.port != event->og.port;

	if (!source && !destination)
		return;
	if (event->protocol == IPPROTO_ICMP) {
		put(text, "NAT%s: ICMP id=%u->%u\n", mark, source ? event->il.port : event->ol.port,
		    source ? event->ig.port : event->og.port);
		return;
	}
	put(text, "NAT%s: %s ", mark, event->protocol == IPPROTO_TCP ? "TCP" : "UDP");
	put_port(text, "s", event->il.port, event->ig.port);
	put_port(text, ", d", event->ol.port, event->og.port);
	put(text, "\n");
}

static void put_address(struct text *text, const char *name, ip4 before, ip4 after)
{
	char addr[IP4_TEXT_SIZE];

	put(text, "%s=%s", name, ip4_text(before, addr));
	if (after != before)
		put(text, "->%s", ip4_text(after, addr));
}

static void put_translated(struct text *text, const struct event *event)
{
	const char *mark = event->first ? "" : "*";

	put_ports(text, event, mark);
	put(text, "NAT%s: ", mark);
	put_address(text, "s", event->il.addr, event->ig.addr);
	put_address(text, ", d", event->ol.addr, event->og.addr);
	put(text, " [%u]\n", event->ip_id);
}

static void put_ended(struct text *text, const struct event *event, const char *verb)
{
	char global[IP4_TEXT_SIZE], local[IP4_TEXT_SIZE], name[PROTOCOL_NAME_SIZE];

	put(text, "NAT: %s %s (%s)", verb, ip4_text(event->ig.addr, global), ip4_text(event->il.addr, local));
	if (event->protocol != 0)
		put(text, " %s %u (%u)", protocol_name(event->protocol, name), event->ig.port, event->il.port);
	put(text, "\n");
}

static void put_dropped(struct text *text, const struct event *event)
{
	char source[IP4_TEXT_SIZE], destination[IP4_TEXT_SIZE];

	put(text, "NAT: translation failed (%s), dropping packet s=%s d=%s\n", reason_name((enum reason)event->reason),
	    ip4_text(event->il.addr, source), ip4_text(event->ol.addr, destination));
}

static void put_refused(struct text *text, const struct event *event, const struct snapshot *snapshot)
{
	const struct snapshot_rule *rule = find_rule(snapshot, event->rule);
	char addr[IP4_TEXT_SIZE];

	put(text, "NAT: failed to allocate address for %s", ip4_text(event->il.addr, addr));
	if (rule != NULL)
		put(text, ", list/map %s", rule->acl_name);
	put(text, "\n");
}

/* What a gateway cannot do, and whose connection it is. */
static void put_gateway(struct text *text, const struct event *event)
{
	char host[IP4_TEXT_SIZE], server[IP4_TEXT_SIZE];
	bool blind = event->reason == NOTE_ENCRYPTED && event->rule == ALG_FTP;

	put(text, "%s ALG, %s:%u and %s:%u: %s", alg_name((enum alg)event->rule), ip4_text(event->il.addr, host),
	    event->il.port, ip4_text(event->og.addr, server), event->og.port,
	    blind ? "FTP over TLS, ALG blind" : alg_note_text((enum alg_note)event->reason));
}

const char *debug_text(const struct event *event, const struct snapshot *snapshot, char buf[DEBUG_TEXT_SIZE])
{
	struct text text = {.buf = buf};

	buf[0] = '\0';
	switch ((enum event_kind)event->kind) {
	case EVENT_CREATED: /* its first packet says it */
		break;
	case EVENT_EXPIRED:
		put_ended(&text, event, "expiring");
		break;
	case EVENT_REMOVED:
		put_ended(&text, event, "removing");
		break;
	case EVENT_REFUSED:
		put_refused(&text, event, snapshot);
		break;
	case EVENT_TRANSLATED:
		put_translated(&text, event);
		break;
	case EVENT_DROPPED:
		put_dropped(&text, event);
		break;
	case EVENT_GATEWAY:
		put(&text, "NAT: ");
		put_gateway(&text, event);
		put(&text, "\n");
		break;
	}
	return buf;
}

/* An identifier stands as the port of both sides, whichever side the packet came from. */
static uint16_t port_of(const struct event *event, const struct endpoint *at)
{
	if (event->protocol != IPPROTO_ICMP)
		return at->port;
	return event->il.port != 0 ? event->il.port : event->ol.port;
}

const char *debug_detail(const struct event *event, char buf[DEBUG_TEXT_SIZE])
{
	char source[IP4_TEXT_SIZE], destination[IP4_TEXT_SIZE], name[PROTOCOL_NAME_SIZE];
	struct text text = {.buf = buf};

	buf[0] = '\0';
	if (event->kind != EVENT_TRANSLATED && event->kind != EVENT_DROPPED)
		return buf;
	put(&text, "NAT%s: %c: %s (%s, %u) -> (%s, %u) [%u]\n",
	    event->first || event->kind == EVENT_DROPPED ? "" : "*", event->side == SIDE_OUTSIDE ? 'o' : 'i',
	    protocol_name(event->protocol, name), ip4_text(event->il.addr, source), port_of(event, &event->il),
	    ip4_text(event->ol.addr, destination), port_of(event, &event->ol), event->ip_id);
	return buf;
}

/* Packets were matched as they came; flows are, by their inside local and outside global side. */
static bool is_listed(const struct event *event, const struct snapshot *list)
{
	struct acl_subject subject = limit_subject(event->protocol, event->il, event->og);

	if (list == NULL || event->kind == EVENT_TRANSLATED || event->kind == EVENT_DROPPED)
		return true;
	if (event->kind == EVENT_REFUSED)
		subject = limit_subject(event->protocol, event->il, event->ol);
	return snapshot_acl_permits(list, 0, &subject);
}

static void print_lines(char *rest)
{
	char *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			log_line(LOG_SEV_DEBUG, line);
}

static void print_debug(const struct event *event, const struct snapshot *snapshot, bool detailed)
{
	char buf[DEBUG_TEXT_SIZE];

	if (detailed) {
		debug_detail(event, buf);
		print_lines(buf);
	}
	debug_text(event, snapshot, buf);
	print_lines(buf);
}

/* The entry of this mapping and reason, or the one that was silent longest. */
static struct debug_refused *refused_entry(struct debug_feed *feed, const struct event *event)
{
	struct debug_refused *oldest = &feed->refused[0];

	for (size_t i = 0; i < DEBUG_MAPPINGS; i++) {
		struct debug_refused *entry = &feed->refused[i];

		if (entry->until != 0 && entry->rule == event->rule && entry->reason == event->reason)
			return entry;
		if (entry->until < oldest->until)
			oldest = entry;
	}
	*oldest = (struct debug_refused){.rule = event->rule, .reason = event->reason};
	return oldest;
}

static void log_refused(const struct event *event, const struct snapshot *snapshot, uint32_t held)
{
	const struct snapshot_rule *rule = find_rule(snapshot, event->rule);
	const char *kind = rule != NULL && rule->is_interface ? "interface" : "pool";
	const char *name = rule != NULL ? rule->target_name : "-";
	char addr[IP4_TEXT_SIZE], more[48] = "";

	ip4_text(event->il.addr, addr);
	if (held > 0)
		snprintf(more, sizeof(more), " (%" PRIu32 " more not logged)", held);
	if (event->reason == REASON_NO_ENTRY)
		log_event("IPNAT", LOG_SEV_WARNING, "MAX_ENTRIES",
			  "Translation refused for %s, limit of entries reached%s", addr, more);
	else if (event->reason == REASON_NO_ADDRESS)
		log_event("IPNAT", LOG_SEV_WARNING, "ADDR_ALLOC_FAILURE",
			  "Address allocation failed for %s, %s %s has no address%s", addr, kind, name, more);
	else
		log_event("IPNAT", LOG_SEV_WARNING, "ADDR_ALLOC_FAILURE",
			  "Address allocation failed for %s, %s %s might be exhausted%s", addr, kind, name, more);
}

static void note_refused(struct debug_feed *feed, const struct event *event, const struct snapshot *snapshot)
{
	struct debug_refused *entry;

	if (event->reason != REASON_NO_PORT && event->reason != REASON_NO_ADDRESS && event->reason != REASON_NO_ENTRY)
		return;
	entry = refused_entry(feed, event);
	if (event->now < entry->until) {
		entry->held++;
		return;
	}
	log_refused(event, snapshot, entry->held);
	entry->until = event->now + DEBUG_REFUSED_S * 1000;
	entry->held = 0;
}

/* The engine tells few of them. */
static void log_gateway(const struct event *event)
{
	char buf[DEBUG_TEXT_SIZE] = "";
	struct text text = {.buf = buf};

	put_gateway(&text, event);
	log_event("IPNAT", LOG_SEV_WARNING, "ALG", "%s", buf);
}

static void take_page(void *arg)
{
	struct page *page = arg;

	page->snapshot = engine_snapshot(page->engine);
	page->count = event_take(engine_events(page->engine), page->cursor, page->events, PAGE, &page->lost);
}

struct tally {
	uint32_t printed;
	uint64_t left_out;
};

static void drain_page(struct debug_feed *feed, const struct page *page, const struct debug_options *debug,
		       struct tally *tally)
{
	tally->left_out += page->lost;
	for (uint32_t i = 0; i < page->count; i++) {
		const struct event *event = &page->events[i];

		if (event->kind == EVENT_REFUSED)
			note_refused(feed, event, page->snapshot);
		if (event->kind == EVENT_GATEWAY)
			log_gateway(event);
		if (!debug->on || event->kind == EVENT_CREATED || !is_listed(event, debug->list))
			continue;
		if (tally->printed++ < DEBUG_LINES_MAX)
			print_debug(event, page->snapshot, debug->detailed);
		else
			tally->left_out++;
	}
}

void debug_drain(struct debug_feed *feed, struct mailbox *box, struct engine *engine,
		 const struct debug_options *debug)
{
	struct page page = {.engine = engine, .cursor = &feed->cursor};
	struct tally tally = {0};
	uint32_t pages = 0;
	char line[80];

	/* The packet path may write as fast as this reads: a ring's worth at a time is enough. */
	do {
		page.lost = 0;
		mailbox_call(box, take_page, &page);
		drain_page(feed, &page, debug, &tally);
	} while (page.count == PAGE && ++pages < EVENT_RING_SIZE / PAGE);
	if (!debug->on || tally.left_out == 0)
		return;
	snprintf(line, sizeof(line), "NAT: %" PRIu64 " events not shown", tally.left_out);
	log_line(LOG_SEV_DEBUG, line);
}
