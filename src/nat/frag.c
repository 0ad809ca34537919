/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual reassembly. Payload lies in pages of one kilobyte with a bit for each 8 bytes (the unit
 * of fragment offsets) that has come, and a bit for each unit that began a piece: so an overlap is
 * seen by a few words, and an exact duplicate is told from it.
 *
 * Promises: memory is bounded by one struct; O(size of the piece) for each piece, no malloc; no
 * byte of a datagram comes from two pieces that disagree. May not judge addresses: whether a
 * datagram matters is asked before it comes here.
 */
#include "nat/frag.h"

#include <string.h>
#include "lib/bytes.h"
#include "lib/csum.h"
#include "nat/frag_store.h"

#define WHOLE_MAX     65535u
#define TICK_NODES    256
#define FRAGMENT_MORE 0x2000
#define OFFSET_MASK   0x1fff
#define ECN_MASK      3
#define ECN_CE	      3

const struct frag_limits frag_limits_builtin = {.pieces = FRAG_PIECES, .timeout = FRAG_TIMEOUT};

/* ---- pieces */

struct piece {
	const uint8_t *data;
	uint32_t length, offset;
	uint32_t first, last; /* units: from, and behind the end */
	bool more;
};

static struct piece piece_of(const struct decoded *view)
{
	uint16_t field = get_be16(view->ip + 6);
	struct piece piece = {.data = view->ip + view->header_length,
			      .length = view->length - view->header_length,
			      .offset = (field & OFFSET_MASK) * UNIT,
			      .more = field & FRAGMENT_MORE};

	piece.first = piece.offset / UNIT;
	piece.last = (piece.offset + piece.length + UNIT - 1) / UNIT;
	return piece;
}

/* So much of the transport header has to be in the first piece (RFC 1858 3.2.1). */
static uint32_t header_needed(const struct decoded *view, const struct piece *piece)
{
	switch (view->protocol) {
	case PROTOCOL_TCP:
		return piece->length < 20 ? 20 : (piece->data[12] >> 4) * 4u;
	case PROTOCOL_DCCP:
		return 12;
	default:
		return UNIT;
	}
}

/* What the piece says of itself. */
static enum reason piece_check(const struct decoded *view, const struct piece *piece)
{
	if (piece->length == 0 || (piece->more && piece->length % UNIT != 0) ||
	    view->header_length + piece->offset + piece->length > WHOLE_MAX)
		return REASON_FRAGMENT_LENGTH;
	if (piece->offset == 0 && piece->length < header_needed(view, piece))
		return REASON_FRAGMENT_TINY;
	if (view->broken)
		return REASON_MALFORMED;
	/* RFC 1858 3.2.2: nobody cuts inside of the smallest TCP header but to hide its flags. */
	if (view->protocol == PROTOCOL_TCP && piece->first == 1)
		return REASON_FRAGMENT_TINY;
	return REASON_FRAGMENT_HELD;
}

/* The ends that it and the others claim. */
static bool ends_agree(const struct datagram *datagram, const struct piece *piece)
{
	uint32_t end = piece->offset + piece->length;

	if (!piece->more)
		return datagram->ended ? end == datagram->end : end >= datagram->end;
	return !datagram->ended || end < datagram->end;
}

/* The bits of a word that stand for units from `first` to before `last`. */
static uint64_t word_mask(uint32_t word, uint32_t first, uint32_t last)
{
	uint32_t from = word * 64, high = last - from;
	uint64_t mask = high >= 64 ? UINT64_MAX : (UINT64_C(1) << high) - 1;

	return first > from ? mask & ~((UINT64_C(1) << (first - from)) - 1) : mask;
}

static const struct page *page_of(const struct frag_set *set, const struct datagram *datagram,
				  uint32_t unit)
{
	uint16_t at = unit / (64 * PAGE_WORDS) < PAGES_EACH
			  ? datagram->pages[unit / (64 * PAGE_WORDS)]
			  : NONE;

	return at == NONE ? NULL : &set->pages[at];
}

static bool has_unit(const struct frag_set *set, const struct datagram *datagram, uint32_t unit,
		     bool start)
{
	const struct page *page = page_of(set, datagram, unit);

	if (page == NULL)
		return false;
	return (start ? page->start : page->have)[unit / 64 % PAGE_WORDS] >> unit % 64 & 1;
}

struct cover {
	uint32_t units, starts;
};

static struct cover covered(const struct frag_set *set, const struct datagram *datagram,
			    const struct piece *piece)
{
	struct cover cover = {0, 0};

	for (uint32_t word = piece->first / 64; word <= (piece->last - 1) / 64; word++) {
		const struct page *page = page_of(set, datagram, word * 64);
		uint64_t mask = word_mask(word, piece->first, piece->last);

		if (page == NULL)
			continue;
		cover.units += (uint32_t)__builtin_popcountll(page->have[word % PAGE_WORDS] & mask);
		cover.starts +=
		    (uint32_t)__builtin_popcountll(page->start[word % PAGE_WORDS] & mask);
	}
	return cover;
}

/* Runs of the piece's bytes that lie within one page. */
static uint32_t run_length(const struct piece *piece, uint32_t done)
{
	uint32_t room = PAGE - (piece->offset + done) % PAGE;

	return piece->length - done < room ? piece->length - done : room;
}

static bool same_bytes(const struct frag_set *set, const struct datagram *datagram,
		       const struct piece *piece)
{
	uint32_t size;

	for (uint32_t done = 0; done < piece->length; done += size) {
		uint32_t at = piece->offset + done;

		size = run_length(piece, done);
		if (memcmp(page_of(set, datagram, at / UNIT)->data + at % PAGE, piece->data + done,
			   size) != 0)
			return false;
	}
	return true;
}

/* Some of it is there already: is it a copy of one piece, from its first to its last byte? */
static bool is_duplicate(const struct frag_set *set, const struct datagram *datagram,
			 const struct piece *piece, struct cover cover)
{
	bool ends = !has_unit(set, datagram, piece->last, false) ||
		    has_unit(set, datagram, piece->last, true);

	return cover.units == piece->last - piece->first && cover.starts == 1 &&
	       has_unit(set, datagram, piece->first, true) && ends &&
	       same_bytes(set, datagram, piece);
}

/* Room for the piece, at the cost of others: first of the same source, then of the oldest. */
static bool pages_get(struct frag_set *set, uint16_t at, const struct piece *piece)
{
	struct datagram *datagram = &set->datagrams[at];
	struct source *source = &set->sources[datagram->source];
	uint16_t page;

	for (uint32_t i = piece->offset / PAGE; i <= (piece->offset + piece->length - 1) / PAGE;
	     i++) {
		if (datagram->pages[i] != NONE)
			continue;
		while (source->pages >= SOURCE_PAGES)
			if (!frag_evict(set, &source->list, LIST_PEER, at))
				return false;
		while ((page = frag_page(set)) == NONE)
			if (!frag_evict(set, &set->age, LIST_AGE, at))
				return false;
		datagram->pages[i] = page;
		datagram->n_pages++;
		source->pages++;
	}
	return true;
}

static void piece_put(struct frag_set *set, struct datagram *datagram, const struct piece *piece)
{
	struct page *page;
	uint32_t size;

	for (uint32_t done = 0; done < piece->length; done += size) {
		uint32_t at = piece->offset + done;

		size = run_length(piece, done);
		memcpy(set->pages[datagram->pages[at / PAGE]].data + at % PAGE, piece->data + done,
		       size);
	}
	for (uint32_t word = piece->first / 64; word <= (piece->last - 1) / 64; word++) {
		page = &set->pages[datagram->pages[word / PAGE_WORDS]];
		page->have[word % PAGE_WORDS] |= word_mask(word, piece->first, piece->last);
	}
	page = &set->pages[datagram->pages[piece->offset / PAGE]];
	page->start[piece->first / 64 % PAGE_WORDS] |= UINT64_C(1) << piece->first % 64;
	datagram->units += piece->last - piece->first;
	if (piece->offset + piece->length > datagram->end)
		datagram->end = piece->offset + piece->length;
	datagram->ended |= !piece->more;
	datagram->pieces++;
	set->accounts[datagram->account].counts.pieces++;
}

static void header_put(struct datagram *datagram, const struct decoded *view,
		       const struct piece *piece)
{
	datagram->ecn |= (uint8_t)(1u << (view->ip[1] & ECN_MASK));
	if (view->length > datagram->largest)
		datagram->largest = view->length;
	if (piece->offset != 0)
		return;
	datagram->header_length = view->header_length;
	memcpy(datagram->header, view->ip, view->header_length);
}

/* ---- the whole */

static bool is_whole(const struct datagram *datagram)
{
	return datagram->ended && datagram->header_length != 0 &&
	       datagram->units == (datagram->end + UNIT - 1) / UNIT;
}

static void whole_header(const struct datagram *datagram, struct frag_whole *whole)
{
	uint8_t *header = whole->data;
	uint16_t sum;

	memcpy(header, datagram->header, datagram->header_length);
	put_be16(header + 2, whole->length);
	put_be16(header + 6, 0);
	if (datagram->ecn & 1u << ECN_CE)
		header[1] |= ECN_CE;
	put_be16(header + 10, 0);
	sum = csum_finish(csum_add(0, header, datagram->header_length));
	memcpy(header + 10, &sum, sizeof(sum));
}

static enum reason whole_out(const struct frag_set *set, const struct datagram *datagram,
			     struct frag_whole *whole)
{
	whole->length = datagram->header_length + datagram->end;
	whole->largest = datagram->largest;
	if (whole->length > WHOLE_MAX)
		return REASON_FRAGMENT_LENGTH;
	if (whole->length > whole->room)
		return REASON_TOO_BIG;
	/* RFC 3168 5.3: who cannot be told of congestion must not lose the news of it either. */
	if (datagram->ecn & 1u << ECN_CE && datagram->ecn & 1)
		return REASON_FRAGMENT_MIXED;
	whole_header(datagram, whole);
	for (uint32_t done = 0; done < datagram->end; done += PAGE) {
		uint32_t size = datagram->end - done < PAGE ? datagram->end - done : PAGE;

		memcpy(whole->data + datagram->header_length + done,
		       set->pages[datagram->pages[done / PAGE]].data, size);
	}
	return REASON_REASSEMBLED;
}

static enum reason whole_try(struct frag_set *set, uint16_t at, struct frag_whole *whole)
{
	struct datagram *datagram = &set->datagrams[at];
	enum reason reason;

	if (!is_whole(datagram))
		return REASON_FRAGMENT_HELD;
	reason = whole_out(set, datagram, whole);
	if (reason == REASON_REASSEMBLED)
		set->accounts[datagram->account].counts.reassembled++;
	frag_end(set, at, reason != REASON_REASSEMBLED);
	return reason;
}

/* ---- a piece comes */

static enum reason kill(struct frag_set *set, struct datagram *datagram, enum reason reason)
{
	frag_kill(set, datagram, true);
	return reason;
}

static enum reason piece_add(struct frag_set *set, const struct frag_place *place, uint16_t at,
			     const struct decoded *view, struct frag_whole *whole)
{
	struct datagram *datagram = &set->datagrams[at];
	struct piece piece = piece_of(view);
	enum reason reason = piece_check(view, &piece);
	struct cover cover;

	if (reason != REASON_FRAGMENT_HELD)
		return kill(set, datagram, reason);
	if (!ends_agree(datagram, &piece))
		return kill(set, datagram, REASON_FRAGMENT_LENGTH);
	cover = covered(set, datagram, &piece);
	if (cover.units != 0)
		return is_duplicate(set, datagram, &piece, cover)
			   ? REASON_FRAGMENT_DUPLICATE
			   : kill(set, datagram, REASON_FRAGMENT_OVERLAP);
	if (datagram->pieces >= place->limits->pieces || !pages_get(set, at, &piece))
		return kill(set, datagram, REASON_FRAGMENT_LIMIT);
	header_put(datagram, view, &piece);
	piece_put(set, datagram, &piece);
	return whole_try(set, at, whole);
}

static struct frag_key key_of(const struct frag_place *place, const struct decoded *view)
{
	return (struct frag_key){.source = view->source,
				 .destination = view->destination,
				 .id = view->ip_id,
				 .vrf = place->vrf,
				 .protocol = view->protocol,
				 .visit = place->visit};
}

enum reason frag_add(struct frag_set *set, uint64_t now, const struct frag_place *place,
		     const struct decoded *view, struct frag_whole *whole)
{
	struct frag_key key = key_of(place, view);
	uint16_t at, account;

	if (place->limits->drop)
		return REASON_FRAGMENT_FORBIDDEN;
	/* Its lengths cannot be trusted, so neither can what would be copied. */
	if (view->l4 == NULL)
		return REASON_MALFORMED;
	if (!decode_verify(view, false))
		return REASON_BAD_CHECKSUM;
	at = frag_find(set, &key);
	if (at != NONE && set->datagrams[at].state == DATAGRAM_DEAD)
		return REASON_FRAGMENT_REFUSED;
	if (at == NONE) {
		account = frag_account(set, place);
		if (place->limits->datagrams != 0 &&
		    set->accounts[account].counts.datagrams >= place->limits->datagrams)
			return REASON_FRAGMENT_LIMIT;
		at = frag_begin(set, now, place, &key, account);
	}
	return piece_add(set, place, at, view, whole);
}

/* ---- time */

void frag_tick(struct frag_set *set, uint64_t now)
{
	uint32_t at;

	for (int i = 0; i < TICK_NODES && wheel_due(set->wheel, now, &at); i++) {
		if (set->datagrams[at].state == DATAGRAM_OPEN)
			set->accounts[set->datagrams[at].account].counts.timeouts++;
		frag_end(set, (uint16_t)at, true);
	}
}

uint64_t frag_next(const struct frag_set *set)
{
	return wheel_next(set->wheel);
}

uint64_t frag_lost(struct frag_set *set)
{
	uint64_t lost = set->lost;

	set->lost = 0;
	return lost;
}

uint32_t frag_held(const struct frag_set *set)
{
	return set->n_datagrams;
}
