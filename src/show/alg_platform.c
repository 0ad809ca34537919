/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show platform hardware qfp active feature alg statistics. The table, the DNS and SIP blocks and
 * the answer of gateways without statistics have the platform's layout; what nobody has documented
 * (FTP, TFTP) has labels of our own, one a line.
 */
#include <inttypes.h>
#include "alg/alg.h"
#include "alg/sip_kind.h"
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

	fprintf(out, "%-12s%-17" PRIu64 "%-17" PRIu64 "%" PRIu64 "\n", name, counts->messages,
		errors(counts), no_action(counts));
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
	const uint32_t ftp = view->counts[ALG_FTP].live, sip = view->counts[ALG_SIP].live,
		       dns = view->counts[ALG_DNS].live;

	fprintf(out, "\nALG chunk pool:\n%s", rule);
	print_pool(out, "FTP pool", ftp, ftp + left);
	print_pool(out, "SIP pool", sip, sip + left);
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
		if (rows[i] == ALG_ROW_ICMP || alg_gateway((enum alg)rows[i])->parent == ALG_NONE)
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
	static const uint8_t notes[] = {
	    NOTE_MALFORMED, NOTE_SIGNED,  NOTE_TOO_LONG,  NOTE_LATE,	NOTE_TOO_MANY,
	    NOTE_NO_ROOM,   NOTE_TOO_BIG, NOTE_MIDSTREAM, NOTE_OVERLAP, NOTE_AUTHENTICATED};

	fprintf(out, "DNS info pool used chunk entries number: %" PRIu32 "\n", counts->live);
	print_value(out, "dns query", counts->sent[0]);
	print_value(out, "dns response", counts->sent[1]);
	print_value(out, "other msg", counts->notes[NOTE_FOREIGN]);
	fputc('\n', out);
	print_value(out, "create chunk", counts->flows);
	print_value(out, "del_chunk",
		    counts->flows > counts->live ? counts->flows - counts->live : 0);
	fputc('\n', out);
	for (size_t i = 0; i < sizeof(notes); i++)
		print_value(out, alg_note_text((enum alg_note)notes[i]), counts->notes[notes[i]]);
}

/* Two columns of what is counted; what the platform counts of things that are not here is left out.
 */
struct pair {
	const char *left;
	uint64_t left_value;
	const char *right; /* NULL: none */
	uint64_t right_value;
};

static void print_pairs(FILE *out, const char *title, const struct pair *pairs, size_t n)
{
	char left[48], right[48];

	fprintf(out, "\n%s\n", title);
	for (size_t i = 0; i < n; i++) {
		snprintf(left, sizeof(left), "%s:", pairs[i].left);
		snprintf(right, sizeof(right), "%s:", pairs[i].right != NULL ? pairs[i].right : "");
		if (pairs[i].right != NULL)
			fprintf(out, "%-24s %-16" PRIu64 "%-24s %" PRIu64 "\n", left,
				pairs[i].left_value, right, pairs[i].right_value);
		else
			fprintf(out, "%-24s %" PRIu64 "\n", left, pairs[i].left_value);
	}
}

static void print_received(FILE *out, const uint64_t *kinds)
{
	static const char *const requests[] = {"Register",  "Invite", "Update", "Bye",
					       "Subscribe", "Refer",  "Prack"};
	const struct {
		const char *label;
		uint8_t kind;
	} others[][3] = {
	    {{"Trying", SIP_TRYING}, {"Ringing", SIP_RINGING}, {"Ack", SIP_ACK}},
	    {{"Info", SIP_INFO}, {"Cancel", SIP_CANCEL}, {"Sess Prog", SIP_SESSION_PROGRESS}},
	    {{"Message", SIP_MESSAGE}, {"Notify", SIP_NOTIFY}, {NULL, 0}},
	    {{"Publish", SIP_PUBLISH}, {"Options", SIP_OPTIONS}, {NULL, 0}},
	    {{"1xx", SIP_1XX}, {"2xx", SIP_2XX}, {NULL, 0}},
	    {{"OtherReq", SIP_OTHER_REQUEST},
	     {"OtherOk", SIP_OTHER_OK},
	     {"3xx-6xx", SIP_3XX_TO_6XX}},
	};
	char label[24];

	fputs("\nRECEIVE\n", out);
	for (unsigned i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		snprintf(label, sizeof(label), "%s:", requests[i]);
		fprintf(out, "%-11s%-11" PRIu64 "-> 200-OK: %" PRIu64 "\n", label,
			kinds[SIP_REGISTER + i], kinds[SIP_REGISTER_OK + i]);
	}
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		for (unsigned k = 0, width = 0; k < 3 && others[i][k].label != NULL; k++) {
			snprintf(label, sizeof(label), "%s:", others[i][k].label);
			fprintf(out, "%*s%-11s", k > 0 ? (int)(24 - width) : 0, "", label);
			width = 11 + (unsigned)fprintf(out, "%" PRIu64, kinds[others[i][k].kind]);
			width = width < 24 ? width : 23;
		}
		fputc('\n', out);
	}
}

static void print_sip(FILE *out, const struct alg_counts *counts)
{
	const uint64_t *kinds = counts->kinds, *notes = counts->notes;
	const struct pair events[] = {
	    {"Media Port Zero", kinds[SIP_PORT_ZERO], "Media Addr Zero", kinds[SIP_ADDRESS_ZERO]},
	    {"Malform Media", kinds[SIP_MALFORMED_MEDIUM], "No Content Length",
	     kinds[SIP_NO_LENGTH]},
	    {"SIP flows", counts->flows, "SIP flows ended",
	     counts->flows > counts->live ? counts->flows - counts->live : 0},
	};
	const uint64_t limits = notes[NOTE_LIMIT_FLOW] + notes[NOTE_LIMIT_HOST] +
				notes[NOTE_LIMIT_CALL] + notes[NOTE_LIMIT_SOURCE];
	const struct pair errors[] = {
	    {"Create Token Err", limits, "Error New Chnl", notes[NOTE_NO_PORT]},
	    {"Sess Malloc Failed", notes[NOTE_NO_ROOM], "Bad Format", notes[NOTE_MALFORMED]},
	    {"No Call-id", kinds[SIP_NO_CALL_ID], "Huge Size",
	     notes[NOTE_TOO_LONG] + notes[NOTE_TOO_MANY]},
	    {"Parse SIP Hdr Fail", kinds[SIP_BAD_HEADER], "Parse SDP Fail", kinds[SIP_BAD_BODY]},
	    {"Not SIP Msg", notes[NOTE_FOREIGN], NULL, 0},
	};
	const struct pair writeback[] = {{"PA Err", notes[NOTE_TOO_BIG], NULL, 0}};

	fprintf(out, "SIP info pool used chunk entries number: %" PRIu32 "\n", counts->live);
	print_received(out, kinds);
	print_pairs(out, "Events", events, sizeof(events) / sizeof(events[0]));
	print_pairs(out, "Errors", errors, sizeof(errors) / sizeof(errors[0]));
	print_pairs(out, "Writeback Errors", writeback, 1);
}

static void print_own(FILE *out, const struct alg_counts *counts)
{
	const struct {
		const char *label;
		uint64_t value;
	} values[] = {
	    {"Flows now", counts->live},
	    {"Flows in all", counts->flows},
	    {"Messages from clients", counts->sent[0]},
	    {"Messages from servers", counts->sent[1]},
	    {"Messages rewritten", counts->changed},
	    {"Fields rewritten", counts->fields},
	    {"Expectations announced", counts->expected},
	    {"Expectations used", counts->used},
	    {"Expectations expired", counts->expired},
	    {"Expectations cancelled", counts->cancelled},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		fprintf(out, "%s: %" PRIu64 "\n", values[i].label, values[i].value);
	for (int note = NOTE_NONE + 1; note < NOTE_COUNT; note++)
		fprintf(out, "%s: %" PRIu64 "\n", alg_note_text((enum alg_note)note),
			counts->notes[note]);
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
	else if (alg == ALG_SIP)
		print_sip(out, &view->counts[alg]);
	else
		print_own(out, &view->counts[alg]);
}
