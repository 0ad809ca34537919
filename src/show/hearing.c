/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/hearing.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t since(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

/* The side that was not heard while the other was: 0 inside, 1 outside; -1: neither, or both. */
static int silent_side(const struct call_medium_row *row)
{
	for (int side = 0; side < 2; side++) {
		if (row->packets[!side] == 0)
			continue;
		if (row->packets[side] == 0 || since(row->heard[!side], row->heard[side]) > HEARING_SILENCE)
			return side;
	}
	return -1;
}

/* A port that nobody needs, because RTCP comes with the medium. */
static bool is_unneeded(const struct call_medium_row *row)
{
	return row->spare && row->packets[0] == 0 && row->packets[1] == 0;
}

const struct call_medium_row *hearing_rtcp(const struct call_medium_row *rows, uint32_t n, uint32_t at)
{
	for (uint32_t i = 0; i < n; i++)
		if (rows[i].rtcp && !is_unneeded(&rows[i]) && rows[i].medium == rows[at].medium &&
		    rows[i].il.addr == rows[at].il.addr && rows[i].closing == rows[at].closing)
			return &rows[i];
	return NULL;
}

static bool lacks_rtcp(const struct call_medium_row *rows, uint32_t n, uint32_t at, uint64_t now)
{
	const struct call_medium_row *rtcp = hearing_rtcp(rows, n, at);

	return rtcp != NULL && (rtcp->packets[0] == 0 || rtcp->packets[1] == 0) &&
	       since(now, rtcp->made) > HEARING_RTCP;
}

enum hearing hearing_of(const struct call_medium_row *rows, uint32_t n, uint32_t at, uint8_t state, uint64_t now)
{
	const struct call_medium_row *row = &rows[at];
	const uint64_t last = row->heard[0] > row->heard[1] ? row->heard[0] : row->heard[1];
	const int silent = silent_side(row);

	if (row->closing)
		return HEARING_CLOSED;
	if (row->held)
		return HEARING_HELD;
	if (row->packets[0] == 0 && row->packets[1] == 0)
		return HEARING_NOT_STARTED;
	if (silent >= 0 && state == CALL_BEGUN)
		return HEARING_EARLY;
	if (silent >= 0)
		return row->packets[silent] == 0 && since(now, row->made) <= HEARING_SILENCE ? HEARING_NOT_STARTED
											     : HEARING_ONE_WAY;
	if (since(now, last) > HEARING_SILENCE)
		return HEARING_SILENT;
	return lacks_rtcp(rows, n, at, now) ? HEARING_NO_RTCP : HEARING_TWO_WAY;
}

/* What was told to the one who is not heard, so that it can be compared with what that one does. */
static void one_way_text(const struct call_medium_row *row, uint64_t now, char buf[HEARING_TEXT_SIZE])
{
	const int side = silent_side(row);
	const uint64_t from = row->packets[side] == 0 ? row->made : row->heard[side];
	const struct endpoint to = side == 1 ? row->ig : row->announced;
	char addr[IP4_TEXT_SIZE];
	int n = snprintf(buf, HEARING_TEXT_SIZE, "one-way: nothing received from %s since %" PRIu64 " s",
			 side == 1 ? "outside" : "inside", since(now, from) / 1000);

	if (to.addr != 0)
		snprintf(buf + n, HEARING_TEXT_SIZE - (size_t)n, ": %s sends to %s:%u", side == 1 ? "remote" : "inside",
			 ip4_text(to.addr, addr), to.port);
	else
		snprintf(buf + n, HEARING_TEXT_SIZE - (size_t)n, ": remote has not said where it receives");
}

static void rtcp_text(const struct call_medium_row *rtcp, char buf[HEARING_TEXT_SIZE])
{
	const char *which = rtcp->packets[0] > 0 ? " from outside" : rtcp->packets[1] > 0 ? " from inside" : "";

	snprintf(buf, HEARING_TEXT_SIZE, "two-way, no RTCP%s", which);
}

const char *hearing_text(const struct call_medium_row *rows, uint32_t n, uint32_t at, uint8_t state, uint64_t now,
			 char buf[HEARING_TEXT_SIZE])
{
	static const char *const texts[] = {
		[HEARING_NONE] = "no media",  [HEARING_CLOSED] = "closed",
		[HEARING_TWO_WAY] = "two-way", [HEARING_HELD] = "on hold",
		[HEARING_NOT_STARTED] = "not started",
	};
	const struct call_medium_row *row = &rows[at];
	const enum hearing hearing = at < n ? hearing_of(rows, n, at, state, now) : HEARING_NONE;

	switch (hearing) {
	case HEARING_ONE_WAY:
		one_way_text(row, now, buf);
		break;
	case HEARING_NO_RTCP:
		rtcp_text(hearing_rtcp(rows, n, at), buf);
		break;
	case HEARING_EARLY:
		snprintf(buf, HEARING_TEXT_SIZE, "not answered yet, media from %s only",
			 silent_side(row) == 1 ? "inside" : "outside");
		break;
	case HEARING_SILENT:
		snprintf(buf, HEARING_TEXT_SIZE, "silent: nothing from either side since %" PRIu64 " s",
			 since(now, row->heard[0] > row->heard[1] ? row->heard[0] : row->heard[1]) / 1000);
		break;
	default:
		snprintf(buf, HEARING_TEXT_SIZE, "%s", texts[hearing]);
	}
	return buf;
}

enum hearing hearing_worst(const struct call_medium_row *rows, uint32_t n, uint8_t state, uint64_t now, uint32_t *at)
{
	enum hearing worst = HEARING_NONE, one;

	*at = n;
	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].rtcp)
			continue;
		one = hearing_of(rows, n, i, state, now);
		if (one > worst) {
			worst = one;
			*at = i;
		}
	}
	return worst;
}
