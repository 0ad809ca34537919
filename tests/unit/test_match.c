/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What typed lines mean, where the caret stands, what `?` and Tab say. */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/match.h"
#include "gram_tables.h"
#include "suite.h"

#define NONE (-1)

struct line_case {
	int mode, level;
	const char *line;
	enum match_kind kind;
	int value; /* OK: the command's id; INVALID: the caret */
};

static const struct line_case lines[] = {
	/* prefixes */
	{MODE_EXEC, 1, "sh ver", MATCH_OK, CMD_SHOW_VERSION},
	{MODE_EXEC, 1, "SHOW Version", MATCH_OK, CMD_SHOW_VERSION},
	{MODE_EXEC, 1, "\tshow \t version  ", MATCH_OK, CMD_SHOW_VERSION},
	{MODE_EXEC, 1, "sh ip nat tr", MATCH_OK, CMD_SHOW_NAT_TRANSLATIONS},
	{MODE_EXEC, 15, "conf", MATCH_OK, CMD_CONFIGURE},
	{MODE_EXEC, 15, "co", MATCH_AMBIGUOUS, NONE},
	{MODE_EXEC, 15, "c foo", MATCH_AMBIGUOUS, NONE},
	{MODE_EXEC, 15, "sh", MATCH_INCOMPLETE, NONE},
	{MODE_EXEC, 15, "sh ip n", MATCH_INCOMPLETE, NONE},
	{MODE_EXEC, 15, "", MATCH_EMPTY, NONE},
	{MODE_EXEC, 15, " \t ", MATCH_EMPTY, NONE},
	{MODE_CONFIG, 15, "! a comment", MATCH_EMPTY, NONE},
	/* options in any order, each once, alternatives exclude each other */
	{MODE_EXEC, 1, "show ip nat translations verbose tcp", MATCH_OK, CMD_SHOW_NAT_TRANSLATIONS},
	{MODE_EXEC, 1, "show ip nat translations tcp total v", MATCH_OK, CMD_SHOW_NAT_TRANSLATIONS},
	{MODE_EXEC, 1, "show ip nat translations tcp udp", MATCH_INVALID, 29},
	{MODE_EXEC, 1, "show ip nat translations tcp tcp", MATCH_INVALID, 30},
	{MODE_EXEC, 1, "show ip nat translations t", MATCH_AMBIGUOUS, NONE},
	/* the caret stands under the first character that cannot be */
	{MODE_EXEC, 15, "foo", MATCH_INVALID, 0},
	{MODE_EXEC, 15, "shx", MATCH_INVALID, 2},
	{MODE_EXEC, 15, "clear ip nat translation*", MATCH_INVALID, 24},
	{MODE_EXEC, 15, "show version now", MATCH_INVALID, 13},
	{MODE_EXEC, 15, "terminal length 600", MATCH_INVALID, 16},
	{MODE_CONFIG, 15, "ip http secure-server", MATCH_INVALID, 3},
	{MODE_CONFIG, 15, "ip nat pool X netmask 255.0.255.0", MATCH_INVALID, 22},
	{MODE_CONFIG, 15, "ip nat inside source list 3000 pool P", MATCH_INVALID, 26},
	/* privilege */
	{MODE_EXEC, 1, "configure terminal", MATCH_INVALID, 0},
	{MODE_EXEC, 1, "show running-config", MATCH_INVALID, 5},
	{MODE_EXEC, 0, "enable", MATCH_OK, CMD_ENABLE},
	{MODE_EXEC, 0, "show version", MATCH_INVALID, 0},
	/* no */
	{MODE_EXEC, 15, "no debug ip nat", MATCH_OK, CMD_DEBUG_IP_NAT},
	{MODE_EXEC, 15, "no debug all", MATCH_OK, CMD_NO_DEBUG_ALL},
	{MODE_EXEC, 15, "debug all", MATCH_INVALID, 6},
	{MODE_EXEC, 15, "no show version", MATCH_INVALID, 3},
	{MODE_CONFIG, 15, "no", MATCH_INCOMPLETE, NONE},
	{MODE_CONFIG, 15, "no hostname", MATCH_OK, CMD_HOSTNAME},
	{MODE_CONFIG, 15, "hostname", MATCH_INCOMPLETE, NONE},
	{MODE_CONFIG, 15, "no ip nat translation timeout", MATCH_OK, CMD_NAT_TIMEOUT},
	{MODE_CONFIG, 15, "no ip nat translation", MATCH_INCOMPLETE, NONE},
	{MODE_CONFIG, 15, "no end", MATCH_INVALID, 5},
	{MODE_CONFIG, 15, "no access-list 10 permit any", MATCH_OK, CMD_NO_ACCESS_LIST},
	{MODE_CONFIG, 15, "access-list 10", MATCH_INCOMPLETE, NONE},
	{MODE_STD_NACL, 15, "no 10", MATCH_OK, CMD_NO_SEQ},
	{MODE_STD_NACL, 15, "10", MATCH_INCOMPLETE, NONE},
	/* do */
	{MODE_CONFIG, 15, "do sh ver", MATCH_OK, CMD_SHOW_VERSION},
	{MODE_EXT_NACL, 15, "do no debug ip nat", MATCH_OK, CMD_DEBUG_IP_NAT},
	{MODE_CONFIG, 15, "do", MATCH_INCOMPLETE, NONE},
	{MODE_CONFIG, 15, "do foo", MATCH_INVALID, 3},
	{MODE_EXEC, 15, "do show version", MATCH_INVALID, 1},
	/* keyword before value, typed value before WORD, look-ahead over the line */
	{MODE_CONFIG, 15, "ip nat pool P 10.0.0.1 10.0.0.9 netmask 255.0.0.0", MATCH_OK, CMD_NAT_POOL_RANGE},
	{MODE_CONFIG, 15, "ip nat pool P n 255.0.0.0", MATCH_OK, CMD_NAT_POOL},
	{MODE_CONFIG, 15, "ip nat pool P", MATCH_INCOMPLETE, NONE},
	{MODE_CONFIG, 15, "ip access-list standard 110", MATCH_INVALID, 24},
	{MODE_CONFIG, 15, "ip access-list extended 110", MATCH_OK, CMD_ACL_EXTENDED},
	{MODE_CONFIG, 15, "enable secret 5 x", MATCH_OK, CMD_ENABLE_SECRET},
	{MODE_CONFIG, 15, "enable secret 5", MATCH_INCOMPLETE, NONE},
	{MODE_CONFIG, 15, "enable secret 55", MATCH_OK, CMD_ENABLE_SECRET},
	{MODE_CONFIG, 15, "line con 0", MATCH_OK, CMD_LINE_CONSOLE},
	{MODE_CONFIG, 15, "line console 0", MATCH_OK, CMD_LINE_CONSOLE},
	{MODE_EXT_NACL, 15, "permit tcp any any", MATCH_OK, CMD_ACE_TCP},
	{MODE_EXT_NACL, 15, "permit ip any any", MATCH_OK, CMD_ACE_IP},
	{MODE_EXT_NACL, 15, "permit esp any any", MATCH_OK, CMD_ACE_IP},
	{MODE_EXT_NACL, 15, "permit tcp any eq 1 2 3 4 5 6 7 8 9 10 any", MATCH_OK, CMD_ACE_TCP},
	{MODE_EXT_NACL, 15, "permit tcp any eq 1 2 3 4 5 6 7 8 9 10 11 any", MATCH_INVALID, 39},
	{MODE_CONFIG, 15, "access-list 10 permit 10.0.0.0 0.0.0.255", MATCH_OK, CMD_ACCESS_LIST_STANDARD_ACE_STANDARD},
	{MODE_CONFIG, 15, "access-list 110 deny udp any any eq snmp", MATCH_OK, CMD_ACCESS_LIST_EXTENDED_ACE_UDP},
	{MODE_CONFIG, 15, "access-list 10 permit tcp any any", MATCH_INVALID, 22},
	/* interface names in one word and in two */
	{MODE_CONFIG, 15, "interface GigabitEthernet 0/0", MATCH_OK, CMD_INTERFACE},
	{MODE_CONFIG, 15, "interface wan 0", MATCH_INVALID, 14},
	{MODE_CONFIG, 15, "interface 10", MATCH_INVALID, 10},
	{MODE_CONFIG, 15, "ip route 0.0.0.0 0.0.0.0 Dialer 1 5", MATCH_OK, CMD_IP_ROUTE},
	{MODE_CONFIG, 15, "ip nat inside source static udp 10.0.0.1 53 interface lo 80", MATCH_OK,
	 CMD_NAT_STATIC_PORT_INTERFACE},
	/* own mode first, then the one it falls to */
	{MODE_INTERFACE, 15, "ip nat inside", MATCH_OK, CMD_IF_NAT},
	{MODE_INTERFACE, 15, "ip nat inside source static 10.0.0.1 192.0.2.1", MATCH_OK, CMD_NAT_STATIC_HOST},
	{MODE_INTERFACE, 15, "hostname x", MATCH_OK, CMD_HOSTNAME},
	{MODE_INTERFACE, 15, "exit", MATCH_OK, CMD_EXIT_MODE},
	{MODE_INTERFACE, 15, "ip nat inside source foo", MATCH_INVALID, 21},
	{MODE_CONFIG, 15, "shutdown", MATCH_INVALID, 0},
	/* output modifiers */
	{MODE_EXEC, 15, "show run | i nat", MATCH_OK, CMD_SHOW_RUNNING},
	{MODE_EXEC, 15, "sh run | sec inc ip | nat", MATCH_OK, CMD_SHOW_RUNNING},
	{MODE_EXEC, 15, "show run |", MATCH_INCOMPLETE, NONE},
	{MODE_EXEC, 15, "show run | i", MATCH_INCOMPLETE, NONE},
	{MODE_EXEC, 15, "show run | foo x", MATCH_INVALID, 11},
	{MODE_EXEC, 15, "show | i x", MATCH_INCOMPLETE, NONE},
	{MODE_EXEC, 15, "write | i x", MATCH_INVALID, 6},
	{MODE_CONFIG, 15, "do show run | begin x", MATCH_OK, CMD_SHOW_RUNNING},
};

START_TEST(line_means)
{
	const struct line_case *c = &lines[_i];
	struct match out;

	match_line(gram_modes[c->mode], c->level, c->line, &out);
	ck_assert_msg(out.kind == c->kind, "%s: kind %d", c->line, out.kind);
	if (c->kind == MATCH_OK)
		ck_assert_msg(out.cmd->id == c->value, "%s: %s", c->line, out.cmd->name);
	if (c->kind == MATCH_INVALID)
		ck_assert_msg((int)out.caret == c->value, "%s: caret %u", c->line, out.caret);
}
END_TEST

START_TEST(prefixes_are_reported)
{
	struct match out;

	match_line(gram_modes[MODE_INTERFACE], 15, "do no debug ip nat", &out);
	ck_assert(out.exec && out.no && out.mode == gram_modes[MODE_EXEC]);
	match_line(gram_modes[MODE_INTERFACE], 15, "no shutdown", &out);
	ck_assert(!out.exec && out.no && out.mode == gram_modes[MODE_INTERFACE]);
	match_line(gram_modes[MODE_INTERFACE], 15, "hostname x", &out);
	ck_assert(!out.exec && !out.no && out.mode == gram_modes[MODE_CONFIG]);
	match_line(gram_modes[MODE_CONFIG], 15, "hostname no", &out);
	ck_assert(!out.no);
}
END_TEST

START_TEST(arguments_are_filled)
{
	struct match out;
	const struct args_ace_tcp *ace = (const void *)out.args;
	const struct args_acl_extended *list = (const void *)out.parent_args;
	const struct args_if_description *text = (const void *)out.args;
	const struct args_output_section *section = (const void *)out.modifier_args;

	match_line(gram_modes[MODE_CONFIG], 15,
		   "access-list 0110 permit tcp 10.0.0.0 0.0.0.255 range 1 www any neq 5 6 fragments", &out);
	ck_assert_int_eq(out.kind, MATCH_OK);
	ck_assert_str_eq(list->name, "110");
	ck_assert_int_eq(ace->action, ACE_TCP_ACTION_PERMIT);
	ck_assert_int_eq(ace->source_kind, ACE_TCP_SOURCE_KIND_SOURCE);
	ck_assert_uint_eq(ace->source, 0x0a000000);
	ck_assert_uint_eq(ace->source_wildcard, 0xff);
	ck_assert_int_eq(ace->source_op, ACE_TCP_SOURCE_OP_RANGE);
	ck_assert_uint_eq(ace->n_source_ports, 2);
	ck_assert_uint_eq(ace->source_ports[1], 80);
	ck_assert_int_eq(ace->destination_kind, ACE_TCP_DESTINATION_KIND_ANY);
	ck_assert_int_eq(ace->destination_op, ACE_TCP_DESTINATION_OP_NEQ);
	ck_assert_uint_eq(ace->destination_ports[1], 6);
	ck_assert(ace->fragments && !ace->established && !ace->has_seq);

	match_line(gram_modes[MODE_INTERFACE], 15, "desc  to  the | lab ", &out);
	ck_assert_int_eq(out.kind, MATCH_OK);
	ck_assert_str_eq(text->text, "to  the | lab");

	match_line(gram_modes[MODE_EXEC], 15, "sh run | sec inc ip | nat", &out);
	ck_assert_ptr_eq(out.modifier, gram_cmds[CMD_OUTPUT_SECTION]);
	ck_assert_int_eq(section->which, OUTPUT_SECTION_WHICH_INCLUDE);
	ck_assert_str_eq(section->pattern, "ip | nat");
}
END_TEST

START_TEST(long_lines_are_survived)
{
	static char line[100000];
	struct match out;

	memset(line, 'x', sizeof(line) - 1);
	match_line(gram_modes[MODE_CONFIG], 15, line, &out);
	ck_assert_int_eq(out.kind, MATCH_INVALID);
	memcpy(line, "description ", 12);
	match_line(gram_modes[MODE_INTERFACE], 15, line, &out);
	ck_assert_int_eq(out.kind, MATCH_INVALID);
	ck_assert_uint_eq(out.caret, 12);
	line[12 + 255] = '\0';
	match_line(gram_modes[MODE_INTERFACE], 15, line, &out);
	ck_assert_int_eq(out.kind, MATCH_OK);
	for (size_t i = 0; i < sizeof(line) - 1; i++)
		line[i] = i % 2 ? ' ' : '1';
	match_line(gram_modes[MODE_CONFIG], 15, line, &out);
	ck_assert_int_eq(out.kind, MATCH_INVALID);
}
END_TEST

/* ---- help ---- */

struct help_case {
	int mode, level;
	const char *line, *text;
};

static const struct help_case helps[] = {
	{MODE_EXEC, 15, "sh", "show\n"},
	{MODE_EXEC, 15, "e", "enable  erase   exit\n"},
	{MODE_EXEC, 15, "show ip ",
	 "  access-lists        List IP access lists\n"
	 "  aliases             IP alias table\n"
	 "  interface           IP interface status and configuration\n"
	 "  nat                 IP NAT information\n"
	 "  route               IP routing table\n"
	 "  virtual-reassembly  IP Virtual Fragment Reassembly (VFR) information\n"},
	{MODE_EXEC, 1, "show ip ",
	 "  aliases             IP alias table\n"
	 "  interface           IP interface status and configuration\n"
	 "  nat                 IP NAT information\n"
	 "  route               IP routing table\n"
	 "  virtual-reassembly  IP Virtual Fragment Reassembly (VFR) information\n"},
	{MODE_EXEC, 1, "show version ", "  |     Output modifiers\n  <cr>\n"},
	{MODE_EXEC, 15, "write memory ", "  <cr>\n"},
	{MODE_EXEC, 15, "clear ip nat translation ",
	 "  *        Delete all dynamic translations\n"
	 "  forced   Delete all dynamic translations, also those in use\n"
	 "  inside   Inside addresses of the translation\n"
	 "  outside  Outside addresses of the translation\n"
	 "  tcp      Transmission Control Protocol\n"
	 "  udp      User Datagram Protocol\n"},
	{MODE_EXEC, 15, "show access-lists ",
	 "  <1-2699>  ACL number\n"
	 "  WORD      ACL name\n"
	 "  |         Output modifiers\n"
	 "  <cr>\n"},
	{MODE_EXEC, 15, "show run | s", "section\n"},
	{MODE_EXEC, 15, "show run | include ", "  LINE  Regular Expression\n"},
	{MODE_CONFIG, 15, "ip nat inside source static ",
	 "  A.B.C.D  Inside local IP address\n"
	 "  tcp      Transmission Control Protocol\n"
	 "  udp      User Datagram Protocol\n"},
	{MODE_CONFIG, 15, "ip nat inside source static 1", "A.B.C.D\n"},
	{MODE_CONFIG, 15, "do sh", "show\n"},
	{MODE_CONFIG, 15, "n", "no\n"},
	{MODE_CONFIG, 15, "no hostname ", "  WORD  This system's network name\n  <cr>\n"},
	{MODE_CONFIG, 15, "hostname ", "  WORD  This system's network name\n"},
	{MODE_INTERFACE, 15, "ip nat ",
	 "  inside   Inside interface for address translation\n"
	 "  outside  Outside interface for address translation\n"},
	{MODE_INTERFACE, 15, "ip route ", "  A.B.C.D  Destination prefix\n"},
	{MODE_EXT_NACL, 15, "permit udp any eq bo", "bootpc  bootps\n"},
	{MODE_STD_NACL, 15, "no 10 ",
	 "  deny    Specify packets to reject\n"
	 "  permit  Specify packets to forward\n"
	 "  remark  Access list entry comment\n"
	 "  <cr>\n"},
	{MODE_EXEC, 15, "show foo ", NULL},
	{MODE_EXEC, 15, "x", NULL},
	{MODE_EXEC, 1, "conf", NULL},
};

START_TEST(help_says)
{
	const struct help_case *c = &helps[_i];
	char text[HELP_TEXT_SIZE];
	bool found = help_text(gram_modes[c->mode], c->level, c->line, text, sizeof(text));

	if (c->text) {
		ck_assert_str_eq(text, c->text);
		ck_assert(found);
	} else {
		ck_assert_str_eq(text, "% Unrecognized command\n");
		ck_assert(!found);
	}
}
END_TEST

START_TEST(help_of_ambiguous_words)
{
	char text[HELP_TEXT_SIZE];

	ck_assert(!help_text(gram_modes[MODE_EXEC], 15, "c ", text, sizeof(text)));
	ck_assert_str_eq(text, "% Ambiguous command:  \"c \"\n");
}
END_TEST

/* Two leading blanks, words padded to one column, sorted, <cr> last: in every mode at its start. */
START_TEST(help_rows_are_laid_out)
{
	char text[HELP_TEXT_SIZE], before[128] = "", *save = NULL;
	unsigned rows = 0, column = 0;

	ck_assert(help_text(gram_modes[_i], 15, "", text, sizeof(text)));
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char word[128];
		int used = 0;

		ck_assert_int_eq(sscanf(line, "  %127s %n", word, &used), 1);
		ck_assert_msg(line[2] != ' ' && strncmp(line, "  ", 2) == 0, "%s", line);
		ck_assert_msg(strcmp(before, word) < 0, "%s after %s", word, before);
		ck_assert_msg(!column || column == (unsigned)used, "%s", line);
		column = (unsigned)used;
		snprintf(before, sizeof(before), "%s", word);
		rows++;
	}
	ck_assert_uint_gt(rows, 0);
}
END_TEST

/* ---- Tab ---- */

static const struct help_case tabs[] = {
	{MODE_EXEC, 15, "sho", "show "},
	{MODE_EXEC, 15, "sh ip nat tr", "sh ip nat translations "},
	{MODE_EXEC, 15, "c", "c"},
	{MODE_EXEC, 15, "SH", "show "},
	{MODE_EXEC, 15, "show ", "show "},
	{MODE_EXEC, 15, "show foo b", "show foo b"},
	{MODE_EXEC, 15, "show run | b", "show run | begin "},
	{MODE_CONFIG, 15, "no ip nat tr", "no ip nat translation "},
	{MODE_CONFIG, 15, "do sh", "do show "},
	{MODE_CONFIG, 15, "ip nat translation tcp", "ip nat translation tcp-timeout "},
	{MODE_CONFIG, 15, "ip nat inside source static 1", "ip nat inside source static 1"},
	{MODE_EXT_NACL, 15, "permit udp any eq netb", "permit udp any eq netbios-"},
	{MODE_EXT_NACL, 15, "permit udp any eq netbios-n", "permit udp any eq netbios-ns "},
};

START_TEST(tab_makes)
{
	const struct help_case *c = &tabs[_i];
	char text[256];

	ck_assert_int_eq(complete_line(gram_modes[c->mode], c->level, c->line, text, sizeof(text)),
			 strcmp(c->line, c->text) != 0);
	ck_assert_str_eq(text, c->text);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

int main(void)
{
	Suite *suite = suite_create("match");
	TCase *tcase = tcase_create("match");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, line_means, 0, COUNT(lines));
	tcase_add_test(tcase, prefixes_are_reported);
	tcase_add_test(tcase, arguments_are_filled);
	tcase_add_test(tcase, long_lines_are_survived);
	tcase_add_loop_test(tcase, help_says, 0, COUNT(helps));
	tcase_add_test(tcase, help_of_ambiguous_words);
	tcase_add_loop_test(tcase, help_rows_are_laid_out, 0, gram_n_modes);
	tcase_add_loop_test(tcase, tab_makes, 0, COUNT(tabs));
	return suite_main(suite);
}
