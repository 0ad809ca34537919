/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replays tests/replay/<case>/case: a configuration, packets in, packets expected. Line by line:
 *
 *   rule ADDRESS MASK interface ADDRESS | rule ADDRESS MASK pool FIRST LAST [overload]
 *   static host|tcp|udp LOCAL PORT GLOBAL PORT
 *   wait SECONDS
 *   packet VISIT IN OUT HEX     VISIT: to-outside from-outside turn-back turned own-error; IN, OUT: in out -
 *   expect REASON [HEX]         of the packet before
 *
 * The bytes come from another implementation, so that a common error of engine and tests shows.
 */
#include <check.h>
#include <dirent.h>
#include "enginelab.h"
#include "suite.h"

static struct lab lab;
static struct pkt packet;
static bool committed;

static ip4 addr_of(const char *text)
{
	ip4 addr;

	ck_assert_msg(ip4_parse(text, &addr), "address %s", text);
	return addr;
}

static void from_hex(const char *text, struct pkt *p)
{
	unsigned byte;

	p->length = 0;
	while (sscanf(text + 2 * p->length, "%2x", &byte) == 1)
		p->data[p->length++] = (uint8_t)byte;
}

static uint32_t interface_of(const char *word)
{
	return strcmp(word, "in") == 0 ? IN : strcmp(word, "out") == 0 ? OUT : 0;
}

static void rule_line(char **word, int n)
{
	uint32_t list = lab_list(&lab, 0, addr_of(word[1]), addr_of(word[2]));

	if (strcmp(word[3], "interface") == 0)
		lab_rule(&lab, 100, list, SNAPSHOT_NONE, addr_of(word[4]), true);
	else
		lab_rule(&lab, 101, list, lab_pool(&lab, "P", addr_of(word[4]), addr_of(word[5])), 0, n > 6);
}

static void static_line(char **word)
{
	uint8_t protocol = strcmp(word[1], "tcp") == 0 ? P_TCP : strcmp(word[1], "udp") == 0 ? P_UDP : 0;

	lab_static(&lab, 1 + lab.conf->n_statics, protocol, addr_of(word[2]), (uint16_t)atoi(word[3]),
		   addr_of(word[4]), (uint16_t)atoi(word[5]));
}

static void packet_line(char **word)
{
	static const char *const visits[] = {"from-outside", "turn-back", "to-outside", "own-error"};
	int visit = strcmp(word[1], "turned") == 0 ? VISIT_TO_OUTSIDE : -1;

	for (int i = 0; i < 4; i++) {
		if (strcmp(word[1], visits[i]) == 0)
			visit = i;
	}
	ck_assert_int_ge(visit, 0);
	lab.mark = strcmp(word[1], "turned") == 0 ? MARK_HAIRPIN : 0;
	if (!committed)
		ck_assert(lab_commit(&lab));
	committed = true;
	from_hex(word[4], &packet);
	lab_visit(&lab, (enum visit)visit, interface_of(word[2]), interface_of(word[3]), &packet);
}

/* The identification of what may be fragmented is new where the source is (RFC 6864 4.3), and nobody's to foretell. */
static void same_identification(const struct pkt *wanted)
{
	if ((wanted->data[6] & 0x40) || up16(wanted->data + 4) == up16(packet.data + 4) || !ip_is_good(packet.data))
		return;
	pk16(packet.data + 4, up16(wanted->data + 4));
	finish_ip(packet.data);
}

static void expect_line(const char *name, unsigned line, char **word, int n)
{
	struct pkt wanted;

	ck_assert_msg(strcmp(reason_name(lab.out.reason), word[1]) == 0, "%s:%u: %s", name, line,
		      reason_name(lab.out.reason));
	if (n < 3)
		return;
	from_hex(word[2], &wanted);
	same_identification(&wanted);
	ck_assert_msg(wanted.length == packet.length && memcmp(wanted.data, packet.data, packet.length) == 0,
		      "%s:%u: other bytes", name, line);
}

static int split(char *line, char **word, int max)
{
	char *rest = NULL;
	int n = 0;

	for (char *at = strtok_r(line, " \n", &rest); at != NULL && n < max; at = strtok_r(NULL, " \n", &rest))
		word[n++] = at;
	return n;
}

static void replay(const char *name, FILE *file)
{
	static char line[20000];
	char *word[8];

	lab_open(&lab, 1024);
	committed = false;
	for (unsigned number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
		int n = split(line, word, 8);

		if (n == 0 || word[0][0] == '#')
			continue;
		if (strcmp(word[0], "rule") == 0)
			rule_line(word, n);
		else if (strcmp(word[0], "static") == 0)
			static_line(word);
		else if (strcmp(word[0], "wait") == 0)
			lab_wait(&lab, (uint32_t)atoi(word[1]));
		else if (strcmp(word[0], "packet") == 0)
			packet_line(word);
		else if (strcmp(word[0], "expect") == 0)
			expect_line(name, number, word, n);
		else
			ck_abort_msg("%s:%u: %s", name, number, word[0]);
	}
	lab_close(&lab);
}

START_TEST(all_cases)
{
	const char *top = getenv("srcdir");
	char path[512];
	struct dirent *entry;
	unsigned cases = 0;

	snprintf(path, sizeof(path), "%s/tests/replay", top != NULL ? top : ".");
	DIR *directory = opendir(path);

	ck_assert_msg(directory != NULL, "%s", path);
	while ((entry = readdir(directory)) != NULL) {
		snprintf(path, sizeof(path), "%s/tests/replay/%s/case", top != NULL ? top : ".", entry->d_name);
		FILE *file = fopen(path, "r");

		if (file == NULL)
			continue;
		replay(entry->d_name, file);
		fclose(file);
		cases++;
	}
	closedir(directory);
	ck_assert_uint_ge(cases, 6);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay");
	TCase *tc = tcase_create("replay");

	tcase_add_test(tc, all_cases);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
