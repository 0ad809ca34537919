/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values read and print as the configuration shows them; every form of every command survives print and parse; every
 * unique abbreviation means the same; a line that fails fills nothing.
 */
#include <check.h>
#include "cli/match.h"
#include "forms.h"
#include "suite.h"

#define ROUNDS 300

static const struct gram_mode *mode_of(const struct gram_cmd *cmd)
{
	const struct gram_mode *mode = form_mode(cmd);

	return mode ? mode : gram_modes[MODE_OUTPUT_MODIFIER];
}

static void match(const struct gram_cmd *cmd, const char *line, struct match *out)
{
	if (cmd->no_only) {
		char negated[FORM_SIZE];

		snprintf(negated, sizeof(negated), "no %s", line);
		match_line(mode_of(cmd), 15, negated, out);
		return;
	}
	match_line(mode_of(cmd), 15, line, out);
}

static void same_args(const struct match *a, const struct match *b, const char *line)
{
	ck_assert_msg(a->cmd == b->cmd, "%s: another command", line);
	ck_assert_msg(!memcmp(a->args, b->args, a->cmd->args_size), "%s: other arguments", line);
	if (a->cmd->context)
		ck_assert_msg(!memcmp(a->parent_args, b->parent_args, a->cmd->context->args_size), "%s", line);
}

/* ---- values ---- */

struct value_case {
	uint8_t type;
	uint32_t lo, hi;
	const char *text;
	const char *printed; /* NULL: refused */
};

static const struct value_case values[] = {
	{GRAM_NUMBER, 1, 99, "1", "1"},
	{GRAM_NUMBER, 1, 99, "099", "99"},
	{GRAM_NUMBER, 1, 99, "100", NULL},
	{GRAM_NUMBER, 1, 99, "0", NULL},
	{GRAM_NUMBER, 1, 99, "-1", NULL},
	{GRAM_NUMBER, 1, 99, "+1", NULL},
	{GRAM_NUMBER, 1, 99, "1x", NULL},
	{GRAM_NUMBER, 1, 99, "", NULL},
	{GRAM_NUMBER, 0, UINT32_MAX, "4294967295", "4294967295"},
	{GRAM_NUMBER, 0, UINT32_MAX, "4294967296", NULL},
	{GRAM_NUMBER, 0, UINT32_MAX, "18446744073709551617", NULL},
	{GRAM_NUMBER_TEXT, 1, 99, "07", "7"},
	{GRAM_NUMBER_TEXT, 1, 99, "100", NULL},
	{GRAM_IP4, 0, 0, "192.0.2.1", "192.0.2.1"},
	{GRAM_IP4, 0, 0, "192.0.2", NULL},
	{GRAM_IP4, 0, 0, "192.0.2.256", NULL},
	{GRAM_IP4, 0, 0, "192.0.2.1x", NULL},
	{GRAM_MASK, 0, 0, "255.255.240.0", "255.255.240.0"},
	{GRAM_MASK, 0, 0, "0.0.0.0", "0.0.0.0"},
	{GRAM_MASK, 0, 0, "255.0.255.0", NULL},
	{GRAM_PREFIX_LEN, 0, 0, "/24", "/24"},
	{GRAM_PREFIX_LEN, 0, 0, "24", "/24"},
	{GRAM_PREFIX_LEN, 0, 0, "/33", NULL},
	{GRAM_WORD, 0, 0, "Pool-1", "Pool-1"},
	{GRAM_WORD, 0, 0, "12", "12"},
	{GRAM_WORD, 1, 0, "12", NULL},
	{GRAM_WORD, 1, 0, "12a", "12a"},
	{GRAM_WORD, 0, 0, "a\001", NULL},
	{GRAM_WORD, 0, 0, "x2345678901234567890123456789012345678901234567890123456789012x",
	 "x2345678901234567890123456789012345678901234567890123456789012x"},
	{GRAM_WORD, 0, 0, "x23456789012345678901234567890123456789012345678901234567890123x", NULL},
	{GRAM_LINE, 0, 0, "two  words", "two  words"},
	{GRAM_LINE, 0, 0, "", NULL},
	{GRAM_IFNAME, 0, 0, "eth0.100", "eth0.100"},
	{GRAM_IFNAME, 0, 0, "br-lan", "br-lan"},
	{GRAM_IFNAME, 0, 0, "10.0.0.1", NULL},
	{GRAM_IFNAME, 0, 0, "a b", NULL},
	{GRAM_IFNAME, 0, 0, "a;b", NULL},
	{GRAM_TCP_PORT, 0, 0, "80", "www"},
	{GRAM_TCP_PORT, 0, 0, "WWW", "www"},
	{GRAM_TCP_PORT, 0, 0, "tel", "telnet"},
	{GRAM_TCP_PORT, 0, 0, "t", NULL},
	{GRAM_TCP_PORT, 0, 0, "8080", "8080"},
	{GRAM_TCP_PORT, 0, 0, "0", "0"},
	{GRAM_TCP_PORT, 0, 0, "65536", NULL},
	{GRAM_TCP_PORT, 0, 0, "snmp", NULL},
	{GRAM_UDP_PORT, 0, 0, "161", "snmp"},
	{GRAM_UDP_PORT, 0, 0, "www", NULL},
	{GRAM_PROTOCOL, 0, 0, "47", "gre"},
	{GRAM_PROTOCOL, 0, 0, "6", "6"},
	{GRAM_PROTOCOL, 0, 0, "tcp", NULL},
	{GRAM_PROTOCOL, 0, 0, "256", NULL},
	{GRAM_ICMP_TYPE, 0, 0, "echo", "echo"},
	{GRAM_ICMP_TYPE, 0, 0, "8", "echo"},
	{GRAM_ICMP_TYPE, 0, 0, "port-unreachable", "port-unreachable"},
	{GRAM_ICMP_TYPE, 0, 0, "200", "200"},
	{GRAM_ICMP_TYPE, 0, 0, "256", NULL},
};

START_TEST(value_reads_and_prints)
{
	const struct value_case *c = &values[_i];
	struct gram_leaf leaf = {.type = c->type, .lo = c->lo, .hi = c->hi};
	unsigned char value[GRAM_LINE_SIZE], before[GRAM_LINE_SIZE];
	char text[GRAM_LINE_SIZE];

	memset(value, 0xa5, sizeof(value));
	memcpy(before, value, sizeof(value));
	ck_assert_msg(gram_value_parse(&leaf, c->text, value) == (c->printed != NULL), "type %u: %s", c->type, c->text);
	if (c->printed)
		ck_assert_str_eq(gram_value_text(&leaf, value, text), c->printed);
	else
		ck_assert_mem_eq(value, before, sizeof(value));
}
END_TEST

START_TEST(value_writes_no_more_than_its_size)
{
	const struct value_case *c = &values[_i];
	struct gram_leaf leaf = {.type = c->type, .lo = c->lo, .hi = c->hi};
	unsigned char value[GRAM_LINE_SIZE];
	size_t size = gram_value_size((enum gram_type)c->type);

	memset(value, 0xa5, sizeof(value));
	gram_value_parse(&leaf, c->text, value);
	ck_assert_uint_gt(size, 0);
	for (size_t i = size; i < sizeof(value); i++)
		ck_assert_uint_eq(value[i], 0xa5);
}
END_TEST

static bool canonical(const char *text, char out[GRAM_WORD_SIZE])
{
	if (!strncmp(text, "gi", 2))
		snprintf(out, GRAM_WORD_SIZE, "GigabitEthernet%.20s", text + 2);
	else
		snprintf(out, GRAM_WORD_SIZE, "%.40s", text);
	return strcmp(text, "nonsense") != 0;
}

START_TEST(interface_names_become_canonical)
{
	struct match match;

	gram_ifname_canonical = canonical;
	match_line(gram_modes[MODE_CONFIG], 15, "interface gi 0/0", &match);
	ck_assert_int_eq(match.kind, MATCH_OK);
	ck_assert_str_eq(((struct args_interface *)match.args)->name, "GigabitEthernet0/0");
	match_line(gram_modes[MODE_CONFIG], 15, "interface nonsense", &match);
	ck_assert_int_eq(match.kind, MATCH_INVALID);
	ck_assert_uint_eq(match.caret, 10);
	gram_ifname_canonical = NULL;
}
END_TEST

/* ---- forms ---- */

START_TEST(form_survives_print_and_parse)
{
	const struct gram_cmd *cmd = gram_cmds[_i];
	struct match first, second;
	struct form form;
	char printed[FORM_SIZE], again[FORM_SIZE];

	form_seed();
	for (int round = 0; round < ROUNDS; round++) {
		form_make(cmd, &form);
		match(cmd, form.line, &first);
		ck_assert_msg(first.kind == MATCH_OK, "%s: kind %d, caret %u", form.line, first.kind, first.caret);
		ck_assert_msg(first.cmd == cmd, "%s: is %s, not %s", form.line, first.cmd->name, cmd->name);
		ck_assert_int_eq(first.no, cmd->no_only);
		gram_print(cmd, first.args, first.parent_args, printed, sizeof(printed));
		match(cmd, printed, &second);
		ck_assert_msg(second.kind == MATCH_OK, "%s: printed as %s", form.line, printed);
		same_args(&first, &second, form.line);
		gram_print(cmd, second.args, second.parent_args, again, sizeof(again));
		ck_assert_str_eq(printed, again);
	}
}
END_TEST

/* The line with the n-th step's word cut to `keep` characters, up to that word (the rest: *tail). */
static bool abbreviated(const struct form *form, unsigned n, unsigned keep, char *out, size_t *head)
{
	unsigned skip = 0;
	const char *word = form->line;

	for (unsigned i = 0; i < n; i++)
		skip += form->way.steps[i].words;
	for (; skip; skip--)
		word = strchr(word, ' ') + 1;
	if (keep >= strcspn(word, " "))
		return false;
	*head = (size_t)(word - form->line) + keep;
	snprintf(out, FORM_SIZE, "%.*s%s", (int)*head, form->line, word + strcspn(word, " "));
	return true;
}

/* How many keywords begin with the line's last word? */
static unsigned count_keywords(const struct gram_cmd *cmd, const char *line)
{
	char negated[FORM_SIZE + 4];
	struct match_next next;
	unsigned count = 0;

	snprintf(negated, sizeof(negated), "%s%s", cmd->no_only ? "no " : "", line);
	match_next(mode_of(cmd), 15, negated, &next);
	for (unsigned i = 0; i < next.n; i++)
		count += next.leaves[i]->type == GRAM_KEYWORD &&
			 !strncasecmp(next.leaves[i]->word, negated + next.partial, strlen(negated + next.partial));
	return count;
}

START_TEST(unique_abbreviation_means_the_same)
{
	const struct gram_cmd *cmd = gram_cmds[_i];
	struct match full, brief;
	unsigned unique = 0;
	struct form form;
	size_t head;

	form_seed();
	for (int round = 0; round < ROUNDS / 10; round++) {
		char line[FORM_SIZE], start[FORM_SIZE];

		form_make(cmd, &form);
		match(cmd, form.line, &full);
		for (unsigned n = 0; n < form.way.n_steps; n++)
			for (unsigned keep = 1; abbreviated(&form, n, keep, line, &head); keep++) {
				if (cmd->leaves[form.way.steps[n].leaf].type != GRAM_KEYWORD)
					break;
				snprintf(start, sizeof(start), "%.*s", (int)head, line);
				if (count_keywords(cmd, start) != 1)
					continue;
				match(cmd, line, &brief);
				ck_assert_msg(brief.kind == MATCH_OK, "%s: kind %d", line, brief.kind);
				same_args(&full, &brief, line);
				unique++;
			}
	}
	ck_assert_msg(unique > 0 || cmd->leaves[1].type != GRAM_KEYWORD || strlen(cmd->leaves[1].word) <= 3,
		      "%s: no abbreviation was tried", cmd->name);
}
END_TEST

/* Turns a good line into one that is likely bad. */
static void spoil(char *line)
{
	size_t length = strlen(line), at = form_random((uint32_t)length);

	switch (form_random(4)) {
	case 0:
		line[at] = '\0';
		return;
	case 1:
		line[at] = (char)(33 + form_random(94));
		return;
	case 2:
		memmove(line + at, line + at + 1, length - at);
		return;
	default:
		snprintf(line + length, FORM_SIZE - length, " ]bogus");
	}
}

START_TEST(failing_line_fills_nothing)
{
	const struct gram_cmd *cmd = gram_cmds[_i];
	static unsigned char pattern[GRAM_ARGS_SIZE];
	unsigned failed = 0;
	struct form form;
	struct match out;

	form_seed();
	memset(pattern, 0xa5, sizeof(pattern));
	for (int round = 0; round < ROUNDS; round++) {
		form_make(cmd, &form);
		spoil(form.line);
		memset(&out, 0xa5, sizeof(out));
		match(cmd, form.line, &out);
		if (out.kind == MATCH_OK) {
			ck_assert_ptr_nonnull(out.cmd);
			continue;
		}
		ck_assert_ptr_null(out.cmd);
		ck_assert_mem_eq(out.args, pattern, sizeof(pattern));
		ck_assert_mem_eq(out.parent_args, pattern, sizeof(pattern));
		ck_assert_uint_le(out.caret, strlen(form.line) + 3);
		failed++;
	}
	ck_assert_uint_gt(failed, 0);
}
END_TEST

/* A one-line form fills its context's struct as the context's own line does, and its child's likewise. */
START_TEST(one_line_form_fills_as_two_lines_do)
{
	const struct gram_cmd *cmd = gram_cmds[_i];
	struct match one, context, child;
	char line[FORM_SIZE];
	struct form form;

	if (!cmd->stores_as)
		return;
	form_seed();
	for (int round = 0; round < ROUNDS; round++) {
		form_make(cmd, &form);
		match(cmd, form.line, &one);
		ck_assert_int_eq(one.kind, MATCH_OK);
		gram_print(cmd->context, one.parent_args, NULL, line, sizeof(line));
		match(cmd->context, line, &context);
		ck_assert_msg(context.kind == MATCH_OK, "%s: context %s", form.line, line);
		ck_assert_ptr_eq(context.cmd, cmd->context);
		ck_assert_mem_eq(one.parent_args, context.args, cmd->context->args_size);
		gram_print(cmd->stores_as, one.args, NULL, line, sizeof(line));
		match_line(cmd->context->opens, 15, line, &child);
		ck_assert_msg(child.kind == MATCH_OK, "%s: child %s", form.line, line);
		ck_assert_ptr_eq(child.cmd, cmd->stores_as);
		ck_assert_mem_eq(one.args, child.args, cmd->stores_as->args_size);
	}
}
END_TEST

START_TEST(print_is_cut_to_size)
{
	struct match out;
	char buf[32];

	match_line(gram_modes[MODE_CONFIG], 15, "ip nat inside source static 10.0.0.1 192.0.2.1", &out);
	for (size_t size = 1; size < sizeof(buf); size++) {
		memset(buf, 'x', sizeof(buf));
		ck_assert_uint_lt(gram_print(out.cmd, out.args, NULL, buf, size), size);
		ck_assert_uint_lt(strlen(buf), size);
		ck_assert_int_eq(buf[size], 'x');
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gram");
	TCase *value = tcase_create("values"), *forms = tcase_create("forms");
	int n = gram_n_cmds, n_values = (int)(sizeof(values) / sizeof(*values));

	suite_add_tcase(suite, value);
	suite_add_tcase(suite, forms);
	tcase_add_loop_test(value, value_reads_and_prints, 0, n_values);
	tcase_add_loop_test(value, value_writes_no_more_than_its_size, 0, n_values);
	tcase_add_test(value, interface_names_become_canonical);
	tcase_add_loop_test(forms, form_survives_print_and_parse, 0, n);
	tcase_add_loop_test(forms, unique_abbreviation_means_the_same, 0, n);
	tcase_add_loop_test(forms, failing_line_fills_nothing, 0, n);
	tcase_add_loop_test(forms, one_line_form_fills_as_two_lines_do, 0, n);
	tcase_add_test(forms, print_is_cut_to_size);
	return suite_main(suite);
}
