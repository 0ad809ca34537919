/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show platform hardware qfp active feature alg statistics. The table, the DNS block and the answer of gateways without
 * statistics have the platform's layout; what nobody has documented (FTP, TFTP) has labels of our own, one a line.
 */
#include <inttypes.h>
#include "nat/alg_store.h"
#include "show/alg.h"
#include "show/names.h"

#define LABEL_WIDTH 39

/* Refused messages are dropped or left; either way nothing of them was translated. */
static uint64_t errors(const struct alg_counts *counts)
{
	return alg_malformed(counts) + alg_refused(counts);
}

static uint64_t no_action(const struct alg_counts *counts)
{
	uint64_t acted = counts->changed + errors(counts);

	return counts->messages > acted ? counts->messages - acted : 0;
}

static void print_row(FILE *out, const struct alg_view *view, uint8_t alg)
{
	const struct alg_counts *counts = &view->counts[alg];
	const char *name = alg == ALG_ROW_ICMP ? "ICMP" : alg_type((enum alg)alg);

	fprintf(out, "%-12s%-17" PRIu64 "%-17" PRIu64 "%" PRIu64 "\n", name, counts->messages, errors(counts),
		no_action(counts));
}

static void print_pool(FILE *out, const char *name, uint32_t used, uint32_t most)
{
	fprintf(out, "%-27s%-17" PRIu32 "%" PRIu32 "\n", name, used, most > used ? most - used : 0);
}

static void print_pools(FILE *out, const struct alg_view *view)
{
	static const char rule[] = "Pool-Name                  Used-Entries     Free-Entries\n"
				   "----------------------------------------------------------\n";
	const struct session_use *use = &view->use;
	const uint32_t left = use->sessions < ALG_SESSIONS ? ALG_SESSIONS - use->sessions : 0;
	const uint32_t ftp = view->counts[ALG_FTP].live, dns = view->counts[ALG_DNS].live;

	fprintf(out, "\nALG chunk pool:\n%s", rule);
	print_pool(out, "FTP pool", ftp, ftp + left);
	print_pool(out, "DNS pool", dns, dns + left);
	fprintf(out, "\nCommon ALG chunk pool:\n%s", rule);
	print_pool(out, "Act Token Pool", view->expected, EXPECT_MAX);
	print_pool(out, "Ext State Pool", use->sessions, ALG_SESSIONS);
	print_pool(out, "Stream Pool", use->streams, ALG_STREAMS);
	print_pool(out, "Stream Buffer Pool", use->chunks, ALG_CHUNKS);
}

void alg_platform_print(FILE *out, const struct alg_view *view)
{
	uint8_t rows[ALG_ROWS];
	unsigned n = alg_rows(rows);

	fputs("ALG counters:\n"
	      "ALG         Cntrl-Pkt        Parser-Err&Drop  Parser-No-Act\n"
	      "-------------------------------------------------------------\n",
	      out);
	for (unsigned i = 0; i < n; i++)
		print_row(out, view, rows[i]);
	print_pools(out, view);
}

/* ---- one gateway ---- */

static void print_value(FILE *out, const char *label, uint64_t value)
{
	char text[80];

	snprintf(text, sizeof(text), "%s:", label);
	fprintf(out, "%-*s %" PRIu64 "\n", LABEL_WIDTH - 1, text, value);
}

static void print_dns(FILE *out, const struct alg_counts *counts)
{
	static const uint8_t notes[] = {NOTE_MALFORMED, NOTE_SIGNED,  NOTE_TOO_LONG,  NOTE_TOO_MANY, NOTE_NO_ROOM,
					NOTE_TOO_BIG,	NOTE_MIDSTREAM, NOTE_OVERLAP, NOTE_AUTHENTICATED};

	fprintf(out, "DNS info pool used chunk entries number: %" PRIu32 "\n", counts->live);
	print_value(out, "dns query", counts->sent[0]);
	print_value(out, "dns response", counts->sent[1]);
	print_value(out, "other msg", counts->notes[NOTE_FOREIGN]);
	fputc('\n', out);
	print_value(out, "create chunk", counts->flows);
	print_value(out, "del_chunk", counts->flows > counts->live ? counts->flows - counts->live : 0);
	fputc('\n', out);
	for (size_t i = 0; i < sizeof(notes); i++)
		print_value(out, alg_note_text((enum alg_note)notes[i]), counts->notes[notes[i]]);
}

static void print_own(FILE *out, const struct alg_counts *counts)
{
	const struct {
		const char *label;
		uint64_t value;
	} values[] = {
		{"Flows now", counts->live},	      {"Flows in all", counts->flows},
		{"Messages from clients", counts->sent[0]},  {"Messages from servers", counts->sent[1]},
		{"Messages rewritten", counts->changed},     {"Fields rewritten", counts->fields},
		{"Expectations announced", counts->expected}, {"Expectations used", counts->used},
		{"Expectations expired", counts->expired},   {"Expectations cancelled", counts->cancelled},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		fprintf(out, "%s: %" PRIu64 "\n", values[i].label, values[i].value);
	for (int note = NOTE_NONE + 1; note < NOTE_COUNT; note++)
		fprintf(out, "%s: %" PRIu64 "\n", alg_note_text((enum alg_note)note), counts->notes[note]);
}

bool alg_platform_has(enum alg alg)
{
	return alg != ALG_SHELL && alg != ALG_LOGIN && alg != ALG_EXEC;
}

void alg_platform_one(FILE *out, const struct alg_view *view, enum alg alg)
{
	if (!alg_platform_has(alg))
		fputs("This ALG doesn't support displaying statistics.\n", out);
	else if (alg == ALG_DNS)
		print_dns(out, &view->counts[alg]);
	else
		print_own(out, &view->counts[alg]);
}
