/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/routes.h"

#include <inttypes.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"

#define LEGEND                                                                                   \
	"Codes: L - local, C - connected, S - static, R - RIP, B - BGP\n"                        \
	"       D - EIGRP, O - OSPF, i - IS-IS, K - another route of the kernel\n"               \
	"       * - candidate default\n"

struct line {
	struct prefix to;
	char code;
	ip4 via;
	const struct mirror_interface *interface; /* NULL: not named in the line */
	uint32_t metric;
};

struct table {
	struct line *lines;
	uint32_t count;
};

static char route_code(const struct mirror_route *route, uint8_t ours)
{
	if (route->protocol == ours)
		return 'S';
	switch (route->protocol) {
	case RTPROT_KERNEL:
		return route->via == 0 ? 'C' : 'K';
	case RTPROT_BGP:
		return 'B';
	case RTPROT_ISIS:
		return 'i';
	case RTPROT_OSPF:
		return 'O';
	case RTPROT_RIP:
		return 'R';
	case RTPROT_EIGRP:
		return 'D';
	default:
		return 'K';
	}
}

static int line_compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->to.addr != y->to.addr)
		return x->to.addr < y->to.addr ? -1 : 1;
	if (x->to.len != y->to.len)
		return x->to.len < y->to.len ? -1 : 1;
	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	return x->via < y->via ? -1 : x->via > y->via;
}

static bool same_prefix(const struct line *a, const struct line *b)
{
	return a->to.addr == b->to.addr && a->to.len == b->to.len;
}

/* The router's own addresses; a /32 is its own subnet, for which Linux has no connected route. */
static void add_locals(struct table *table, const struct mirror_interface *interface)
{
	for (uint32_t i = 0; interface->admin_up && i < interface->n_addresses; i++) {
		const struct mirror_address *address = &interface->addresses[i];

		if (interface->loopback && address->addr >> 24 == 127)
			continue;
		table->lines[table->count++] = (struct line){
			.to = {address->addr, 32},
			.code = address->len == 32 ? 'C' : 'L',
			.interface = interface,
		};
	}
}

static void drop_worse(struct table *table)
{
	uint32_t kept = 0, best = 0;

	for (uint32_t i = 0; i < table->count; i++) {
		if (kept == 0 || !same_prefix(&table->lines[best], &table->lines[i]))
			best = kept;
		else if (table->lines[i].metric != table->lines[best].metric)
			continue;
		table->lines[kept++] = table->lines[i];
	}
	table->count = kept;
}

static void table_fill(struct table *table, const struct mirror *mirror, uint8_t ours)
{
	size_t size = mirror->n_routes;

	for (uint32_t i = 0; i < mirror->n_interfaces; i++)
		size += mirror->interfaces[i].n_addresses;
	table->lines = mem_grow(NULL, size + 1, sizeof(*table->lines));
	for (uint32_t i = 0; i < mirror->n_interfaces; i++)
		add_locals(table, &mirror->interfaces[i]);
	for (uint32_t i = 0; i < mirror->n_routes; i++) {
		const struct mirror_route *route = &mirror->routes[i];

		table->lines[table->count++] = (struct line){
			.to = route->to,
			.code = route_code(route, ours),
			.via = route->via,
			.interface = mirror_by_index(mirror, route->ifindex),
			.metric = route->metric,
		};
	}
	if (table->count > 0)
		qsort(table->lines, table->count, sizeof(*table->lines), line_compare);
	drop_worse(table);
}

static uint8_t classful_len(ip4 addr)
{
	if (addr >> 31 == 0)
		return 8;
	if (addr >> 30 == 2)
		return 16;
	return addr >> 29 == 6 ? 24 : 32;
}

static bool in_network(const struct line *line, struct prefix network)
{
	return line->to.len >= network.len && prefix_contains(network, line->to.addr);
}

/* Lines of the classful network that starts at `first`. */
static uint32_t network_lines(const struct table *table, uint32_t first, struct prefix network)
{
	uint32_t n = first;

	while (n < table->count && in_network(&table->lines[n], network))
		n++;
	return n - first;
}

/* "10.0.0.0/8 is variably subnetted, 3 subnets, 2 masks", or nothing when the only prefix is the network itself. */
static bool print_network(FILE *out, const struct table *table, uint32_t first, uint32_t count, struct prefix network)
{
	uint64_t lens = 0;
	uint32_t subnets = 0, masks = 0;
	char text[IP4_TEXT_SIZE];

	for (uint32_t i = first; i < first + count; i++) {
		if (i > first && same_prefix(&table->lines[i - 1], &table->lines[i]))
			continue;
		lens |= UINT64_C(1) << table->lines[i].to.len;
		subnets++;
	}
	masks = (uint32_t)__builtin_popcountll(lens);
	if (masks == 1 && table->lines[first].to.len == network.len)
		return false;
	ip4_text(network.addr, text);
	if (masks > 1)
		fprintf(out, "      %s/%u is variably subnetted, %" PRIu32 " subnets, %" PRIu32 " masks\n", text,
			network.len, subnets, masks);
	else
		fprintf(out, "      %s/%u is subnetted, %" PRIu32 " subnets\n", text, table->lines[first].to.len,
			subnets);
	return true;
}

static void print_target(FILE *out, const struct line *line)
{
	char via[IP4_TEXT_SIZE];
	/* Static routes read as they are configured; elsewhere the interface helps. */
	bool named = line->interface != NULL && line->code != 'S';

	if (line->via == 0) {
		fprintf(out, "is directly connected, %s\n", line->interface != NULL ? line->interface->name : "unknown");
		return;
	}
	fprintf(out, "[%" PRIu32 "/%" PRIu32 "] via %s%s%s\n", line->code == 'S' ? line->metric : 0,
		line->code == 'S' ? 0 : line->metric, ip4_text(line->via, via), named ? ", " : "",
		named ? line->interface->name : "");
}

/* More ways to the same prefix stand under the first one's target. */
static void print_line(FILE *out, const struct table *table, uint32_t i, unsigned indent)
{
	const struct line *line = &table->lines[i];
	char to[IP4_TEXT_SIZE], text[64];
	int width = snprintf(text, sizeof(text), "%s/%u ", ip4_text(line->to.addr, to), line->to.len);

	if (i > 0 && same_prefix(line - 1, line))
		fprintf(out, "%*s", (int)indent + width, "");
	else
		fprintf(out, "%c%c%*s%s", line->code, line->to.len == 0 ? '*' : ' ', (int)indent - 2, "", text);
	print_target(out, line);
}

static void print_lines(FILE *out, const struct table *table)
{
	for (uint32_t i = 0; i < table->count;) {
		ip4 addr = table->lines[i].to.addr;
		uint8_t len = classful_len(addr);
		struct prefix network = {addr & ip4_mask(len), len};
		uint32_t count = network_lines(table, i, network);
		unsigned indent = 6;

		if (count > 0 && print_network(out, table, i, count, network))
			indent = 9;
		if (count == 0) /* shorter than its class: stands alone */
			count = 1;
		for (uint32_t end = i + count; i < end; i++)
			print_line(out, table, i, indent);
	}
}

void routes_print(FILE *out, const struct mirror *mirror, uint8_t ours)
{
	struct table table = {0};
	char via[IP4_TEXT_SIZE];

	table_fill(&table, mirror, ours);
	fputs(LEGEND "\n", out);
	if (table.count > 0 && table.lines[0].to.len == 0)
		fprintf(out, "Gateway of last resort is %s to network 0.0.0.0\n\n",
			ip4_text(table.lines[0].via, via));
	else
		fputs("Gateway of last resort is not set\n\n", out);
	print_lines(out, &table);
	free(table.lines);
}
