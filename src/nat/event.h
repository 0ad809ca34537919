/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened in the engine, for debug, syslog, traces and exports: one bounded ring, written by the packet path without
 * waiting; who reads too late is told how many were lost.
 */
#ifndef ALGATE_NAT_EVENT_H
#define ALGATE_NAT_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/addr.h"
#include "nat/reason.h"

enum event_kind {
	EVENT_CREATED,    /* flow */
	EVENT_EXPIRED,    /* flow, by time */
	EVENT_REMOVED,    /* flow, by clear, configuration or address change */
	EVENT_REFUSED,    /* no flow could be made: reason */
	EVENT_TRANSLATED, /* one packet; only while packet events are on */
	EVENT_DROPPED,    /* one packet; only while packet events are on */
	EVENT_GATEWAY,    /* something an operator should know, at a limited rate: reason is an enum alg_note, rule the gateway */
};

struct event {
	uint64_t now;
	uint8_t kind;
	uint8_t reason;       /* enum reason */
	uint8_t protocol;
	uint8_t side;         /* of the packet: enum flow_side */
	bool first;           /* packet made its flow (debug prints NAT: instead of NAT*:) */
	uint16_t vrf;
	uint16_t ip_id;
	/* Flow events: the four endpoints. Packet events: source/destination before and after in il/ig and ol/og. */
	struct endpoint il, ig, ol, og;
	uint64_t rule;        /* its id, of a refusal too; 0: none */
};

#define EVENT_RING_SIZE 4096 /* power of two */

struct event_ring {
	uint64_t head; /* events ever written */
	struct event ring[EVENT_RING_SIZE];
};

void event_put(struct event_ring *ring, const struct event *event);
/* Copies events from *cursor on (0 at first, then as left) and moves it; *lost counts those overwritten. */
uint32_t event_take(const struct event_ring *ring, uint64_t *cursor, struct event *out, uint32_t max, uint64_t *lost);

#endif
