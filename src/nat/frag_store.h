/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of virtual reassembly: the arena that frag.c puts pieces into. For frag.c and frag_store.c
 * only. */
#ifndef ALGATE_NAT_FRAG_STORE_H
#define ALGATE_NAT_FRAG_STORE_H

#include "lib/siphash.h"
#include "lib/wheel.h"
#include "nat/frag.h"

#define UNIT	     8u
#define PAGE	     1024u
#define PAGE_WORDS   (PAGE / UNIT / 64)
#define PAGES	     3072u
#define PAGES_EACH   (65536u / PAGE)
#define SOURCE_PAGES (PAGES / 4)
#define HEADER_MAX   60u
#define HEADS	     4096u /* power of two */
#define ACCOUNTS     256u  /* power of two */
#define NOTES	     1024u /* power of two */
#define NONE	     UINT16_MAX

_Static_assert(PAGES < NONE && FRAG_DATAGRAMS < NONE, "indexes are 16 bits wide");

struct page {
	uint8_t data[PAGE];
	uint64_t have[PAGE_WORDS];
	uint64_t start[PAGE_WORDS];
};

enum datagram_state { DATAGRAM_FREE, DATAGRAM_OPEN, DATAGRAM_DEAD };

struct frag_key {
	ip4 source, destination;
	uint16_t id, vrf;
	uint8_t protocol, visit;
	uint16_t zero; /* no padding: keys are hashed and compared as bytes */
};

struct link {
	uint16_t next, prev;
};

struct datagram {
	struct frag_key key;
	uint8_t state;	       /* enum datagram_state; dead: later pieces are to be refused */
	uint8_t ecn;	       /* bit n: a piece with codepoint n */
	uint8_t header_length; /* 0: the first piece has not come */
	uint16_t n_pages, pieces, account, source;
	uint32_t units; /* that have come */
	uint32_t end;	/* behind the last byte seen; the length of all payload if `ended` */
	bool ended;	/* the last piece has come */
	uint32_t largest;
	uint16_t chain;	  /* of the hash head, or of the free list */
	struct link age;  /* of all, oldest first */
	struct link peer; /* of the source, oldest first */
	uint16_t pages[PAGES_EACH];
	uint8_t header[HEADER_MAX];
};

/* Links are circular through the owner, so a list is its two ends. */
struct list {
	uint16_t first, last;
};

struct source {
	ip4 addr;
	uint16_t vrf;
	uint16_t chain;
	uint16_t datagrams, pages;
	struct list list;
};

struct account {
	uint32_t ifindex;
	bool out, used;
	struct frag_counts counts;
};

struct note {
	struct frag_name name;
	uint16_t largest;
};

struct frag_set {
	struct siphash_key key;
	struct wheel *wheel;
	uint64_t lost;
	uint32_t n_datagrams;
	uint16_t free_page, free_datagram, free_source;
	uint16_t fresh_page, fresh_datagram, fresh_source; /* never used so far: from here on */
	struct list age;
	uint16_t heads[HEADS];	      /* index + 1; untouched memory is an empty list */
	uint16_t source_heads[HEADS]; /* likewise */
	struct account accounts[ACCOUNTS];
	uint32_t n_notes;
	struct note notes[NOTES];
	struct datagram datagrams[FRAG_DATAGRAMS];
	struct source sources[FRAG_DATAGRAMS];
	struct page pages[PAGES];
};

_Static_assert(sizeof(struct frag_set) < FRAG_ARENA - (128u << 10), "the wheel has to fit too");

enum which_list { LIST_AGE, LIST_PEER };

/* NONE: there is no such datagram. */
uint16_t frag_find(struct frag_set *set, const struct frag_key *key);
/* A new one, if need be at the cost of the oldest of its source or of all. `account` counts it. */
uint16_t frag_begin(struct frag_set *set, uint64_t now, const struct frag_place *place,
		    const struct frag_key *key, uint16_t account);
/* What it held is given back; the record stays, so that later pieces are known. lost: the pieces
 * count as such. */
void frag_kill(struct frag_set *set, struct datagram *datagram, bool lost);
/* The record too. */
void frag_end(struct frag_set *set, uint16_t at, bool lost);
/* The oldest of a list, but not `keep`. False: there is no other. */
bool frag_evict(struct frag_set *set, const struct list *list, enum which_list which,
		uint16_t keep);
/* An empty page; NONE. */
uint16_t frag_page(struct frag_set *set);
uint16_t frag_account(struct frag_set *set, const struct frag_place *place);

#endif
