/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan is broken into pieces (an address, a link state, an aligned prefix of owned globals, a
 * route). Each piece knows whether it is wanted and whether it is done; a run does what is wanted
 * and not done and removes what is done and not wanted.
 */
#include "config/reconcile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/sorted.h"

enum piece_kind { PIECE_ADDRESS, PIECE_LINK, PIECE_OWNED, PIECE_ROUTE };

struct piece {
	enum piece_kind kind;
	bool want, done;
	bool seen;	/* the mirror has shown it: if it no longer does, somebody took it away */
	bool logged;	/* its failure is in the log already */
	uint32_t downs; /* of its interface when it was done */
	union {
		struct plan_address address;
		struct plan_link link;
		struct plan_owned owned;
		struct plan_route route;
	};
};

struct pieces {
	struct piece *list;
	size_t n, size;
};

struct reconcile {
	const struct system *system;
	struct plan *plan; /* of the last run; its hooks are in the kernel if hooks_done */
	bool hooks_done, hooks_logged, started;
	struct pieces pieces; /* sorted */
};

#define ORDER(a, b)                                                                                \
	do {                                                                                       \
		if ((a) != (b))                                                                    \
			return (a) < (b) ? -1 : 1;                                                 \
	} while (0)

static int compare_address(const struct plan_address *a, const struct plan_address *b)
{
	ORDER(a->ifindex, b->ifindex);
	ORDER(a->secondary, b->secondary); /* primaries first, so that Linux sees them as such */
	ORDER(a->addr, b->addr);
	ORDER(a->len, b->len);
	return 0;
}

static int compare_owned(const struct plan_owned *a, const struct plan_owned *b)
{
	ORDER(a->first, b->first);
	ORDER(a->last, b->last);
	ORDER(a->ifindex, b->ifindex);
	return 0;
}

static int compare_route(const struct plan_route *a, const struct plan_route *b)
{
	ORDER(a->to.addr, b->to.addr);
	ORDER(a->to.len, b->to.len);
	ORDER(a->distance, b->distance);
	ORDER(a->via, b->via);
	ORDER(a->ifindex, b->ifindex);
	return 0;
}

static int compare_pieces(const void *pa, const void *pb)
{
	const struct piece *a = pa, *b = pb;

	ORDER(a->kind, b->kind);
	switch (a->kind) {
	case PIECE_ADDRESS:
		return compare_address(&a->address, &b->address);
	case PIECE_OWNED:
		return compare_owned(&a->owned, &b->owned);
	case PIECE_ROUTE:
		return compare_route(&a->route, &b->route);
	case PIECE_LINK:
		break;
	}
	ORDER(a->link.ifindex, b->link.ifindex);
	ORDER(a->link.up, b->link.up);
	return 0;
}

static void pieces_add(struct pieces *pieces, struct piece piece)
{
	if (pieces->n == pieces->size) {
		pieces->size = pieces->size ? 2 * pieces->size : 32;
		pieces->list = mem_grow(pieces->list, pieces->size, sizeof(*pieces->list));
	}
	pieces->list[pieces->n++] = piece;
}

/* A range as aligned prefixes: the system keeps one route for each, so that a range that grows or
 * shrinks touches only the prefixes that differ. */
static void add_owned(struct pieces *pieces, const struct plan_owned *range)
{
	uint64_t at = range->first, end = (uint64_t)range->last + 1;

	while (at < end) {
		uint64_t size = at ? at & -at : (uint64_t)1 << 32;

		while (size > end - at)
			size >>= 1;
		pieces_add(pieces, (struct piece){
				       .kind = PIECE_OWNED,
				       .want = true,
				       .owned = {(ip4)at, (ip4)(at + size - 1), range->ifindex}});
		at += size;
	}
}

/* They mostly are: plans are made in order, and what is looked at takes less than what is sorted. */
static bool is_sorted(const struct pieces *pieces)
{
	for (size_t i = 1; i < pieces->n; i++)
		if (compare_pieces(&pieces->list[i - 1], &pieces->list[i]) >= 0)
			return false;
	return true;
}

/* The same route or prefix twice is one thing. */
static void sort_unique(struct pieces *pieces)
{
	size_t kept = 0;

	if (is_sorted(pieces))
		return;
	qsort(pieces->list, pieces->n, sizeof(*pieces->list), compare_pieces);
	for (size_t i = 1; i < pieces->n; i++)
		if (compare_pieces(&pieces->list[i], &pieces->list[kept]) != 0)
			pieces->list[++kept] = pieces->list[i];
	pieces->n = kept + 1;
}

static struct pieces pieces_of(const struct plan *plan)
{
	struct pieces pieces = {0};

	for (uint32_t i = 0; i < plan->n_addresses; i++)
		pieces_add(&pieces, (struct piece){.kind = PIECE_ADDRESS,
						   .want = true,
						   .address = plan->addresses[i]});
	for (uint32_t i = 0; i < plan->n_links; i++)
		pieces_add(&pieces, (struct piece){
					.kind = PIECE_LINK, .want = true, .link = plan->links[i]});
	for (uint32_t i = 0; i < plan->n_owned; i++)
		add_owned(&pieces, &plan->owned[i]);
	for (uint32_t i = 0; i < plan->n_routes; i++)
		pieces_add(
		    &pieces,
		    (struct piece){.kind = PIECE_ROUTE, .want = true, .route = plan->routes[i]});
	sort_unique(&pieces);
	return pieces;
}

/* What a predecessor left in Linux under our protocol number counts as done: kept if still wanted,
 * removed if not. */
static void adopt(struct reconcile *reconcile, const struct mirror *mirror)
{
	for (uint32_t i = 0; i < mirror->n_interfaces; i++) {
		const struct mirror_interface *interface = &mirror->interfaces[i];

		for (uint32_t j = 0; j < interface->n_addresses; j++) {
			const struct mirror_address *address = &interface->addresses[j];

			if (address->ours)
				pieces_add(
				    &reconcile->pieces,
				    (struct piece){.kind = PIECE_ADDRESS,
						   .done = true,
						   .seen = true,
						   .address = {interface->index, address->addr,
							       address->len, address->secondary}});
		}
	}
	for (uint32_t i = 0; i < mirror->n_routes; i++) {
		const struct mirror_route *route = &mirror->routes[i];

		if (route->protocol == SYSTEM_ROUTE_PROTOCOL && route->metric < 256)
			pieces_add(&reconcile->pieces,
				   (struct piece){.kind = PIECE_ROUTE,
						  .done = true,
						  .seen = true,
						  .route = {route->to, route->via, route->ifindex,
							    (uint8_t)route->metric}});
	}
	sort_unique(&reconcile->pieces);
}

static void take_over(struct piece *to, const struct piece *from)
{
	to->done = from->done;
	to->seen = from->seen;
	to->logged = from->logged;
	to->downs = from->downs;
}

static struct piece *find_piece(const struct pieces *sorted, size_t n, const struct piece *piece)
{
	return n ? bsearch(piece, sorted->list, n, sizeof(*piece), compare_pieces) : NULL;
}

/* The wanted piece that is the same thing: also a route by gateway, planned without an interface
 * and mirrored with one, and an address whose secondary flag is Linux's own choice. */
static struct piece *find_wanted(const struct pieces *wanted, size_t n, struct piece piece)
{
	struct piece *found = find_piece(wanted, n, &piece);

	if (found)
		return found;
	if (piece.kind == PIECE_ROUTE && piece.route.via)
		piece.route.ifindex = 0;
	else if (piece.kind == PIECE_ADDRESS)
		piece.address.secondary = !piece.address.secondary;
	else
		return NULL;
	found = find_piece(wanted, n, &piece);
	return found && !found->done ? found : NULL;
}

/* Carries the state of the old pieces over to the new ones; what is done and no longer wanted stays
 * as work to do. */
static void merge(struct reconcile *reconcile, struct pieces *wanted)
{
	struct pieces *old = &reconcile->pieces;
	size_t n = wanted->n, likely = 0;

	for (size_t i = 0; i < old->n; i++) {
		struct piece *piece = &old->list[i], *found;

		/* Both are sorted: most often it is the one behind the last that was found. */
		if (likely < n && compare_pieces(&wanted->list[likely], piece) == 0)
			found = &wanted->list[likely];
		else
			found = find_wanted(wanted, n, *piece);
		if (found) {
			likely = (size_t)(found - wanted->list) + 1;
			take_over(found, piece);
			continue;
		}
		if (!piece->done || piece->kind == PIECE_LINK)
			continue;
		piece->want = false;
		pieces_add(wanted, *piece);
	}
	free(old->list);
	*old = *wanted;
}

/* By destination, gateway and interface: the first route found at (destination, gateway) is looked
 * at from there. */
static int compare_mirror_routes(const void *pa, const void *pb)
{
	const struct mirror_route *a = pa, *b = pb;

	ORDER(a->to.addr, b->to.addr);
	ORDER(a->to.len, b->to.len);
	ORDER(a->via, b->via);
	ORDER(a->ifindex, b->ifindex);
	return 0;
}

static struct mirror_route *sorted_routes(const struct mirror *mirror)
{
	struct mirror_route *routes;

	if (!mirror->n_routes)
		return NULL;
	routes = mem_alloc(mirror->n_routes * sizeof(*routes));
	memcpy(routes, mirror->routes, mirror->n_routes * sizeof(*routes));
	qsort(routes, mirror->n_routes, sizeof(*routes), compare_mirror_routes);
	return routes;
}

static bool has_route(const struct mirror_route *sorted, uint32_t n, const struct plan_route *route)
{
	struct mirror_route key = {.to = route->to, .via = route->via, .ifindex = route->ifindex};
	uint32_t at = sorted_place(&key, sorted, n, sizeof(*sorted), compare_mirror_routes);

	if (at == n)
		return false;
	if (!route->ifindex)
		key.ifindex = sorted[at].ifindex;
	return compare_mirror_routes(&sorted[at], &key) == 0;
}

static bool has_address(const struct mirror_interface *interface,
			const struct plan_address *address)
{
	for (uint32_t i = 0; interface && i < interface->n_addresses; i++)
		if (interface->addresses[i].addr == address->addr &&
		    interface->addresses[i].len == address->len)
			return true;
	return false;
}

static uint32_t ifindex_of(const struct piece *piece)
{
	switch (piece->kind) {
	case PIECE_ADDRESS:
		return piece->address.ifindex;
	case PIECE_LINK:
		return piece->link.ifindex;
	case PIECE_OWNED:
		return piece->owned.ifindex;
	case PIECE_ROUTE:
		return piece->route.ifindex;
	}
	return 0;
}

/* Finds out what Linux lost since the last run: addresses and routes that were there, and
 * everything routed through a link that went down or away. */
static void notice_losses(struct reconcile *reconcile, const struct mirror *mirror)
{
	struct mirror_route *routes = sorted_routes(mirror);

	for (size_t i = 0; i < reconcile->pieces.n; i++) {
		struct piece *piece = &reconcile->pieces.list[i];
		uint32_t ifindex = ifindex_of(piece);
		const struct mirror_interface *interface =
		    ifindex ? mirror_by_index(mirror, ifindex) : NULL;
		bool there = true;

		if (!piece->done)
			continue;
		if (ifindex && !interface) {
			piece->done = piece->seen = false;
			continue;
		}
		if (piece->kind == PIECE_ADDRESS)
			there = has_address(interface, &piece->address);
		else if (piece->kind == PIECE_ROUTE)
			there = has_route(routes, mirror->n_routes, &piece->route);
		else if (piece->kind == PIECE_OWNED && interface)
			there = interface->admin_up && interface->downs == piece->downs;
		if (!there && (piece->seen || piece->kind == PIECE_OWNED))
			piece->done = false;
		piece->seen = there;
	}
	free(routes);
}

static bool perform(const struct system *system, const struct piece *piece, struct err *err)
{
	switch (piece->kind) {
	case PIECE_ADDRESS:
		return piece->want ? system->address_add(system->self, &piece->address, err)
				   : system->address_remove(system->self, &piece->address, err);
	case PIECE_OWNED:
		return piece->want ? system->owned_add(system->self, &piece->owned, err)
				   : system->owned_remove(system->self, &piece->owned, err);
	case PIECE_ROUTE:
		return piece->want ? system->route_add(system->self, &piece->route, err)
				   : system->route_remove(system->self, &piece->route, err);
	case PIECE_LINK:
		break;
	}
	return system->link_set(system->self, &piece->link, err);
}

/* What the operator would call it. */
static void piece_text(const struct piece *piece, const struct mirror *mirror, char *out, size_t size)
{
	const struct mirror_interface *interface = mirror_by_index(mirror, ifindex_of(piece));
	const char *name = interface ? interface->name : "an interface that is gone";
	char first[IP4_TEXT_SIZE], second[IP4_TEXT_SIZE];

	switch (piece->kind) {
	case PIECE_ADDRESS:
		snprintf(out, size, "address %s/%u of %s", ip4_text(piece->address.addr, first),
			 piece->address.len, name);
		break;
	case PIECE_LINK:
		snprintf(out, size, "link %s %s", name, piece->link.up ? "up" : "down");
		break;
	case PIECE_OWNED:
		snprintf(out, size, "global addresses %s to %s", ip4_text(piece->owned.first, first),
			 ip4_text(piece->owned.last, second));
		break;
	case PIECE_ROUTE:
		snprintf(out, size, "route %s/%u via %s", ip4_text(piece->route.to.addr, first),
			 piece->route.to.len,
			 piece->route.via ? ip4_text(piece->route.via, second) : name);
		break;
	}
}

static void complain(struct piece *piece, const struct mirror *mirror, const struct err *err)
{
	char text[128];
	const struct mirror_interface *interface = mirror_by_index(mirror, ifindex_of(piece));

	/* Nothing can be routed through a link that is down; it is tried again when the link comes
	 * up. */
	if (piece->logged || (interface && !interface->admin_up && piece->kind != PIECE_LINK))
		return;
	piece_text(piece, mirror, text, sizeof(text));
	log_event("CONFIG", LOG_SEV_ERROR, "LINUX", "Cannot %s %s: %s",
		  piece->want ? "set" : "remove", text, err->text);
	piece->logged = true;
}

/* Everything of one kind that is to be done (want) or to be undone. */
static void pass(struct reconcile *reconcile, const struct mirror *mirror, enum piece_kind kind,
		 bool want)
{
	for (size_t i = 0; i < reconcile->pieces.n; i++) {
		struct piece *piece = &reconcile->pieces.list[i];
		const struct mirror_interface *interface;
		struct err err = {""};

		if (piece->kind != kind || piece->want != want || piece->done == want)
			continue;
		if (!perform(reconcile->system, piece, &err)) {
			complain(piece, mirror, &err);
			continue;
		}
		interface = mirror_by_index(mirror, ifindex_of(piece));
		piece->done = want;
		piece->seen = piece->logged = false;
		piece->downs = interface ? interface->downs : 0;
	}
}

/* A prefix that moves to another interface is one key in the kernel's table: the old one goes
 * first. */
static void free_moving(struct reconcile *reconcile)
{
	struct piece *list = reconcile->pieces.list;
	size_t wanted = 0;

	for (size_t i = 0; i < reconcile->pieces.n; i++) {
		struct err err = {""};

		if (list[i].kind != PIECE_OWNED || list[i].want || !list[i].done)
			continue;
		while (wanted < reconcile->pieces.n && list[wanted].want &&
		       (list[wanted].kind < PIECE_OWNED ||
			(list[wanted].kind == PIECE_OWNED &&
			 list[wanted].owned.first < list[i].owned.first)))
			wanted++;
		for (size_t j = wanted;
		     j < reconcile->pieces.n && list[j].want && list[j].kind == PIECE_OWNED &&
		     list[j].owned.first == list[i].owned.first;
		     j++)
			if (list[j].owned.last == list[i].owned.last &&
			    perform(reconcile->system, &list[i], &err))
				list[i].done = list[j].done = false;
	}
}

static bool is_beside(const struct plan_address *a, const struct plan_address *b)
{
	return a->ifindex == b->ifindex && a->len == b->len &&
	       ((a->addr ^ b->addr) & ip4_mask(a->len)) == 0;
}

/* In Linux the first address of a subnet is its primary, from which the router speaks. So when a new
 * primary comes, the secondaries beside it step aside and come again behind it. */
static void free_behind(struct reconcile *reconcile, const struct plan_address *primary)
{
	for (size_t i = 0; i < reconcile->pieces.n; i++) {
		struct piece *piece = &reconcile->pieces.list[i];
		struct err err = {""};

		if (piece->kind != PIECE_ADDRESS || !piece->want || !piece->done ||
		    !piece->address.secondary || !is_beside(&piece->address, primary))
			continue;
		/* Where Linux had removed it together with the old primary, there is nothing to do. */
		reconcile->system->address_remove(reconcile->system->self, &piece->address, &err);
		piece->done = piece->seen = false;
	}
}

static void free_secondaries(struct reconcile *reconcile)
{
	for (size_t i = 0; i < reconcile->pieces.n; i++) {
		const struct piece *piece = &reconcile->pieces.list[i];

		if (piece->kind == PIECE_ADDRESS && piece->want && !piece->done &&
		    !piece->address.secondary)
			free_behind(reconcile, &piece->address);
	}
}

static bool same_hooks(const struct plan_hooks *a, const struct plan_hooks *b)
{
#define SAME(n, array)                                                                             \
	(a->n == b->n && (a->n == 0 || memcmp(a->array, b->array, a->n * sizeof(*a->array)) == 0))
	return a->active == b->active && SAME(n_inside, inside) && SAME(n_outside, outside) &&
	       SAME(n_known, known) && SAME(n_globals, globals) && SAME(n_own, own) &&
	       SAME(n_static_ports, static_ports);
#undef SAME
}

static void run_hooks(struct reconcile *reconcile, struct plan *plan)
{
	struct err err = {""};
	bool same = reconcile->plan && same_hooks(&reconcile->plan->hooks, &plan->hooks);

	plan_free(reconcile->plan);
	reconcile->plan = plan;
	if (same && reconcile->hooks_done)
		return;
	reconcile->hooks_done =
	    reconcile->system->hooks_set(reconcile->system->self, &plan->hooks, &err);
	if (!reconcile->hooks_done && !reconcile->hooks_logged)
		log_event("CONFIG", LOG_SEV_ERROR, "HOOKS", "Cannot install packet rules: %s",
			  err.text);
	reconcile->hooks_logged = !reconcile->hooks_done;
}

/* Forgets what is neither wanted nor there; restores the order. */
static void tidy(struct pieces *pieces)
{
	size_t kept = 0;

	for (size_t i = 0; i < pieces->n; i++)
		if (pieces->list[i].want || pieces->list[i].done)
			pieces->list[kept++] = pieces->list[i];
	pieces->n = kept;
	if (!is_sorted(pieces))
		qsort(pieces->list, kept, sizeof(*pieces->list), compare_pieces);
}

struct reconcile *reconcile_new(const struct system *system)
{
	struct reconcile *reconcile = mem_alloc(sizeof(*reconcile));

	reconcile->system = system;
	return reconcile;
}

void reconcile_free(struct reconcile *reconcile)
{
	if (!reconcile)
		return;
	plan_free(reconcile->plan);
	free(reconcile->pieces.list);
	free(reconcile);
}

static bool has_work(const struct reconcile *reconcile)
{
	for (size_t i = 0; i < reconcile->pieces.n; i++)
		if (reconcile->pieces.list[i].want != reconcile->pieces.list[i].done)
			return true;
	return false;
}

static void work(struct reconcile *reconcile, const struct mirror *mirror)
{
	pass(reconcile, mirror, PIECE_ROUTE, false);
	pass(reconcile, mirror, PIECE_ADDRESS, false);
	free_secondaries(reconcile);
	pass(reconcile, mirror, PIECE_ADDRESS, true);
	pass(reconcile, mirror, PIECE_LINK, true);
	free_moving(reconcile);
	pass(reconcile, mirror, PIECE_OWNED, true);
	pass(reconcile, mirror, PIECE_OWNED, false);
	pass(reconcile, mirror, PIECE_ROUTE, true);
	tidy(&reconcile->pieces);
}

void reconcile_run(struct reconcile *reconcile, struct plan *plan)
{
	const struct system *system = reconcile->system;
	const struct mirror *mirror;
	struct pieces wanted;

	if (!system) {
		plan_free(plan);
		return;
	}
	mirror = system->mirror(system->self);
	if (!reconcile->started)
		adopt(reconcile, mirror);
	reconcile->started = true;
	wanted = pieces_of(plan);
	merge(reconcile, &wanted);
	notice_losses(reconcile, mirror);
	run_hooks(reconcile, plan);
	if (has_work(reconcile))
		work(reconcile, mirror);
}
