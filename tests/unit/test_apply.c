/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commit, refusal, refresh: against a Linux that records what it is told and an engine that can be told to refuse. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "config/apply.h"
#include "config/save.h"
#include "lines.h"
#include "mirrors.h"
#include "suite.h"

/* ---- a fake engine: the functions apply calls */

struct engine {
	uint64_t busy; /* this rule has flows */
	unsigned swaps;
	struct snapshot *current;
	uint32_t n_idle, n_kill;
	bool gone;
	uint64_t first_kill;
	unsigned prepares, sweeps; /* since the last swap; both want two calls */
};

bool engine_swap_prepare(struct engine *engine, const struct snapshot *next)
{
	ck_assert_ptr_nonnull(next);
	return ++engine->prepares == 2;
}

bool engine_sweep(struct engine *engine, uint64_t now)
{
	(void)now;
	return ++engine->sweeps == 2;
}

bool engine_swap(struct engine *engine, uint64_t now, struct swap *swap)
{
	(void)now;
	engine->n_idle = swap->n_must_be_idle;
	engine->n_kill = swap->n_kill;
	engine->gone = swap->gone;
	ck_assert_uint_eq(engine->prepares, 2);
	engine->prepares = engine->sweeps = 0;
	engine->first_kill = swap->n_kill ? swap->kill[0] : 0;
	for (uint32_t i = 0; i < swap->n_must_be_idle; i++) {
		if (swap->must_be_idle[i] != engine->busy)
			continue;
		swap->busy_rule = engine->busy;
		swap->busy_count = 1;
		return false;
	}
	swap->old = engine->current;
	engine->current = swap->snapshot;
	engine->swaps++;
	return true;
}

/* ---- a fake Linux: a log of calls, and one call that fails */

static struct mirror mirror;
static char calls[4096];
static const char *failing;

static bool record(struct err *err, const char *format, ...)
{
	char line[200];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (failing && strcmp(line, failing) == 0)
		return err_set(err, "told to fail");
	strncat(calls, line, sizeof(calls) - strlen(calls) - 1);
	strncat(calls, "\n", sizeof(calls) - strlen(calls) - 1);
	return true;
}

static const struct mirror *fake_mirror(void *self)
{
	(void)self;
	return &mirror;
}

static bool fake_link(void *self, const struct plan_link *link, struct err *err)
{
	(void)self;
	return record(err, "link %u %s", link->ifindex, link->up ? "up" : "down");
}

static bool address_call(const char *verb, const struct plan_address *address, struct err *err)
{
	char text[IP4_TEXT_SIZE];

	return record(err, "%saddress %u %s/%u%s", verb, address->ifindex, ip4_text(address->addr, text), address->len,
		      address->secondary ? " secondary" : "");
}

static bool fake_address_add(void *self, const struct plan_address *address, struct err *err)
{
	(void)self;
	return address_call("+", address, err);
}

static bool fake_address_remove(void *self, const struct plan_address *address, struct err *err)
{
	(void)self;
	return address_call("-", address, err);
}

static bool route_call(const char *verb, const struct plan_route *route, struct err *err)
{
	char to[IP4_TEXT_SIZE], via[IP4_TEXT_SIZE];

	return record(err, "%sroute %s/%u %s %u", verb, ip4_text(route->to.addr, to), route->to.len,
		      ip4_text(route->via, via), route->ifindex);
}

static bool fake_route_add(void *self, const struct plan_route *route, struct err *err)
{
	(void)self;
	return route_call("+", route, err);
}

static bool fake_route_remove(void *self, const struct plan_route *route, struct err *err)
{
	(void)self;
	return route_call("-", route, err);
}

static bool owned_call(const char *verb, const struct plan_owned *owned, struct err *err)
{
	char first[IP4_TEXT_SIZE], last[IP4_TEXT_SIZE];

	return record(err, "%sowned %s %s %u", verb, ip4_text(owned->first, first), ip4_text(owned->last, last),
		      owned->ifindex);
}

static bool fake_owned_add(void *self, const struct plan_owned *owned, struct err *err)
{
	(void)self;
	return owned_call("+", owned, err);
}

static bool fake_owned_remove(void *self, const struct plan_owned *owned, struct err *err)
{
	(void)self;
	return owned_call("-", owned, err);
}

static bool fake_hooks(void *self, const struct plan_hooks *hooks, struct err *err)
{
	(void)self;
	return record(err, "hooks %s %u %u", hooks->active ? "on" : "off", hooks->n_inside, hooks->n_outside);
}

static const struct system linux_fake = {
	.mirror = fake_mirror,	       .link_set = fake_link,
	.address_add = fake_address_add,     .address_remove = fake_address_remove,
	.route_add = fake_route_add,	 .route_remove = fake_route_remove,
	.owned_add = fake_owned_add,	 .owned_remove = fake_owned_remove,
	.hooks_set = fake_hooks,
};

/* ---- */

static struct engine engine;
static struct store *store;
static struct apply *apply;

#define BASE "interface eth0\n ip address 192.0.2.1 255.255.255.0\n ip nat outside\ninterface eth1\n ip nat inside\n"

static void setup(void)
{
	memset(&engine, 0, sizeof(engine));
	memset(&mirror, 0, sizeof(mirror));
	mirror_add(&mirror, 2, "eth0");
	mirror_add(&mirror, 3, "eth1");
	mirror_add_address(&mirror, 3, "10.0.0.1", 24, false);
	calls[0] = '\0';
	failing = NULL;
	store = store_new();
	apply = apply_new(store, &linux_fake, NULL, &engine);
}

static void teardown(void)
{
	apply_free(apply);
	store_free(store);
	snapshot_free(engine.current);
	mirror_clear(&mirror);
}

/* Runs the lines as one candidate; what Linux is told is in calls[]. */
static enum apply_result commit(const char *text, bool kill, struct err *err)
{
	apply_begin(apply);
	lines_load(store, text);
	calls[0] = '\0';
	return apply_commit(apply, kill, err);
}

static void commit_ok(const char *text)
{
	struct err err = { "" };

	ck_assert_msg(commit(text, false, &err) == APPLY_OK, "%s", err.text);
}

static void refresh(void)
{
	calls[0] = '\0';
	apply_refresh(apply);
}

START_TEST(linux_is_told_in_order)
{
	commit_ok(BASE "ip route 10.9.0.0 255.255.0.0 10.0.0.9\nip nat pool P 192.0.2.8 192.0.2.11 prefix-length 24\n"
		       "ip nat inside source list 1 pool P\n");
	ck_assert_str_eq(calls, "hooks on 1 1\n+address 2 192.0.2.1/24\nlink 2 up\nlink 3 up\n"
				"+owned 192.0.2.8 192.0.2.11 2\n+route 10.9.0.0/16 10.0.0.9 0\n");
	ck_assert_uint_eq(engine.swaps, 1);
	ck_assert_uint_eq(engine.current->n_rules, 1);
}
END_TEST

START_TEST(only_differences_are_told)
{
	commit_ok(BASE "ip route 10.9.0.0 255.255.0.0 10.0.0.9\nip nat inside source static 10.0.0.9 192.0.2.9\n");
	commit_ok("hostname other\n");
	ck_assert_str_eq(calls, "");
	ck_assert_uint_eq(engine.swaps, 1);
	commit_ok("ip nat inside source static 10.0.0.10 192.0.2.10\n");
	ck_assert_str_eq(calls, "hooks on 1 1\n+owned 192.0.2.10 192.0.2.10 2\n");
	ck_assert_uint_eq(engine.swaps, 2);
	commit_ok("interface eth1\n shutdown\n");
	ck_assert_str_eq(calls, "link 3 down\n");
	commit_ok("no ip route 10.9.0.0 255.255.0.0 10.0.0.9\ninterface eth0\n ip address 192.0.2.2 255.255.255.0\n");
	ck_assert_str_eq(calls, "hooks on 1 1\n-route 10.9.0.0/16 10.0.0.9 0\n-address 2 192.0.2.1/24\n"
				"+address 2 192.0.2.2/24\n");
	refresh();
	ck_assert_str_eq(calls, "");
}
END_TEST

/* Linux speaks from the first address of a subnet: a new primary comes in front of the secondaries that stay. */
START_TEST(a_new_primary_goes_before_its_secondaries)
{
	commit_ok(BASE "interface eth0\n ip address 192.0.2.3 255.255.255.0 secondary\n"
		       " ip address 192.0.3.3 255.255.255.0 secondary\n");
	ck_assert_ptr_nonnull(strstr(calls, "+address 2 192.0.2.1/24\n+address 2 192.0.2.3/24 secondary\n"
					    "+address 2 192.0.3.3/24 secondary\n"));
	commit_ok("interface eth0\n ip address 192.0.2.2 255.255.255.0\n");
	ck_assert_ptr_nonnull(strstr(calls, "-address 2 192.0.2.1/24\n-address 2 192.0.2.3/24 secondary\n"
					    "+address 2 192.0.2.2/24\n+address 2 192.0.2.3/24 secondary\n"));
	ck_assert_ptr_null(strstr(calls, "192.0.3.3"));
	commit_ok("interface eth0\n ip address 192.0.2.4 255.255.255.0 secondary\n");
	ck_assert_ptr_null(strstr(calls, "192.0.2.3"));
	refresh();
	ck_assert_str_eq(calls, "");
}
END_TEST

/* A pool that grows keeps what it has: no address of it flaps. */
START_TEST(owned_ranges_change_by_prefix)
{
	commit_ok(BASE "ip nat pool P prefix-length 24\n address 192.0.2.8 192.0.2.12\n");
	ck_assert_ptr_nonnull(strstr(calls, "+owned 192.0.2.8 192.0.2.11 2\n+owned 192.0.2.12 192.0.2.12 2\n"));
	commit_ok("ip nat pool P prefix-length 24\n no address 192.0.2.8 192.0.2.12\n address 192.0.2.8 192.0.2.13\n");
	ck_assert_str_eq(calls, "hooks on 1 1\n+owned 192.0.2.12 192.0.2.13 2\n-owned 192.0.2.12 192.0.2.12 2\n");
	commit_ok("interface eth0\n no ip address\ninterface eth1\n ip address 192.0.2.1 255.255.255.0\n"
		  " ip nat outside\n");
	ck_assert_ptr_nonnull(strstr(calls, "-owned 192.0.2.8 192.0.2.11 2\n"));
	ck_assert(strstr(calls, "-owned 192.0.2.8 192.0.2.11 2\n") < strstr(calls, "+owned 192.0.2.8 192.0.2.11 3\n"));
}
END_TEST

START_TEST(a_rule_in_use_is_refused_and_nothing_changes)
{
	struct err err = { "" };
	char *before, *after;

	commit_ok(BASE "ip nat inside source list 1 interface eth0\n");
	before = config_text(store);
	engine.busy = engine.current->rules[0].id;
	ck_assert_int_eq(commit("no ip nat inside source list 1 interface eth0\nhostname x\n", false, &err),
			 APPLY_IN_USE);
	ck_assert_str_eq(err.text, "ip nat inside source list 1 interface eth0 overload");
	ck_assert_str_eq(calls, "");
	after = config_text(store);
	ck_assert_str_eq(before, after);
	ck_assert_uint_eq(engine.current->n_rules, 1);
	free(before);
	free(after);
	/* other changes are not held up */
	commit_ok("hostname y\nip nat inside source static 10.0.0.9 192.0.2.9\n");
	ck_assert_uint_eq(engine.n_idle, 0);
	/* and killing its flows is another answer */
	ck_assert_int_eq(commit("no ip nat inside source list 1 interface eth0\n", true, &err), APPLY_OK);
	ck_assert_uint_eq(engine.n_kill, 1);
	ck_assert_uint_eq(engine.first_kill, engine.busy);
	ck_assert_uint_eq(engine.current->n_rules, 0);
}
END_TEST

START_TEST(a_static_that_goes_must_be_idle)
{
	struct err err = { "" };

	commit_ok(BASE "ip nat inside source static 10.0.0.9 192.0.2.9\n");
	engine.busy = engine.current->statics[0].id;
	ck_assert_int_eq(commit("no ip nat inside source static 10.0.0.9 192.0.2.9\n", false, &err), APPLY_IN_USE);
	ck_assert_str_eq(err.text, "ip nat inside source static 10.0.0.9 192.0.2.9");
	commit_ok("ip nat inside source static 10.0.0.9 192.0.2.9 extendable\n"); /* the same translation */
	ck_assert_uint_eq(engine.n_idle, 0);
}
END_TEST

START_TEST(a_changed_interface_address_is_gone)
{
	commit_ok(BASE "no interface eth0\ninterface eth0\n ip nat outside\nip nat inside source list 1 interface eth0\n");
	mirror_add_address(&mirror, 2, "198.51.100.5", 24, false);
	refresh();
	ck_assert_uint_eq(engine.current->rules[0].address, addr("198.51.100.5"));
	ck_assert(!engine.gone);
	mirror_at(&mirror, 2)->addresses[0].addr = addr("198.51.100.6");
	refresh();
	ck_assert(engine.gone);
	ck_assert_uint_eq(engine.sweeps, 2);
	ck_assert_uint_eq(engine.current->rules[0].address, addr("198.51.100.6"));
}
END_TEST

/* Nothing that matters changed: no swap, nothing told. */
START_TEST(an_idle_refresh_does_nothing)
{
	unsigned swaps;

	commit_ok(BASE "ip nat inside source list 1 interface eth0\n");
	swaps = engine.swaps;
	mirror_at(&mirror, 3)->carrier = false;
	refresh();
	ck_assert_uint_eq(engine.swaps, swaps);
	ck_assert_str_eq(calls, "");
}
END_TEST

START_TEST(what_failed_is_tried_again)
{
	failing = "+address 2 192.0.2.1/24";
	commit_ok(BASE);
	ck_assert_ptr_null(strstr(calls, "address"));
	refresh();
	ck_assert_str_eq(calls, "");
	failing = NULL;
	refresh();
	ck_assert_str_eq(calls, "+address 2 192.0.2.1/24\n");
	refresh();
	ck_assert_str_eq(calls, "");
}
END_TEST

START_TEST(what_linux_loses_is_put_back)
{
	commit_ok(BASE "ip route 10.9.0.0 255.255.0.0 10.0.0.9\nip nat inside source static 10.0.0.9 192.0.2.9\n");
	mirror_add_address(&mirror, 2, "192.0.2.1", 24, true);
	mirror.routes = mem_alloc(sizeof(*mirror.routes));
	mirror.routes[0] = (struct mirror_route){ { addr("10.9.0.0"), 16 }, addr("10.0.0.9"), 3, 211, 1 };
	mirror.n_routes = 1;
	refresh();
	ck_assert_str_eq(calls, "");
	mirror.n_routes = 0;
	refresh();
	ck_assert_str_eq(calls, "+route 10.9.0.0/16 10.0.0.9 0\n");
	mirror_at(&mirror, 2)->n_addresses = 0;
	refresh();
	ck_assert_str_eq(calls, "+address 2 192.0.2.1/24\n");
	mirror_at(&mirror, 2)->downs++; /* a flap between two looks */
	refresh();
	ck_assert_str_eq(calls, "+owned 192.0.2.9 192.0.2.9 2\n");
}
END_TEST

START_TEST(leftovers_of_a_predecessor)
{
	mirror_add_address(&mirror, 2, "192.0.2.1", 24, true); /* still wanted */
	mirror_add_address(&mirror, 2, "192.0.2.7", 24, true); /* not */
	mirror_add_address(&mirror, 2, "192.0.2.99", 24, false); /* somebody else's */
	mirror.routes = mem_alloc(3 * sizeof(*mirror.routes));
	mirror.routes[0] = (struct mirror_route){ { addr("10.9.0.0"), 16 }, addr("10.0.0.9"), 3, 211, 1 };
	mirror.routes[1] = (struct mirror_route){ { addr("10.8.0.0"), 16 }, addr("10.0.0.9"), 3, 211, 1 };
	mirror.routes[2] = (struct mirror_route){ { addr("10.7.0.0"), 16 }, addr("10.0.0.9"), 3, 3, 0 };
	mirror.n_routes = 3;
	commit_ok(BASE "ip route 10.9.0.0 255.255.0.0 10.0.0.9\n");
	ck_assert_str_eq(calls, "hooks on 1 1\n-route 10.8.0.0/16 10.0.0.9 3\n-address 2 192.0.2.7/24\n"
				"link 2 up\nlink 3 up\n");
}
END_TEST

START_TEST(a_rename_changes_nothing)
{
	unsigned swaps;

	commit_ok(BASE "ip nat inside source list 1 interface eth0\n");
	swaps = engine.swaps;
	snprintf(mirror_at(&mirror, 2)->name, MIRROR_NAME_SIZE, "wan");
	snprintf(mirror_at(&mirror, 2)->linux_name, 16, "wan");
	refresh();
	ck_assert_uint_eq(engine.swaps, swaps);
	ck_assert_str_eq(calls, "");
	commit_ok("hostname x\n");
	ck_assert_uint_eq(engine.current->rules[0].address, addr("192.0.2.1"));
	/* the name goes to another interface: then that one is meant */
	mirror_add(&mirror, 9, "eth0");
	refresh();
	ck_assert_ptr_nonnull(strstr(calls, "+address 9 192.0.2.1/24\n"));
	ck_assert_ptr_nonnull(strstr(calls, "-address 2 192.0.2.1/24\n"));
}
END_TEST

START_TEST(deleted_and_made_again)
{
	commit_ok(BASE);
	mirror_at(&mirror, 2)->index = 1; /* stands for: 2 is gone and a new one has come */
	refresh();
	ck_assert_str_eq(calls, "hooks on 1 1\n+address 1 192.0.2.1/24\nlink 1 up\n");
}
END_TEST

START_TEST(state_file_holds_the_committed_text)
{
	char path[] = "/tmp/algate-test-XXXXXX", file[64];
	struct err err = { "" };
	size_t length;
	char *text, *now;

	ck_assert_ptr_nonnull(mkdtemp(path));
	snprintf(file, sizeof(file), "%s/running-config", path);
	apply_state_file(apply, file);
	commit_ok(BASE);
	text = load_file(file, &length, &err);
	now = config_text(store);
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, now);
	ck_assert_uint_eq(length, strlen(now));
	apply_begin(apply);
	lines_load(store, "hostname gone\n");
	apply_abort(apply);
	free(text);
	text = load_file(file, &length, &err);
	ck_assert_str_eq(text, now);
	free(text);
	free(now);
	unlink(file);
	ck_assert_ptr_null(load_file(file, &length, &err));
	ck_assert_str_eq(err.text, "");
	ck_assert_ptr_null(load_file(path, &length, &err)); /* a directory */
	ck_assert_str_ne(err.text, "");
	ck_assert(!save_file("/nonexistent/x", "a", 1, &err));
	rmdir(path);
}
END_TEST

START_TEST(without_linux_and_engine)
{
	struct store *other = store_new();
	struct apply *check = apply_new(other, NULL, NULL, NULL);
	struct err err = { "" };

	for (unsigned i = 0; i < 3; i++) {
		apply_begin(check);
		lines_load(other, i == 2 ? "no interface eth0\n" : BASE "ip nat inside source static 10.0.0.1 192.0.2.7\n");
		ck_assert_int_eq(apply_commit(check, false, &err), APPLY_OK);
	}
	apply_refresh(check);
	apply_free(check);
	store_free(other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("apply");
	TCase *tests = tcase_create("apply");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, linux_is_told_in_order);
	tcase_add_test(tests, only_differences_are_told);
	tcase_add_test(tests, a_new_primary_goes_before_its_secondaries);
	tcase_add_test(tests, owned_ranges_change_by_prefix);
	tcase_add_test(tests, a_rule_in_use_is_refused_and_nothing_changes);
	tcase_add_test(tests, a_static_that_goes_must_be_idle);
	tcase_add_test(tests, a_changed_interface_address_is_gone);
	tcase_add_test(tests, an_idle_refresh_does_nothing);
	tcase_add_test(tests, what_failed_is_tried_again);
	tcase_add_test(tests, what_linux_loses_is_put_back);
	tcase_add_test(tests, leftovers_of_a_predecessor);
	tcase_add_test(tests, a_rename_changes_nothing);
	tcase_add_test(tests, deleted_and_made_again);
	tcase_add_test(tests, state_file_holds_the_committed_text);
	tcase_add_test(tests, without_linux_and_engine);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
