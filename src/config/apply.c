/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A commit, step by step: compile, find what vanishes, swap on the packet thread, keep or roll
 * back, then Linux and the state file. Interfaces are known here under the names that the
 * configuration uses.
 */
#include "config/apply.h"

#include <stdlib.h>
#include <string.h>

#include "config/build.h"
#include "config/compile.h"
#include "config/reconcile.h"
#include "config/state.h"
#include "gram_tables.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mem.h"

/* What an interface was called at the last compilation: a rename changes nothing. */
struct known_name {
	uint32_t ifindex;
	char name[MIRROR_NAME_SIZE];
};

struct ids {
	uint32_t n;
	uint64_t *list;
};

struct addresses {
	uint32_t n;
	ip4 *list; /* sorted */
};

struct apply {
	struct store *store;
	const struct system *system;
	struct mailbox *box;
	struct engine *engine;
	struct reconcile *reconcile;
	struct snapshot *current; /* the engine's, or ours while there is no engine; NULL before the
				     first commit */
	struct compile_memory *memory; /* of what `current` was made from */
	uint32_t epoch;
	struct state *state;
	bool state_failed;
	uint32_t n_names;
	struct known_name *names;
};

static const struct mirror no_mirror;

struct apply *apply_new(struct store *store, const struct system *system, struct mailbox *box,
			struct engine *engine)
{
	struct apply *apply = mem_alloc(sizeof(*apply));

	apply->store = store;
	apply->system = system;
	apply->box = box;
	apply->engine = engine;
	apply->reconcile = reconcile_new(system);
	apply->memory = compile_memory_new();
	return apply;
}

void apply_free(struct apply *apply)
{
	if (!apply)
		return;
	if (!apply->engine)
		snapshot_free(apply->current);
	reconcile_free(apply->reconcile);
	compile_memory_free(apply->memory);
	state_free(apply->state);
	free(apply->names);
	free(apply);
}

void apply_begin(struct apply *apply)
{
	store_begin(apply->store);
}

void apply_abort(struct apply *apply)
{
	store_rollback(apply->store);
}

void apply_state_file(struct apply *apply, const char *path)
{
	state_free(apply->state);
	apply->state = path ? state_new(path) : NULL;
}

const struct mirror *apply_mirror(const struct apply *apply)
{
	return apply->system ? apply->system->mirror(apply->system->self) : &no_mirror;
}

/* ---- the mirror under the names that the configuration knows */

static bool is_configured(const struct apply *apply, const char *name)
{
	struct args_interface key = {""};

	build_copy_name(key.name, name);
	return store_find(apply->store, NULL, gram_cmds[CMD_INTERFACE], &key);
}

static const char *known_name(const struct apply *apply, uint32_t ifindex)
{
	for (uint32_t i = 0; i < apply->n_names; i++)
		if (apply->names[i].ifindex == ifindex)
			return apply->names[i].name;
	return NULL;
}

/* A configured interface that was renamed keeps its old name here, until that name is somebody
 * else's or the configuration mentions the new one. */
static void keep_name(const struct apply *apply, const struct mirror *mirror,
		      struct mirror_interface *interface)
{
	const char *old = known_name(apply, interface->index);

	if (!old || strcmp(old, interface->name) == 0 || mirror_by_name(mirror, old))
		return;
	if (!is_configured(apply, old) || is_configured(apply, interface->name))
		return;
	memcpy(interface->name, old, sizeof(interface->name));
}

/* Shares everything but the interface array with the mirror. */
static struct mirror view_of(struct apply *apply, const struct mirror *mirror)
{
	struct mirror view = *mirror;
	struct known_name *names = mem_alloc(mirror->n_interfaces * sizeof(*names));

	view.interfaces = mem_alloc(mirror->n_interfaces * sizeof(*view.interfaces));
	for (uint32_t i = 0; i < view.n_interfaces; i++) {
		view.interfaces[i] = mirror->interfaces[i];
		keep_name(apply, mirror, &view.interfaces[i]);
		names[i].ifindex = view.interfaces[i].index;
		memcpy(names[i].name, view.interfaces[i].name, sizeof(names[i].name));
	}
	free(apply->names);
	apply->names = names;
	apply->n_names = view.n_interfaces;
	return view;
}

/* ---- what the swap must know of the difference of two snapshots */

static void push_gone(struct ids *gone, const struct snapshot *new, uint64_t id)
{
	if (!snapshot_has_rule(new, id))
		*BUILD_PUSH(gone->list, gone->n) = id;
}

/* The rules of the old snapshot that the new one no longer has. */
static struct ids gone_rules(const struct snapshot *old, const struct snapshot *new)
{
	struct ids gone = {0};

	for (uint32_t i = 0; old && old->statics != new->statics && i < old->n_statics; i++)
		push_gone(&gone, new, old->statics[i].id);
	for (uint32_t i = 0; old && i < old->n_rules; i++)
		push_gone(&gone, new, old->rules[i].id);
	return gone;
}

static int compare_addr(const void *pa, const void *pb)
{
	ip4 a = *(const ip4 *)pa, b = *(const ip4 *)pb;

	return a < b ? -1 : a > b;
}

static void push_addr(struct addresses *addresses, ip4 addr)
{
	/* Many entries in a row are on one address. */
	if (addr && !(addresses->n && addresses->list[addresses->n - 1] == addr))
		*BUILD_PUSH(addresses->list, addresses->n) = addr;
}

/* The addresses of interfaces that rules and interface entries translate to. */
static struct addresses borrowed(const struct snapshot *snapshot)
{
	struct addresses addresses = {0};

	for (uint32_t i = 0; snapshot && i < snapshot->n_rules; i++)
		if (snapshot->rules[i].is_interface)
			push_addr(&addresses, snapshot->rules[i].address);
	for (uint32_t i = 0; snapshot && i < snapshot->n_statics; i++)
		if (snapshot->statics[i].ifindex)
			push_addr(&addresses, snapshot->statics[i].global);
	return addresses;
}

static void sort_addresses(struct addresses *addresses)
{
	uint32_t kept = 0;

	if (!addresses->n)
		return;
	qsort(addresses->list, addresses->n, sizeof(*addresses->list), compare_addr);
	for (uint32_t i = 1; i < addresses->n; i++)
		if (addresses->list[i] != addresses->list[kept])
			addresses->list[++kept] = addresses->list[i];
	addresses->n = kept + 1;
}

static bool has_address(const struct addresses *addresses, ip4 addr)
{
	return addresses->n &&
	       bsearch(&addr, addresses->list, addresses->n, sizeof(addr), compare_addr);
}

static bool is_static_global(const struct snapshot *snapshot, ip4 addr)
{
	for (uint32_t i = 0; i < snapshot->n_statics; i++)
		if (snapshot->statics[i].global == addr)
			return true;
	return false;
}

/* Addresses that flows may stand on and that nothing gives out any more: the router's own that are
 * gone, and those that an interface rule or entry used and now uses another in place of. */
static struct addresses gone_addresses(const struct snapshot *old, const struct snapshot *new)
{
	struct addresses before = borrowed(old), after = borrowed(new), gone = {0};

	sort_addresses(&before);
	sort_addresses(&after);
	for (uint32_t i = 0; old && i < old->n_own; i++)
		if (!snapshot_own(new, old->own[i].addr))
			push_addr(&before, old->own[i].addr);
	for (uint32_t i = 0; i < before.n; i++)
		if (!has_address(&after, before.list[i]) && !snapshot_is_global(new, before.list[i]) &&
		    !is_static_global(new, before.list[i]))
			push_addr(&gone, before.list[i]);
	free(before.list);
	free(after.list);
	sort_addresses(&gone);
	return gone;
}

#define SAME(n, array)                                                                             \
	(a->n == b->n && (a->n == 0 || a->array == b->array ||                                      \
			  memcmp(a->array, b->array, a->n * sizeof(*a->array)) == 0))

/* Would the engine decide anything differently? Padding may make equal ones look different, which
 * costs a swap. */
static bool same_snapshot(const struct snapshot *a, const struct snapshot *b)
{
	return memcmp(a->timeouts, b->timeouts, sizeof(a->timeouts)) == 0 &&
	       a->half_only == b->half_only && a->max_entries == b->max_entries && a->max_all_host == b->max_all_host &&
	       SAME(n_host_limits, host_limits) && SAME(n_list_limits, list_limits) && SAME(n_interfaces, interfaces) &&
	       SAME(n_own, own) && SAME(n_aces, aces) && SAME(n_port_ranges, port_ranges) &&
	       SAME(n_acls, acls) && SAME(n_pools, pools) && SAME(n_pool_ranges, pool_ranges) &&
	       SAME(n_statics, statics) && SAME(n_rules, rules) &&
	       SAME(n_port_timeouts, port_timeouts) && SAME(n_globals, globals) &&
	       SAME(n_reassemblies, reassemblies) && SAME(n_mss, mss) && SAME(n_services, services) &&
	       a->dns_reset_ttl == b->dns_reset_ttl && a->dns_v6 == b->dns_v6 && a->sip_ice == b->sip_ice &&
	       a->allow_multipart == b->allow_multipart;
}
#undef SAME

/* ---- the swap */

struct swap_call {
	struct engine *engine;
	struct swap swap;
	bool good;
};

static void prepare_on_packet_thread(void *arg)
{
	struct swap_call *call = arg;

	call->good = engine_swap_prepare(call->engine, call->swap.snapshot);
}

static void sweep_on_packet_thread(void *arg)
{
	struct swap_call *call = arg;

	call->good = engine_sweep(call->engine, clock_now());
}

static void swap_on_packet_thread(void *arg)
{
	struct swap_call *call = arg;

	call->good = engine_swap(call->engine, clock_now(), &call->swap);
}

static bool on_packet_thread(struct apply *apply, void (*function)(void *), struct swap_call *call)
{
	if (apply->box)
		mailbox_call(apply->box, function, call);
	else
		function(call);
	return call->good;
}

/* Packets wait for each call, not for all of them. Whoever asks the engine afterwards finds nothing of what had to go. */
static bool swap_call(struct apply *apply, struct swap_call *call)
{
	call->engine = apply->engine;
	if (!apply->engine) {
		call->swap.old = apply->current;
		return true;
	}
	while (!on_packet_thread(apply, prepare_on_packet_thread, call))
		;
	if (!on_packet_thread(apply, swap_on_packet_thread, call))
		return false;
	while (!on_packet_thread(apply, sweep_on_packet_thread, call))
		;
	return true;
}

/* Takes the snapshot over, or frees it. The old one is freed here, on the management thread. */
static bool swap_changed(struct apply *apply, struct snapshot *snapshot, bool kill_flows,
			 uint64_t *busy)
{
	struct ids rules = gone_rules(apply->current, snapshot);
	struct addresses gone = gone_addresses(apply->current, snapshot);
	struct swap_call call = {.swap = {.snapshot = snapshot, .gone = gone.n > 0}};
	bool good;

	snapshot_descend(snapshot, apply->current);
	call.swap.n_kill = kill_flows ? rules.n : 0;
	call.swap.kill = rules.list;
	call.swap.n_must_be_idle = kill_flows ? 0 : rules.n;
	call.swap.must_be_idle = rules.list;
	good = swap_call(apply, &call);
	if (good) {
		snapshot_free(call.swap.old);
		apply->current = snapshot;
		apply->epoch++;
	} else {
		*busy = call.swap.busy_rule;
		snapshot_free(snapshot);
	}
	free(rules.list);
	free(gone.list);
	return good;
}

/* A snapshot that says the same is not swapped: every swap makes every flow prove itself again. */
static bool swap_to(struct apply *apply, struct snapshot *snapshot, bool kill_flows, uint64_t *busy)
{
	if (apply->current && same_snapshot(apply->current, snapshot)) {
		snapshot_free(snapshot);
		return true;
	}
	return swap_changed(apply, snapshot, kill_flows, busy);
}

/* ---- commit and refresh */

static void save_state(struct apply *apply)
{
	struct err err = {""};
	bool good;

	if (!apply->state)
		return;
	good = state_save(apply->state, apply->store, &err);
	if (!good && !apply->state_failed)
		log_event("CONFIG", LOG_SEV_ERROR, "STATE", "%s", err.text);
	apply->state_failed = !good;
}

static void name_rule(const struct apply *apply, uint64_t id, struct err *err)
{
	struct entry *entry = NULL;
	char line[sizeof(err->text)];

	while ((entry = store_next(apply->store, NULL, NULL, entry)))
		if (compile_is_rule(entry->cmd) && compile_rule_id(entry) == id) {
			gram_print(entry->cmd, entry->args, NULL, line, sizeof(line));
			err_set(err, "%s", line);
			return;
		}
	err_set(err, "A rule to be removed is in use");
}

static void compile_now(struct apply *apply, struct snapshot **snapshot, struct plan **plan)
{
	struct mirror view = view_of(apply, apply_mirror(apply));

	compile(apply->store, &view, apply->epoch + 1, apply->memory, snapshot, plan);
	free(view.interfaces);
}

enum apply_result apply_commit(struct apply *apply, bool kill_flows, struct err *err)
{
	struct snapshot *snapshot;
	struct plan *plan;
	uint64_t busy = 0;

	if (apply->current && !store_changed(apply->store)) {
		store_commit(apply->store);
		return APPLY_OK;
	}
	compile_now(apply, &snapshot, &plan);
	if (!swap_to(apply, snapshot, kill_flows, &busy)) {
		plan_free(plan);
		store_rollback(apply->store);
		name_rule(apply, busy, err);
		return APPLY_IN_USE;
	}
	if (apply->state)
		state_note(apply->state, apply->store);
	store_commit(apply->store);
	compile_keep(apply->memory, apply->store, apply->current);
	reconcile_run(apply->reconcile, plan);
	save_state(apply);
	return APPLY_OK;
}

/* No rule vanishes here, so the swap cannot be refused; before the first commit there is nothing to
 * refresh. */
void apply_refresh(struct apply *apply)
{
	struct snapshot *snapshot;
	struct plan *plan;
	uint64_t busy = 0;

	if (!apply->current)
		return;
	compile_now(apply, &snapshot, &plan);
	if (!swap_to(apply, snapshot, true, &busy))
		log_event("CONFIG", LOG_SEV_ERROR, "REFRESH", "the engine refused a refresh");
	else
		compile_keep(apply->memory, apply->store, apply->current);
	reconcile_run(apply->reconcile, plan);
}
