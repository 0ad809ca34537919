/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random edits of a configuration: lines that an operator could type, about few enough things that
 * they meet again. Some are refused; that is part of it. */
#ifndef TEST_EDITS_H
#define TEST_EDITS_H

#include <stdio.h>

#include "lines.h"

static uint64_t edit_seed = 88172645463325252ULL;

static inline unsigned edit_random(unsigned below)
{
	edit_seed ^= edit_seed << 13;
	edit_seed ^= edit_seed >> 7;
	edit_seed ^= edit_seed << 17;
	return (unsigned)(edit_seed >> 33) % below;
}

static inline void edit_static(char *line, size_t size, const char *no)
{
	unsigned a = edit_random(40), b = edit_random(40), port = 80 + edit_random(3);

	switch (edit_random(5)) {
	case 0:
		snprintf(line, size, "%sip nat inside source static 10.0.0.%u 192.0.2.%u%s", no,
			 a + 10, b + 100, edit_random(4) ? "" : " no-alias");
		break;
	case 1:
		snprintf(line, size,
			 "%sip nat inside source static tcp 10.0.0.%u %u interface eth0 %u", no,
			 a + 10, port, 8000 + b);
		break;
	case 2:
		snprintf(line, size, "%sip nat inside source static 10.0.1.%u interface eth%u", no,
			 a, edit_random(3));
		break;
	default:
		snprintf(line, size,
			 "%sip nat inside source static %s 10.0.0.%u %u 192.0.2.%u %u%s", no,
			 edit_random(2) ? "tcp" : "udp", a + 60, port, b % 4 + 1, 1000 + b,
			 edit_random(3) ? "" : " extendable");
	}
}

static inline void edit_ace(char *line, size_t size, const char *no)
{
	static const char *const lists[] = {"A", "B", "C"};
	unsigned list = edit_random(3), sequence = edit_random(60) + 1, net = edit_random(8);
	char entry[100];

	if (edit_random(12) == 0) {
		snprintf(line, size, "%sip access-list extended %s", no, lists[list]);
		return;
	}
	if (edit_random(5) == 0)
		snprintf(entry, sizeof(entry), "access-list 7 permit 10.%u.%u.0 0.0.0.255", net,
			 sequence);
	else if (edit_random(6) == 0)
		snprintf(entry, sizeof(entry), " %s%u remark of %u", no, sequence, net);
	else if (*no)
		snprintf(entry, sizeof(entry), " no %u", sequence);
	else
		snprintf(entry, sizeof(entry), " %u permit tcp 10.%u.0.0 0.0.255.255 %s any %s %u",
			 sequence, net, edit_random(2) ? "neq 7 9" : "gt 1023",
			 edit_random(2) ? "eq 80 443" : "neq", 1000 + net);
	snprintf(line, size, "%s%s%s%s", entry[0] == ' ' ? "ip access-list extended " : no,
		 entry[0] == ' ' ? lists[list] : "", entry[0] == ' ' ? "\n" : "", entry);
}

static inline void edit_other(char *line, size_t size, const char *no)
{
	unsigned n = edit_random(5);

	switch (edit_random(10)) {
	case 8:
		snprintf(line, size, "%sip nat service %s", no, n == 0 ? "all-algs" : n < 3 ? "ftp" : "dns udp");
		break;
	case 9:
		snprintf(line, size, "%sip nat service list %c ftp tcp port %u", no,
			 'A' + (char)edit_random(3), 2121 + n);
		break;
	case 0:
		snprintf(line, size, "%sip nat inside source list %c pool P%u overload", no,
			 'A' + (char)edit_random(3), n % 2);
		break;
	case 1:
		snprintf(line, size, "%sip nat inside source list 7 interface eth%u overload", no,
			 n % 2);
		break;
	case 2:
		snprintf(line, size, "%sip nat pool P%u 192.0.2.%u 192.0.2.%u prefix-length 24", no,
			 n % 2, 120 + n, 125 + n);
		break;
	case 3:
		snprintf(line, size, "%sip nat translation max-entries list %c %u", no,
			 'A' + (char)edit_random(3), n + 1);
		break;
	case 4:
		snprintf(line, size, "interface eth0\n %sip address 192.0.2.%u 255.255.255.0", no,
			 n % 2 + 1);
		break;
	case 5:
		snprintf(line, size, "interface eth1\n %sip nat inside", no);
		break;
	case 6:
		snprintf(line, size, "%sip route 10.%u.0.0 255.255.0.0 10.0.0.9", no, n);
		break;
	default:
		snprintf(line, size, "%shostname R%u", no, n);
	}
}

/* One to three lines, each perhaps with children, in the transaction that is open. */
static inline void edit(struct store *store)
{
	for (unsigned i = edit_random(3) + 1; i > 0; i--) {
		char line[300];
		unsigned which = edit_random(9);
		const char *no = edit_random(3) ? "" : "no ";

		if (which < 4)
			edit_static(line, sizeof(line), no);
		else if (which < 8)
			edit_ace(line, sizeof(line), no);
		else
			edit_other(line, sizeof(line), no);
		lines_refusal(store, line);
	}
}

#endif
