/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registry of gateways, and what a gateway's scan writes its findings with. A gateway is one
 * file and one row here.
 */
#include "alg/alg.h"

#include <string.h>
#include "alg/gateways.h"

static const struct gateway *const gateways[ALG_COUNT] = {
	[ALG_FTP] = &gateway_ftp,   [ALG_TFTP] = &gateway_tftp,    [ALG_SHELL] = &gateway_rsh,
	[ALG_DNS] = &gateway_dns,   [ALG_EXEC] = &gateway_rexec, [ALG_LOGIN] = &gateway_rlogin,
	[ALG_SIP] = &gateway_sip,   [ALG_MSRP] = &gateway_msrp,
};

const struct gateway *alg_gateway(enum alg alg)
{
	return alg < ALG_COUNT ? gateways[alg] : NULL;
}

static const char *const names[ALG_COUNT] = {
#define ALG_NAME(name, text, row) [ALG_##name] = (text),
	ALGS(ALG_NAME)
#undef ALG_NAME
};

const char *alg_name(enum alg alg)
{
	return alg < ALG_COUNT && names[alg] != NULL ? names[alg] : "none";
}

const char *alg_note_text(enum alg_note note)
{
	static const char *const texts[NOTE_COUNT] = {
#define NOTE_TEXT(name, text) (text),
	    ALG_NOTES(NOTE_TEXT)
#undef NOTE_TEXT
	};

	return note < NOTE_COUNT ? texts[note] : "";
}

/* ---- findings ---- */

void findings_clear(struct findings *findings)
{
	findings->n_mentions = findings->n_fields = findings->n_dependents = 0;
	findings->happened = 0;
	findings->kinds = 0;
	findings->note = NOTE_NONE;
	findings->key_length = 0;
	findings->said = SAID_NOTHING;
	findings->answer = ANSWER_NONE;
	findings->branch = findings->question = findings->way = findings->lifetime_s = 0;
	findings->caller[0] = findings->callee[0] = '\0';
	memset(findings->message, 0, sizeof(findings->message));
}

bool find_mention(struct findings *findings, const struct mention *mention, uint16_t *index)
{
	if (findings->n_mentions == FINDING_MENTIONS)
		return false;
	*index = (uint16_t)findings->n_mentions;
	findings->mentions[findings->n_mentions++] = *mention;
	return true;
}

bool find_field(struct findings *findings, const struct field *field)
{
	if (findings->n_fields == FINDING_FIELDS)
		return false;
	findings->fields[findings->n_fields++] = *field;
	return true;
}

bool find_dependent(struct findings *findings, const struct dependent *dependent)
{
	if (findings->n_dependents == FINDING_DEPENDENTS)
		return false;
	findings->dependents[findings->n_dependents++] = *dependent;
	return true;
}
