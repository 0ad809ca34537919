/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of calls by itself; and, through the engine, that whatever is said in whatever order shows nothing and leaves
 * nothing. */
#include "phonelab.h"
#include "suite.h"
#include "nat/call.h"

#define CALLS 64
#define PORTS 128
#define FLOWS 32

static uint32_t seed;

static uint32_t any(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static struct call_record call_of(uint32_t n)
{
	struct call_record body = {.alg = ALG_SIP, .key_length = 4, .source = 1 + n % 3, .created_s = 5, .state = CALL_BEGUN};

	memcpy(body.key, &n, sizeof(n));
	return body;
}

static struct call_record *find(struct call_table *table, uint32_t n)
{
	const struct call_record body = call_of(n);

	return call_find(table, 0, ALG_SIP, body.key, body.key_length);
}

struct model {
	bool lives;
	uint8_t state;
	uint64_t order; /* of coming to the state */
	uint32_t flow;
};

/* What is oldest, how many are unanswered, whose flow it is: as a list would have it. */
static void agrees(struct call_table *table, const struct model *model)
{
	for (int state = CALL_BEGUN; state <= CALL_REGISTERED; state++) {
		for (ip4 source = 0; source <= 3; source++) {
			uint32_t oldest = CALLS;

			for (uint32_t i = 0; i < CALLS; i++) {
				if (model[i].lives && model[i].state == state && (source == 0 || 1 + i % 3 == source) &&
				    (oldest == CALLS || model[i].order < model[oldest].order))
					oldest = i;
			}
			ck_assert_ptr_eq(source != 0 ? call_oldest(table, (enum call_state)state, 0, source)
						     : call_oldest_begun(table, (enum call_state)state, false),
					 oldest == CALLS ? NULL : find(table, oldest));
		}
	}
	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		uint32_t index = RECORD_NONE, n = 0, want = 0;

		while ((index = call_next_of_flow(table, flow, index)) != RECORD_NONE)
			n++;
		for (uint32_t i = 0; i < CALLS; i++)
			want += model[i].lives && model[i].flow == flow;
		ck_assert_uint_eq(n, want);
	}
}

START_TEST(calls_are_found_as_a_list_would_find_them)
{
	struct call_memory memory = {calloc(CALLS, sizeof(struct call_record)), calloc(PORTS, sizeof(struct call_port)),
				     CALLS, PORTS, 0, 0, NULL, NULL};
	const struct siphash_key secret = {1, 2};
	struct call_table *table = call_table_new(&memory, &secret, FLOWS);
	struct model model[CALLS] = {0};
	uint64_t order = 0;

	seed = 7;
	for (int i = 0; i < 4000; i++) {
		uint32_t n = any(CALLS), what = any(4);
		const struct call_record body = call_of(n);

		if (!model[n].lives) {
			ck_assert_ptr_null(find(table, n));
			ck_assert_ptr_nonnull(call_add(table, &body));
			model[n] = (struct model){true, CALL_BEGUN, ++order, RECORD_NONE};
		} else if (what == 0) {
			call_remove(table, find(table, n));
			model[n].lives = false;
		} else if (what == 1) {
			model[n].state = (uint8_t)(1 + any(CALL_REGISTERED));
			model[n].order = ++order;
			call_set_state(table, find(table, n), (enum call_state)model[n].state);
		} else {
			/* A call has two flows; here always the same one or a first one. */
			if (model[n].flow == RECORD_NONE)
				model[n].flow = any(FLOWS);
			call_set_flow(table, find(table, n), model[n].flow, 2);
		}
		if (i % 16 == 0)
			agrees(table, model);
	}
	/* Full: no room, and nothing is harmed. */
	for (uint32_t n = 0; n < CALLS; n++) {
		const struct call_record body = call_of(n);

		if (!model[n].lives)
			ck_assert_ptr_nonnull(call_add(table, &body));
	}
	const struct call_record more = call_of(1000);
	ck_assert_ptr_null(call_add(table, &more));
	/* Another life finds the same. */
	call_table_free(table);
	memory.high_calls = CALLS;
	table = call_table_new(&memory, &secret, FLOWS);
	for (uint32_t n = 0; n < CALLS; n++)
		ck_assert_ptr_nonnull(find(table, n));
	call_forget_flow(table, 3);
	ck_assert_uint_eq(call_next_of_flow(table, 3, RECORD_NONE), RECORD_NONE);
	call_table_free(table);
	free(memory.calls);
	free(memory.ports);
}
END_TEST

/* ---- anything */

static const char *some_media(uint32_t host)
{
	static char text[400];
	uint32_t port = 4000 + 2 * any(6);

	switch (any(6)) {
	case 0:
		snprintf(text, sizeof(text), "m=audio %u RTP/AVP 0\r\na=sendonly\r\n", port);
		break;
	case 1:
		snprintf(text, sizeof(text), "m=audio 0 RTP/AVP 0\r\nm=video %u RTP/AVP 31\r\n", port);
		break;
	case 2:
		snprintf(text, sizeof(text), "m=image %u udptl t38\r\n", port);
		break;
	case 3:
		snprintf(text, sizeof(text), "m=audio %u RTP/AVP 0\r\na=rtcp:%u\r\na=candidate:1 1 UDP 1 10.0.0.%u %u typ host\r\n",
			 port + 1, port + 30, host, port + 40);
		break;
	default:
		snprintf(text, sizeof(text), "m=audio %u RTP/AVP 0\r\nm=video %u RTP/AVP 31\r\n", port, port + 20);
	}
	return text;
}

static const struct {
	const char *first, *method;
	bool contact, body;
} kinds[] = {
	{"INVITE sip:b@example.com SIP/2.0", "INVITE", true, true},
	{"SIP/2.0 183 Session Progress", "INVITE", true, true},
	{"SIP/2.0 200 OK", "INVITE", true, true},
	{"SIP/2.0 486 Busy Here", "INVITE", false, false},
	{"ACK sip:b@example.com SIP/2.0", "ACK", false, true},
	{"UPDATE sip:b@example.com SIP/2.0", "UPDATE", true, true},
	{"SIP/2.0 200 OK", "UPDATE", true, true},
	{"BYE sip:b@example.com SIP/2.0", "BYE", false, false},
	{"CANCEL sip:b@example.com SIP/2.0", "CANCEL", false, false},
	{"REGISTER sip:example.com SIP/2.0", "REGISTER", true, false},
	{"SIP/2.0 200 OK", "REGISTER", true, false},
	{"SUBSCRIBE sip:b@example.com SIP/2.0", "SUBSCRIBE", true, false},
	{"OPTIONS sip:b@example.com SIP/2.0", "OPTIONS", true, false},
};

static const char *const tags[] = {NULL, "one", "two"};

static void say_anything(void)
{
	uint32_t k = any(sizeof(kinds) / sizeof(kinds[0])), host = 5 + any(2);
	bool out = any(2), high = any(4) == 0;
	char at[40], sdp[1024];
	struct says says = {.first = kinds[k].first, .method = kinds[k].method, .call = (int)any(4), .to = tags[any(3)], .via = at,
			    .contact = kinds[k].contact ? at : NULL,
			    .more = strcmp(kinds[k].method, "REGISTER") == 0 ? ";expires=300" : NULL};

	if (out)
		snprintf(at, sizeof(at), "10.0.0.%u:5060", host);
	else if (any(3) == 0)
		snprintf(at, sizeof(at), "203.0.113.1:%u", 5060 + any(2));
	else
		snprintf(at, sizeof(at), "198.51.100.%u:%u", 1 + any(3), 5060 + any(3));
	if (kinds[k].body && any(4) > 0) {
		char addr[20];

		if (out)
			snprintf(addr, sizeof(addr), "10.0.0.%u", host);
		else
			snprintf(addr, sizeof(addr), any(3) ? "198.51.100.%u" : "203.0.113.%u", any(3) ? 2u : 1u);
		snprintf(sdp, sizeof(sdp), "%s", sdp_of(any(8) ? addr : "0.0.0.0", some_media(out ? host : 99)));
		says.sdp = sdp;
	}
	if (!out) {
		sip_in(PEER(1 + any(2)), (uint16_t)(5060 + any(2)), FACE, (uint16_t)(5060 + any(2)), &says);
		return;
	}
	sip_out(HOST(host), high ? 50000 : 5060, PEER(1 + any(2)), 5060, &says);
	if (got[0] != '\0')
		ck_assert_msg(strstr(got, "10.0.0.") == NULL, "shows an inside address:\n%s", got);
}

static void send_anything(void)
{
	uint16_t port = (uint16_t)(4000 + any(60));
	struct pkt p;

	if (any(2))
		rtp_in(1 + (int)any(3), (uint16_t)(6000 + any(4)), FACE, port, &p);
	else
		rtp_out(5 + (int)any(2), port, 1 + (int)any(3), (uint16_t)(6000 + any(4)), &p);
}

START_TEST(whatever_is_said_shows_nothing_and_leaves_nothing)
{
	seed = (uint32_t)_i + 1;
	masquerade();
	for (int i = 0; i < 3000; i++) {
		if (any(3))
			say_anything();
		else
			send_anything();
		if (any(20) == 0)
			lab_wait(&lab, any(50));
	}
	for (int i = 0; i < 3; i++)
		lab_wait(&lab, 50000);
	ck_assert_uint_eq(calls_now().ports, 0);
	ck_assert_uint_eq(calls_now().begun + calls_now().up + calls_now().over, 0);
	ck_assert_uint_eq(calls_now().registering + calls_now().registered, 0);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(expect_count(lab.engine->expects), 0);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), 0);
	ck_assert_uint_eq(port_used(lab.engine->ports, 0, P_UDP, FACE), 0);
}
END_TEST

/* More than the table has room for, one after the other. */
START_TEST(ten_thousand_calls_in_sequence_leave_nothing)
{
	masquerade();
	for (int i = 0; i < 20000; i++) {
		struct pkt p;

		call_up(i);
		ck_assert_str_ne(got, "");
		if (i % 8 == 0)
			rtp_out(5, 4000, 2, 6000, &p);
		request_out(i, "BYE", "t");
		if (i % 200 == 0)
			lab_wait(&lab, 1);
	}
	ck_assert_uint_eq(calls_now().answered, 20000);
	ck_assert_uint_eq(calls_now().ended, 20000);
	lab_wait(&lab, 400);
	ck_assert_uint_eq(calls_now().ports, 0);
	ck_assert_uint_eq(calls_now().over, 0);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("calls");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, calls_are_found_as_a_list_would_find_them);
	tcase_add_loop_test(t, whatever_is_said_shows_nothing_and_leaves_nothing, 0, 12);
	tcase_add_test(t, ten_thousand_calls_in_sequence_leave_nothing);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_main(suite());
}
