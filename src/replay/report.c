/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a replay. One line for each thing, its columns in the same order, so that it can be
 * searched. */
#include "replay/report.h"

#include "alg/alg.h"
#include "nat/flow.h"

#define NS_PER_US	   1000u
#define US_PER_S	   1000000u

static const struct {
	const char *name, *text;
	bool written;
} skips[SKIP_COUNT] = {
#define SKIP_ROW(name, written, text) [SKIP_##name] = {#name, text, written},
    SKIPS(SKIP_ROW)
#undef SKIP_ROW
};

static const char *const roles[] = {
    [ROLE_LISTEN] = "listen", [ROLE_NAME] = "name",   [ROLE_ADDRESS] = "address",
    [ROLE_SIGNAL] = "signal", [ROLE_MEDIA] = "media", [ROLE_RTCP] = "rtcp",
};

bool skip_is_written(enum skip skip)
{
	return skips[skip].written;
}

/* Time and packet, as every line begins. */
static void begin_line(const struct report *report)
{
	uint64_t us = report->ns / NS_PER_US;

	fprintf(report->to, "%llu.%06u ", (unsigned long long)(us / US_PER_S),
		(unsigned)(us % US_PER_S));
	if (report->number != 0)
		fprintf(report->to, "#%llu ", (unsigned long long)report->number);
	else
		fputs("- ", report->to);
}

static const char *protocol_text(uint8_t protocol, char out[8])
{
	switch (protocol) {
	case PROTOCOL_ICMP:
		return "icmp";
	case PROTOCOL_TCP:
		return "tcp";
	case PROTOCOL_UDP:
		return "udp";
	default:
		snprintf(out, 8, "ip %u", protocol);
		return out;
	}
}

static void lost_line(const struct report *report, const struct decoded *view, const char *name,
		      const char *text)
{
	char from[ENDPOINT_TEXT_SIZE], to[ENDPOINT_TEXT_SIZE], protocol[8];

	begin_line(report);
	fprintf(report->to, "dropped %s", name);
	if (view != NULL)
		fprintf(report->to, " %s %s -> %s", protocol_text(view->protocol, protocol),
			endpoint_text((struct endpoint){view->source, view->source_port}, from),
			endpoint_text((struct endpoint){view->destination, view->destination_port},
				      to));
	fprintf(report->to, ": %s\n", text);
}

void report_dropped(struct report *report, const struct decoded *view, enum reason reason)
{
	lost_line(report, view, reason_name(reason), reason_text(reason));
}

void report_skipped(struct report *report, const struct decoded *view, enum skip skip)
{
	report->skips[skip]++;
	if (!skips[skip].written)
		lost_line(report, view, skips[skip].name, skips[skip].text);
}

static const char *role_text(uint8_t role)
{
	return role < sizeof(roles) / sizeof(roles[0]) && roles[role] != NULL ? roles[role] : "?";
}

static void what_happened(FILE *to, const struct alg_trace *trace)
{
	char before[ENDPOINT_TEXT_SIZE], after[ENDPOINT_TEXT_SIZE];

	endpoint_text(trace->before, before);
	endpoint_text(trace->after, after);
	switch (trace->kind) {
	case TRACE_CHANGED:
		fprintf(to, "changed %s %s -> %s", role_text(trace->role), before, after);
		break;
	case TRACE_EXPECTED:
		fprintf(to, "expects at %s for %s", before, after);
		break;
	case TRACE_CAME:
		fprintf(to, "came to %s for %s", before, after);
		break;
	case TRACE_CANCELLED:
		fprintf(to, "expects no more at %s for %s", before, after);
		break;
	default:
		fprintf(to, "note: %s", alg_note_text((enum alg_note)trace->note));
	}
}

void report_trace(struct report *report, const struct alg_trace *trace)
{
	char from[ENDPOINT_TEXT_SIZE], to[ENDPOINT_TEXT_SIZE];
	bool outward = trace->side == SIDE_INSIDE;

	begin_line(report);
	fprintf(report->to, "%s %s %s -> %s ", alg_name((enum alg)trace->alg),
		trace->message[0] != '\0' ? trace->message : "-",
		endpoint_text(outward ? trace->il : trace->og, from),
		endpoint_text(outward ? trace->og : trace->il, to));
	what_happened(report->to, trace);
	putc('\n', report->to);
}

/* ---- sums */

static void gateway_sums(FILE *to, const struct engine *engine, enum alg alg)
{
	struct alg_counts counts;

	engine_alg_counts(engine, alg, &counts);
	if (counts.flows == 0)
		return;
	fprintf(to,
		"  %-7s %llu flows, %llu messages, %llu rewritten, %llu fields; %llu expected, "
		"%llu came, "
		"%llu expired, %llu cancelled\n",
		alg_name(alg), (unsigned long long)counts.flows,
		(unsigned long long)counts.messages, (unsigned long long)counts.changed,
		(unsigned long long)counts.fields, (unsigned long long)counts.expected,
		(unsigned long long)counts.used, (unsigned long long)counts.expired,
		(unsigned long long)counts.cancelled);
	for (unsigned note = NOTE_NONE + 1; note < NOTE_COUNT; note++)
		if (counts.notes[note] != 0)
			fprintf(to, "          %llu: %s\n", (unsigned long long)counts.notes[note],
				alg_note_text((enum alg_note)note));
}

static void packet_sums(const struct report *report, const struct engine *engine)
{
	static const char *const verdicts[] = {"passed", "translated", "dropped", "taken"};
	struct engine_counts counts;

	engine_counts(engine, &counts);
	for (unsigned i = 0; i < REASON_COUNT; i++)
		if (counts.reasons[i] != 0)
			fprintf(
			    report->to, "  %8llu %-10s %s\n", (unsigned long long)counts.reasons[i],
			    verdicts[reason_verdict((enum reason)i)], reason_text((enum reason)i));
	for (unsigned i = 0; i < SKIP_COUNT; i++)
		if (report->skips[i] != 0)
			fprintf(report->to, "  %8llu %-10s %s\n",
				(unsigned long long)report->skips[i],
				skips[i].written ? "as it is" : "dropped", skips[i].text);
}

void report_sums(struct report *report, const struct engine *engine, uint64_t read,
		 uint64_t written)
{
	FILE *to = report->to;

	fputs("Gateways:\n", to);
	for (unsigned alg = ALG_NONE + 1; alg < ALG_COUNT; alg++)
		gateway_sums(to, engine, (enum alg)alg);
	fprintf(to, "Packets: %llu read, %llu written, %llu of them made by the router\n",
		(unsigned long long)read, (unsigned long long)written,
		(unsigned long long)report->emitted);
	packet_sums(report, engine);
	if (report->mended != 0)
		fprintf(to,
			"Checksums: %llu packets had wrong ones (captured before the hardware "
			"filled them in?); they were "
			"taken as good\n",
			(unsigned long long)report->mended);
	if (report->backwards != 0)
		fprintf(to, "Time: %llu packets are older than the one before\n",
			(unsigned long long)report->backwards);
}
