/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shows that read the configuration, through their handlers, on a real store: access lists in the layout of IOS, the two
 * configurations with their head lines, and texts that must not drive a terminal.
 */
#include <check.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/print.h"
#include "fake_session.h"
#include "suite.h"
#include "gram_tables.h"

#define A(a, b, c, d) ((ip4)(a) << 24 | (ip4)(b) << 16 | (ip4)(c) << 8 | (ip4)(d))

static struct session session;
static struct store *store;
static char directory[] = "/tmp/test_show_config.XXXXXX";
static char path[64];

static struct mirror_address address = {A(10, 1, 1, 1), 24, false, true};
static struct mirror_interface interface = {.index = 2, .name = "eth0", .admin_up = true, .carrier = true,
					    .n_addresses = 1, .addresses = &address};
static struct mirror_route route = {{A(10, 1, 1, 0), 24}, 0, 2, 2, 0};
static struct mirror mirror = {.n_interfaces = 1, .interfaces = &interface, .n_routes = 1, .routes = &route};

static const struct mirror *fake_mirror(void *self)
{
	(void)self;
	return &mirror;
}

static const struct system fake_system = {.mirror = fake_mirror};

static struct entry *add(struct entry *context, enum gram_cmd_id id, const void *args)
{
	struct entry *entry;

	store_begin(store);
	entry = store_set(store, context, gram_cmds[id], args, NULL);
	store_commit(store);
	ck_assert_ptr_nonnull(entry);
	return entry;
}

static void setup(void)
{
	fake_open(&session);
	store = store_new();
	memcpy(directory + strlen(directory) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/startup-config", directory);
	session.router.store = store;
	session.router.system = &fake_system;
	session.router.startup_path = path;
}

static void teardown(void)
{
	unlink(path);
	rmdir(path);
	rmdir(directory);
	store_free(store);
	fake_close(&session);
}

static void expect(const char *golden)
{
	const char *text = fake_text(&session);

	if (strcmp(text, golden) == 0)
		return;
	fprintf(stderr, "--- expected\n%s--- got\n%s", golden, text);
	ck_abort_msg("the output differs");
}

/* ---- access lists */

static void standard_lists(void)
{
	struct entry *named = add(NULL, CMD_ACL_STANDARD, &(struct args_acl_standard){.name = "GUESTS"});
	struct entry *ninety = add(NULL, CMD_ACL_STANDARD, &(struct args_acl_standard){.name = "99"});
	struct entry *two = add(NULL, CMD_ACL_STANDARD, &(struct args_acl_standard){.name = "2"});

	add(named, CMD_ACE_STANDARD, &(struct args_ace_standard){.has_seq = true, .seq = 10, .any = true,
								 .action = ACE_STANDARD_ACTION_DENY});
	add(ninety, CMD_ACE_STANDARD,
	    &(struct args_ace_standard){.has_seq = true, .seq = 30, .has_source = true, .has_wildcard = true,
					.source = A(10, 0, 10, 0), .wildcard = A(0, 255, 0, 255),
					.action = ACE_STANDARD_ACTION_PERMIT});
	add(ninety, CMD_ACE_STANDARD,
	    &(struct args_ace_standard){.has_seq = true, .seq = 10, .has_host = true, .host = A(172, 16, 191, 199),
					.action = ACE_STANDARD_ACTION_PERMIT});
	add(ninety, CMD_ACE_REMARK, &(struct args_ace_remark){.has_seq = true, .seq = 15, .text = "not shown"});
	add(ninety, CMD_ACE_STANDARD,
	    &(struct args_ace_standard){.has_seq = true, .seq = 20, .has_source = true, .source = A(10, 9, 9, 9),
					.action = ACE_STANDARD_ACTION_DENY});
	add(two, CMD_ACE_STANDARD, &(struct args_ace_standard){.has_seq = true, .seq = 10, .any = true,
							       .action = ACE_STANDARD_ACTION_PERMIT});
}

static void extended_list(void)
{
	struct entry *list = add(NULL, CMD_ACL_EXTENDED, &(struct args_acl_extended){.name = "101"});

	add(list, CMD_ACE_TCP,
	    &(struct args_ace_tcp){.has_seq = true, .seq = 10, .action = ACE_TCP_ACTION_PERMIT,
				   .source_kind = ACE_TCP_SOURCE_KIND_ANY, .destination = A(10, 1, 1, 1),
				   .destination_kind = ACE_TCP_DESTINATION_KIND_HOST,
				   .destination_op = ACE_TCP_DESTINATION_OP_EQ, .n_destination_ports = 1,
				   .destination_ports = {80}});
	add(list, CMD_ACE_IP,
	    &(struct args_ace_ip){.has_seq = true, .seq = 20, .action = ACE_IP_ACTION_DENY, .ip = true,
				  .source_kind = ACE_IP_SOURCE_KIND_SOURCE, .source = A(10, 1, 0, 0),
				  .source_wildcard = A(0, 0, 255, 255),
				  .destination_kind = ACE_IP_DESTINATION_KIND_ANY});
	/* Entered last, of another kind, and yet the first by number: that is where it counts. */
	add(list, CMD_ACE_UDP,
	    &(struct args_ace_udp){.has_seq = true, .seq = 5, .action = ACE_UDP_ACTION_DENY,
				   .source_kind = ACE_UDP_SOURCE_KIND_HOST, .source = A(10, 1, 9, 9),
				   .destination_kind = ACE_UDP_DESTINATION_KIND_ANY,
				   .destination_op = ACE_UDP_DESTINATION_OP_RANGE, .n_destination_ports = 2,
				   .destination_ports = {53, 69}});
	add(NULL, CMD_ACL_EXTENDED, &(struct args_acl_extended){.name = "test"});
}

#define LIST_99                                                                                              \
	"Standard IP access list 99\n"                                                                       \
	"    10 permit 172.16.191.199\n"                                                                     \
	"    20 deny   10.9.9.9\n"                                                                           \
	"    30 permit 10.0.10.0, wildcard bits 0.255.0.255\n"

START_TEST(all_lists)
{
	extended_list();
	standard_lists();
	cmd_show_access_lists(&session, &(struct args_show_access_lists){0}, false);
	expect("Standard IP access list 2\n"
	       "    10 permit any\n" LIST_99 "Standard IP access list GUESTS\n"
	       "    10 deny   any\n"
	       "Extended IP access list 101\n"
	       "    5 deny udp host 10.1.9.9 any range domain tftp\n"
	       "    10 permit tcp any host 10.1.1.1 eq www\n"
	       "    20 deny ip 10.1.0.0 0.0.255.255 any\n"
	       "Extended IP access list test\n");
}
END_TEST

START_TEST(one_list)
{
	standard_lists();
	cmd_show_access_lists(&session, &(struct args_show_access_lists){.has_number = true, .number = 99}, false);
	expect(LIST_99);
	fake_reset(&session);
	cmd_show_ip_access_lists(&session, &(struct args_show_ip_access_lists){.has_name = true, .name = "GUESTS"},
				 false);
	expect("Standard IP access list GUESTS\n    10 deny   any\n");
	fake_reset(&session);
	cmd_show_access_lists(&session, &(struct args_show_access_lists){.has_number = true, .number = 9}, false);
	expect("");
}
END_TEST

/* ---- configurations */

START_TEST(running)
{
	char golden[1024], *text;

	standard_lists();
	text = config_text(store);
	snprintf(golden, sizeof(golden), "Building configuration...\n\nCurrent configuration : %zu bytes\n%s\n",
		 strlen(text), text);
	cmd_show_running(&session, &(struct args_show_running){0}, false);
	expect(golden);
	ck_assert_ptr_nonnull(strstr(golden, "\nend\n\n"));
	ck_assert_ptr_nonnull(strstr(golden, "access-list 2 permit any\n"));
	free(text);
}
END_TEST

static void write_startup(const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

START_TEST(startup)
{
	cmd_show_startup(&session, &(struct args_show_startup){0}, false);
	expect("startup-config is not present\n");
	ck_assert_uint_eq(session.errors, 0);
	fake_reset(&session);
	write_startup("!\nhostname x\x1b[2J\nend\n");
	cmd_show_startup(&session, &(struct args_show_startup){0}, false);
	expect("Using 21 out of 67108864 bytes\n!\nhostname x^[[2J\nend\n\n");
}
END_TEST

START_TEST(startup_unreadable)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
	cmd_show_startup(&session, &(struct args_show_startup){0}, false);
	ck_assert_uint_eq(session.errors, 1);
	ck_assert_int_eq(fake_text(&session)[0], '%');
}
END_TEST

/* A line longer than the printer's piece comes out whole; many lines come in pages. */
START_TEST(long_startup)
{
	const int lines = 3000;
	FILE *file = fopen(path, "w");
	const char *text;
	char *run;

	for (int i = 0; i < lines; i++)
		fputs("!\n", file);
	for (int i = 0; i < 1500; i++)
		fputs("\xc3\xbc", file);
	fclose(file);
	cmd_show_startup(&session, &(struct args_show_startup){0}, false);
	text = fake_text(&session);
	run = strstr(text, "\xc3\xbc");
	ck_assert_ptr_nonnull(run);
	for (int i = 0; i < 1500; i++)
		ck_assert_msg(memcmp(run + 2 * i, "\xc3\xbc", 2) == 0, "character %d", i);
	ck_assert_str_eq(run + 3000, "\n");
	ck_assert_uint_eq(session.calls, (unsigned)(lines + 2 + 255) / 256);
}
END_TEST

/* ---- Linux, through the handlers */

START_TEST(handlers_reach_the_mirror)
{
	cmd_show_ip_interface_brief(&session, &(struct args_show_ip_interface_brief){0}, false);
	cmd_show_ip_route(&session, &(struct args_show_ip_route){0}, false);
	cmd_show_version(&session, &(struct args_show_version){0}, false);
	cmd_show_clock(&session, &(struct args_show_clock){0}, false);
	ck_assert_ptr_nonnull(strstr(fake_text(&session), "\neth0                   10.1.1.1        YES manual up"));
	ck_assert_ptr_nonnull(strstr(fake_text(&session), "\nL        10.1.1.1/32 is directly connected, eth0\n"));
	ck_assert_ptr_nonnull(strstr(fake_text(&session), "\nRouter uptime is "));
	ck_assert_ptr_nonnull(strstr(fake_text(&session), " UTC "));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("show config");
	TCase *tc = tcase_create("show config");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, all_lists);
	tcase_add_test(tc, one_list);
	tcase_add_test(tc, running);
	tcase_add_test(tc, startup);
	tcase_add_test(tc, startup_unreadable);
	tcase_add_test(tc, long_startup);
	tcase_add_test(tc, handlers_reach_the_mirror);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
