/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/calls.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "show/names.h"
#include "show/table.h"
#include "show/text.h"
#include "show/hearing.h"


struct calls_show {
	struct mailbox *box;
	struct engine *engine;
	enum calls_form form;
	bool begun;
	uint64_t now, total;
	struct call_cursor cursor;
	uint32_t n;
	struct call_row rows[CALLS_PAGE];
	uint32_t n_media[CALLS_PAGE];
	struct call_medium_row media[CALLS_PAGE][CALL_PORTS_MAX];
};

struct calls_show *calls_new(struct mailbox *box, struct engine *engine, enum calls_form form)
{
	struct calls_show *show = mem_alloc(sizeof(*show));

	show->box = box;
	show->engine = engine;
	show->form = form;
	show->cursor.registrations = form == CALLS_REGISTRATIONS;
	return show;
}

void calls_free(struct calls_show *show)
{
	free(show);
}

/* A call and its media are of one moment. */
static void take_page(void *arg)
{
	struct calls_show *show = arg;

	show->n = engine_calls(show->engine, show->now, &show->cursor, show->rows, CALLS_PAGE);
	for (uint32_t i = 0; i < show->n && show->form != CALLS_REGISTRATIONS; i++)
		show->n_media[i] = engine_call_media(show->engine, show->now, show->rows[i].index, show->media[i],
						     CALL_PORTS_MAX);
}

/* ---- words ---- */

static const char *state_text(uint8_t state)
{
	static const char *const texts[] = {
		[CALL_BEGUN] = "begun", [CALL_UP] = "answered", [CALL_OVER] = "over",
		[CALL_REGISTERING] = "registering", [CALL_REGISTERED] = "registered",
	};

	return state < sizeof(texts) / sizeof(texts[0]) && texts[state] != NULL ? texts[state] : "?";
}

static const char *age_text(uint64_t now, uint64_t then, char buf[TEXT_TIME_SIZE])
{
	return text_hms(now > then ? (now - then) / 1000 : 0, buf);
}

static const char *known_text(struct endpoint at, char buf[ENDPOINT_TEXT_SIZE])
{
	if (at.addr == 0)
		snprintf(buf, ENDPOINT_TEXT_SIZE, "---");
	else if (at.port != 0)
		return endpoint_text(at, buf);
	else /* it connects, from whatever port */
		return ip4_text(at.addr, buf);
	return buf;
}

/* Cut to what a column holds, so that a long name moves no other. */
static const char *cut_text(const char *text, size_t width, char buf[FINDING_KEY + 4])
{
	if (strlen(text) <= width)
		snprintf(buf, FINDING_KEY + 4, "%s", text);
	else
		snprintf(buf, FINDING_KEY + 4, "%.*s...", (int)width - 3, text);
	return buf;
}

/* ---- one line for a call ---- */

enum { COLUMN_KEY, COLUMN_CALLER, COLUMN_CALLEE, COLUMN_STATE, COLUMN_AGE, COLUMN_MEDIA, COLUMN_VERDICT, COLUMNS };

static const struct column columns[COLUMNS] = {
	[COLUMN_KEY] = {"call_id", "Call-ID", 0, FIELD_TEXT},
	[COLUMN_CALLER] = {"caller", "Caller", 26, FIELD_TEXT},
	[COLUMN_CALLEE] = {"callee", "Callee", 52, FIELD_TEXT},
	[COLUMN_STATE] = {"state", "State", 78, FIELD_TEXT},
	[COLUMN_AGE] = {"age", "Age", 88, FIELD_TEXT},
	[COLUMN_MEDIA] = {"media", "Media", 98, FIELD_NUMBER},
	[COLUMN_VERDICT] = {"verdict", "Verdict", 105, FIELD_TEXT},
};
#define NAME_WIDTH 25

static uint32_t count_media(const struct call_medium_row *media, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += !media[i].rtcp && !media[i].closing;
	return count;
}

static void print_brief(const struct calls_show *show, uint32_t i, FILE *out)
{
	const struct call_row *row = &show->rows[i];
	char line[512], key[FINDING_KEY + 4], caller[FINDING_KEY + 4], callee[FINDING_KEY + 4], age[TEXT_TIME_SIZE],
		verdict[HEARING_TEXT_SIZE];
	struct cell fields[COLUMNS] = {
		[COLUMN_KEY] = {.text = cut_text(row->key, NAME_WIDTH, key)},
		[COLUMN_CALLER] = {.text = cut_text(row->caller, NAME_WIDTH, caller), .absent = row->caller[0] == '\0'},
		[COLUMN_CALLEE] = {.text = cut_text(row->callee, NAME_WIDTH, callee), .absent = row->callee[0] == '\0'},
		[COLUMN_STATE] = {.text = state_text(row->state)},
		[COLUMN_AGE] = {.text = age_text(show->now, row->created, age)},
		[COLUMN_MEDIA] = {.number = count_media(show->media[i], show->n_media[i])},
	};
	uint32_t at;

	hearing_worst(show->media[i], show->n_media[i], row->state, show->now, &at);
	fields[COLUMN_VERDICT].text =
		hearing_text(show->media[i], show->n_media[i], at, row->state, show->now, verdict);
	fwrite(line, 1, table_row(columns, COLUMNS, fields, line, sizeof(line)), out);
}

/* ---- all about a call ---- */

static void print_counts(const struct call_medium_row *row, const char *indent, FILE *out)
{
	fprintf(out,
		"%sSent %" PRIu64 " packets, %" PRIu64 " bytes; received %" PRIu64 " packets, %" PRIu64 " bytes\n",
		indent, row->packets[0], row->bytes[0], row->packets[1], row->bytes[1]);
}

static void print_endpoints(const struct call_medium_row *row, FILE *out)
{
	char local[ENDPOINT_TEXT_SIZE], global[ENDPOINT_TEXT_SIZE], remote[ENDPOINT_TEXT_SIZE], heard[ENDPOINT_TEXT_SIZE],
		protocol[PROTOCOL_NAME_SIZE];

	fprintf(out, "%s, local %s, global %s, remote %s", protocol_name(row->protocol, protocol),
		known_text(row->il, local), known_text(row->ig, global), known_text(row->announced, remote));
	if (row->heard_from.addr != 0 &&
	    (row->heard_from.addr != row->announced.addr || row->heard_from.port != row->announced.port))
		fprintf(out, ", really %s", known_text(row->heard_from, heard));
	fputc('\n', out);
}

static void print_medium(const struct calls_show *show, uint32_t call, uint32_t at, FILE *out)
{
	const struct call_medium_row *media = show->media[call], *rtcp = hearing_rtcp(media, show->n_media[call], at);
	char verdict[HEARING_TEXT_SIZE];

	fprintf(out, "  Medium %u: ", media[at].medium + 1u);
	print_endpoints(&media[at], out);
	print_counts(&media[at], "    ", out);
	if (rtcp != NULL) {
		fputs("    RTCP: ", out);
		print_endpoints(rtcp, out);
		print_counts(rtcp, "      ", out);
	}
	fprintf(out, "    Verdict: %s\n", hearing_text(media, show->n_media[call], at, show->rows[call].state,
						      show->now, verdict));
}

static void print_signalling(const struct call_row *row, FILE *out)
{
	char local[ENDPOINT_TEXT_SIZE], global[ENDPOINT_TEXT_SIZE], remote[ENDPOINT_TEXT_SIZE], protocol[PROTOCOL_NAME_SIZE];

	if (row->il.addr == 0)
		fputs("  Signalling: its flow is gone\n", out);
	else
		fprintf(out, "  Signalling: %s, local %s, global %s, remote %s\n",
			protocol_name(row->protocol, protocol), known_text(row->il, local),
			known_text(row->ig, global), known_text(row->og, remote));
	for (uint32_t i = 0; i < row->n_contacts && i < CALL_CONTACTS; i++)
		fprintf(out, "  Contact: local %s, global %s\n", known_text(row->contact_il[i], local),
			known_text(row->contact_ig[i], global));
}

static void print_detail(const struct calls_show *show, uint32_t i, FILE *out)
{
	const struct call_row *row = &show->rows[i];
	char age[TEXT_TIME_SIZE], said[TEXT_TIME_SIZE], left[TEXT_TIME_SIZE];

	fprintf(out, "Call-ID %s\n", row->key);
	fprintf(out, "  From %s to %s\n", row->caller[0] != '\0' ? row->caller : "---",
		row->callee[0] != '\0' ? row->callee : "---");
	fprintf(out, "  State: %s, age %s, last message %s ago, left %s\n", state_text(row->state),
		age_text(show->now, row->created, age), age_text(show->now, row->said, said),
		text_hms(row->left_s, left));
	if (row->session_s != 0)
		fprintf(out, "  Session timer: %" PRIu32 " s\n", row->session_s);
	if (row->aware)
		fputs("  NAT-aware: a party inside shows its global address by itself, and is left alone\n", out);
	print_signalling(row, out);
	for (uint32_t at = 0; at < show->n_media[i]; at++)
		if (!show->media[i][at].rtcp)
			print_medium(show, i, at, out);
	fputc('\n', out);
}

/* ---- registrations ---- */

enum { REG_NAME, REG_IL, REG_IG, REG_SERVER, REG_STATE, REG_LEFT, REG_AWARE, REG_COLUMNS };

static const struct column reg_columns[REG_COLUMNS] = {
	[REG_NAME] = {"name", "Registered as", 0, FIELD_TEXT},
	[REG_IL] = {"inside_local", "Inside local", 26, FIELD_ENDPOINT},
	[REG_IG] = {"inside_global", "Inside global", 48, FIELD_ENDPOINT},
	[REG_SERVER] = {"registrar", "Registrar", 70, FIELD_ENDPOINT},
	[REG_STATE] = {"state", "State", 92, FIELD_TEXT},
	[REG_LEFT] = {"left", "Left", 104, FIELD_TEXT},
	[REG_AWARE] = {"nat_aware", "NAT-aware", 114, FIELD_TEXT},
};

/* Without a contact of its own (one that is left alone) by the flow of its signalling. */
static void print_registration(const struct calls_show *show, uint32_t i, FILE *out)
{
	const struct call_row *row = &show->rows[i];
	const uint32_t n = row->n_contacts < CALL_CONTACTS ? row->n_contacts : CALL_CONTACTS;
	char line[512], name[FINDING_KEY + 4], left[TEXT_TIME_SIZE];

	for (uint32_t at = 0; at < (n > 0 ? n : 1); at++) {
		const struct endpoint il = n > 0 ? row->contact_il[at] : row->il,
				      ig = n > 0 ? row->contact_ig[at] : row->ig;
		const struct cell fields[REG_COLUMNS] = {
			[REG_NAME] = {.text = cut_text(row->caller, NAME_WIDTH, name), .absent = row->caller[0] == '\0'},
			[REG_IL] = {.endpoint = il, .has_port = true, .absent = il.addr == 0},
			[REG_IG] = {.endpoint = ig, .has_port = true, .absent = ig.addr == 0},
			[REG_SERVER] = {.endpoint = row->og, .has_port = true, .absent = row->og.addr == 0},
			[REG_STATE] = {.text = state_text(row->state)},
			[REG_LEFT] = {.text = text_hms(row->left_s, left)},
			[REG_AWARE] = {.text = row->aware ? "yes" : "no"},
		};

		fwrite(line, 1, table_row(reg_columns, REG_COLUMNS, fields, line, sizeof(line)), out);
	}
}

/* ---- pages ---- */

static void print_header(struct calls_show *show, FILE *out)
{
	const bool calls = show->form != CALLS_REGISTRATIONS;
	char line[256];

	show->begun = true;
	if (show->form != CALLS_DETAIL)
		fwrite(line, 1,
		       table_header(calls ? columns : reg_columns, calls ? COLUMNS : REG_COLUMNS, line, sizeof(line)), out);
}

bool calls_next(struct calls_show *show, uint64_t now, FILE *out)
{
	static void (*const print[])(const struct calls_show *show, uint32_t i, FILE *out) = {
		[CALLS_BRIEF] = print_brief, [CALLS_DETAIL] = print_detail, [CALLS_REGISTRATIONS] = print_registration};

	show->now = now;
	mailbox_call(show->box, take_page, show);
	if (show->n > 0 && !show->begun)
		print_header(show, out);
	for (uint32_t i = 0; i < show->n; i++)
		print[show->form](show, i, out);
	show->total += show->n;
	if (!show->cursor.end)
		return true;
	fprintf(out, "Total number of %s: %" PRIu64 "\n", show->form == CALLS_REGISTRATIONS ? "registrations" : "calls",
		show->total);
	return false;
}
