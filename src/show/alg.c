/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/alg.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include "alg/alg.h"
#include "show/names.h"
#include "show/peek.h"
#include "show/table.h"

#define PORTS_SIZE 19 /* of the table's column; the whole list stands in the detail */

/* ---- what is shown ---- */

/* Those that have a word in ip nat service, and behind each what reads only what it announces. */
static const uint8_t order[] = {ALG_FTP,  ALG_SIP,   ALG_MSRP,	ALG_DNS,
				ALG_TFTP, ALG_SHELL, ALG_LOGIN, ALG_EXEC};

unsigned alg_rows(uint8_t rows[ALG_ROWS])
{
	unsigned n = 0;

	for (unsigned i = 0; i < sizeof(order); i++)
		rows[n++] = order[i];
	rows[n++] = ALG_ROW_ICMP;
	return n;
}

struct taking {
	struct engine *engine;
	struct alg_view *view;
};

static void take(void *arg)
{
	const struct taking *taking = arg;
	struct alg_view *view = taking->view;

	for (int alg = ALG_NONE + 1; alg < ALG_COUNT; alg++)
		engine_alg_counts(taking->engine, (enum alg)alg, &view->counts[alg]);
	engine_icmp_counts(taking->engine, &view->counts[ALG_ROW_ICMP]);
	view->use = engine_session_use(taking->engine);
	engine_call_counts(taking->engine, &view->calls);
	view->expected = engine_expected(taking->engine);
}

void alg_view_take(struct alg_view *view, struct mailbox *box, struct engine *engine)
{
	struct taking taking = {engine, view};

	memset(view, 0, sizeof(*view));
	view->snapshot = peek_snapshot(box, engine);
	mailbox_call(box, take, &taking);
}

static uint64_t sum(const struct alg_counts *counts, const uint8_t *notes, size_t n)
{
	uint64_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += counts->notes[notes[i]];
	return all;
}

uint64_t alg_malformed(const struct alg_counts *counts)
{
	static const uint8_t notes[] = {NOTE_MALFORMED, NOTE_FOREIGN,  NOTE_TOO_LONG,
					NOTE_LATE,	NOTE_TOO_MANY, NOTE_OVERLAP};

	return sum(counts, notes, sizeof(notes));
}

uint64_t alg_refused(const struct alg_counts *counts)
{
	static const uint8_t notes[] = {NOTE_THIRD_PARTY, NOTE_BAD_PORT,   NOTE_CLAIMED,
					NOTE_NO_PORT,	  NOTE_LIMIT_FLOW, NOTE_LIMIT_HOST,
					NOTE_LIMIT_CALL,  NOTE_LIMIT_SOURCE, NOTE_NO_ROOM,
					NOTE_TOO_BIG,	  NOTE_UNSOLICITED};

	return sum(counts, notes, sizeof(notes));
}

uint64_t alg_encrypted(const struct alg_counts *counts)
{
	static const uint8_t notes[] = {NOTE_ENCRYPTED, NOTE_SIGNED, NOTE_AUTHENTICATED};

	return sum(counts, notes, sizeof(notes));
}

static const char *row_name(uint8_t alg)
{
	return alg == ALG_ROW_ICMP ? "icmp" : alg_name((enum alg)alg);
}

/* ICMP's are those of the packets that its errors quote. */
static const char *note_text(uint8_t alg, enum alg_note note)
{
	if (alg == ALG_ROW_ICMP && note == NOTE_MALFORMED)
		return "quoted packet malformed";
	if (alg == ALG_ROW_ICMP && note == NOTE_THIRD_PARTY)
		return "quoted packet of no known flow";
	return alg_note_text(note);
}

/* ---- the table ---- */

enum {
	COLUMN_NAME,
	COLUMN_STATE,
	COLUMN_PORTS,
	COLUMN_FLOWS,
	COLUMN_MESSAGES,
	COLUMN_REWRITES,
	COLUMN_EXPECTED,
	COLUMN_REFUSED,
	COLUMN_MALFORMED,
	COLUMN_ENCRYPTED,
	COLUMN_LAST,
	COLUMNS
};

static const struct column columns[COLUMNS] = {
    [COLUMN_NAME] = {"gateway", "Gateway", 0, FIELD_TEXT},
    [COLUMN_STATE] = {"state", "State", 8, FIELD_TEXT},
    [COLUMN_PORTS] = {"ports", "Ports", 14, FIELD_TEXT},
    [COLUMN_FLOWS] = {"flows", "Flows", 34, FIELD_NUMBER},
    [COLUMN_MESSAGES] = {"messages", "Messages", 40, FIELD_NUMBER},
    [COLUMN_REWRITES] = {"rewrites", "Rewrites", 50, FIELD_NUMBER},
    [COLUMN_EXPECTED] = {"expectations", "Expected", 60, FIELD_NUMBER},
    [COLUMN_REFUSED] = {"refused", "Refused", 70, FIELD_NUMBER},
    [COLUMN_MALFORMED] = {"malformed", "Malformed", 79, FIELD_NUMBER},
    [COLUMN_ENCRYPTED] = {"bypassed_encrypted", "Encrypted", 90, FIELD_NUMBER},
    [COLUMN_LAST] = {"last_reason", "Last reason", 101, FIELD_TEXT},
};

static bool has_row(const struct snapshot *snapshot, const struct snapshot_service *row)
{
	for (const struct snapshot_service *before = snapshot->services; before < row; before++)
		if (before->alg == row->alg && before->protocol == row->protocol &&
		    before->port == row->port)
			return true;
	return false;
}

/* "tcp 21 2121 udp 53", each port once; what does not fit ends in "...". */
static void ports_text(const struct snapshot *snapshot, uint8_t alg, char text[PORTS_SIZE + 1])
{
	char all[PORTS_SIZE + 32] = "";
	uint8_t protocol = 0;
	size_t length = 0;

	for (uint32_t i = 0; snapshot != NULL && i < snapshot->n_services && length <= PORTS_SIZE;
	     i++) {
		const struct snapshot_service *row = &snapshot->services[i];

		if (row->alg != alg || has_row(snapshot, row))
			continue;
		length += (size_t)snprintf(all + length, sizeof(all) - length, "%s%s%u",
					   length > 0 ? " " : "",
					   row->protocol == protocol	  ? ""
					   : row->protocol == IPPROTO_TCP ? "tcp "
									  : "udp ",
					   row->port);
		protocol = row->protocol;
	}
	if (length > PORTS_SIZE)
		snprintf(text, PORTS_SIZE + 1, "%.*s...", PORTS_SIZE - 3, all);
	else
		snprintf(text, PORTS_SIZE + 1, "%s", all);
}

static bool is_on(const struct alg_view *view, uint8_t alg)
{
	return alg == ALG_ROW_ICMP ||
	       (view->snapshot != NULL && snapshot_serves(view->snapshot, (enum alg)alg));
}

static void print_row(FILE *out, const struct alg_view *view, uint8_t alg)
{
	const struct alg_counts *counts = &view->counts[alg];
	char line[256], ports[PORTS_SIZE + 1];
	struct cell fields[COLUMNS] = {
	    [COLUMN_NAME] = {.text = row_name(alg)},
	    [COLUMN_STATE] = {.text = is_on(view, alg) ? "on" : "off"},
	    [COLUMN_PORTS] = {.text = ports},
	    [COLUMN_FLOWS] = {.number = counts->live, .absent = alg == ALG_ROW_ICMP},
	    [COLUMN_MESSAGES] = {.number = counts->messages},
	    [COLUMN_REWRITES] = {.number = counts->changed},
	    [COLUMN_EXPECTED] = {.number = counts->expected},
	    [COLUMN_REFUSED] = {.number = alg_refused(counts)},
	    [COLUMN_MALFORMED] = {.number = alg_malformed(counts)},
	    [COLUMN_ENCRYPTED] = {.number = alg_encrypted(counts)},
	    [COLUMN_LAST] = {.text = note_text(alg, (enum alg_note)counts->last),
			     .absent = counts->last == NOTE_NONE},
	};

	ports_text(view->snapshot, alg, ports);
	fields[COLUMN_PORTS].absent = ports[0] == '\0';
	fwrite(line, 1, table_row(columns, COLUMNS, fields, line, sizeof(line)), out);
}

void alg_print(FILE *out, const struct alg_view *view)
{
	uint8_t rows[ALG_ROWS];
	unsigned n = alg_rows(rows);
	char line[256];

	fwrite(line, 1, table_header(columns, COLUMNS, line, sizeof(line)), out);
	for (unsigned i = 0; i < n; i++)
		print_row(out, view, rows[i]);
}

/* ---- one gateway ---- */

static void print_ports(FILE *out, const struct snapshot *snapshot, uint8_t alg)
{
	const struct gateway *gateway = alg_gateway((enum alg)alg);
	const char *before = "  Ports: ";

	if (gateway != NULL && gateway->parent != ALG_NONE) {
		fprintf(out, "  Ports: those that %s announces\n", alg_name((enum alg)gateway->parent));
		return;
	}
	for (uint32_t i = 0; snapshot != NULL && i < snapshot->n_services; i++) {
		const struct snapshot_service *row = &snapshot->services[i];

		if (row->alg != alg)
			continue;
		fprintf(out, "%s%s %u", before, row->protocol == IPPROTO_TCP ? "tcp" : "udp",
			row->port);
		if (row->acl != SNAPSHOT_NONE)
			fprintf(out, " (servers of access list %s)", snapshot->acls[row->acl].name);
		before = ", ";
	}
	fputs(before[0] == ',' ? "\n" : "  Ports: none\n", out);
}

static void print_options(FILE *out, const struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	fprintf(out, "  Time to live of rewritten answers: %s\n",
		snapshot->dns_reset_ttl ? "set to 0" : "kept");
	fprintf(out, "  Messages about IPv6 addresses: %s\n",
		snapshot->dns_v6 ? "read" : "left alone");
}

static void print_calls(FILE *out, const struct snapshot *snapshot, const struct call_counts *calls)
{
	if (snapshot != NULL)
		fprintf(out,
			"  Bodies of several parts: %s\n  Session descriptions with ICE "
			"candidates: %s\n",
			snapshot->allow_multipart
			    ? "read"
			    : "left alone (ip nat service allow-multipart is off)",
			snapshot->sip_ice ? "read" : "left alone");
	fprintf(out,
		"  Calls: %" PRIu32 " begun, %" PRIu32 " answered, %" PRIu32 " over; %" PRIu64
		" in all, %" PRIu64 " answered, %" PRIu64 " failed, %" PRIu64 " hung up, %" PRIu64
		" given up\n",
		calls->begun, calls->up, calls->over, calls->calls, calls->answered, calls->failed,
		calls->ended, calls->expired);
	fprintf(out,
		"  Registrations: %" PRIu32 " asked for, %" PRIu32 " granted; %" PRIu64 " in all\n",
		calls->registering, calls->registered, calls->registrations);
	fprintf(out, "  Ports announced for them: %" PRIu32 "\n", calls->ports);
	fprintf(out, "  Ended for want of room or at a limit: %" PRIu64 "\n", calls->evicted);
	fprintf(out, "  NAT-aware endpoints, left alone: %" PRIu64 "\n", calls->aware);
	fprintf(out, "  Addresses of other hosts, left alone: %" PRIu64 "\n", calls->third_party);
}

static void print_sessions(FILE *out, const struct alg_counts *counts)
{
	fprintf(out, "  Flows: %" PRIu32 " now, %" PRIu64 " in all\n", counts->live, counts->flows);
	fprintf(out,
		"  Expectations: %" PRIu64 " announced, %" PRIu64 " used, %" PRIu64
		" expired, %" PRIu64 " cancelled, %" PRIu32 " waiting\n",
		counts->expected, counts->used, counts->expired, counts->cancelled,
		counts->waiting);
}

/* Those that every operator looks for, also when they are 0. */
static bool is_main(enum alg_note note)
{
	return note == NOTE_MALFORMED || note == NOTE_ENCRYPTED || note == NOTE_THIRD_PARTY ||
	       note == NOTE_NO_PORT;
}

static void print_notes(FILE *out, const struct alg_counts *counts, uint8_t alg)
{
	for (int note = NOTE_NONE + 1; note < NOTE_COUNT; note++) {
		if (counts->notes[note] == 0 &&
		    (alg == ALG_ROW_ICMP || !is_main((enum alg_note)note)))
			continue;
		fprintf(out, "    %s: %" PRIu64 "\n", note_text(alg, (enum alg_note)note),
			counts->notes[note]);
	}
}

void alg_print_one(FILE *out, const struct alg_view *view, uint8_t alg)
{
	const struct alg_counts *counts = &view->counts[alg];
	const bool icmp = alg == ALG_ROW_ICMP;

	fprintf(out, "Gateway %s is %s\n", row_name(alg), is_on(view, alg) ? "on" : "off");
	if (!icmp)
		print_ports(out, view->snapshot, alg);
	if (alg == ALG_DNS)
		print_options(out, view->snapshot);
	if (alg == ALG_SIP)
		print_calls(out, view->snapshot, &view->calls);
	if (!icmp)
		print_sessions(out, counts);
	fprintf(out, "  Messages: %" PRIu64 ", rewritten %" PRIu64, counts->messages,
		counts->changed);
	if (!icmp)
		fprintf(out, ", fields in them %" PRIu64, counts->fields);
	fputc('\n', out);
	if (counts->fragmentable > 0)
		fprintf(out, "  Grown datagrams that may be fragmented now: %" PRIu64 "\n",
			counts->fragmentable);
	fputs("  Left unchanged or remarkable:\n", out);
	print_notes(out, counts, alg);
	fprintf(out, "  Last reason: %s\n",
		counts->last != NOTE_NONE ? note_text(alg, (enum alg_note)counts->last) : "none");
}
