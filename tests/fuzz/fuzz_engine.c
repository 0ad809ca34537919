/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the engine under a stream of packets. Input: records of {what, length, bytes}; `what` says visit, interfaces
 * and how far the clock goes. A packet that leaves for the outside from a covered source never shows an inside address.
 */
#include <stdlib.h>
#include <string.h>
#include "../unit/enginelab.h"

#define ROOM 8192 /* for datagrams that grow whole */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
	if (!truth)
		abort();
}

static bool is_inside(uint32_t addr)
{
	return addr >> 24 == 10;
}

static void configure(struct lab *lab)
{
	lab_static(lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab_static(lab, 2, P_TCP, HOST(8), 8080, FACE, 80);
	lab_rule(lab, 7, lab_list(lab, 0, IP(10, 0, 1, 0), 0xffffff00), lab_pool(lab, "A", POOL(20), POOL(24)), 0,
		 false);
	lab_rule(lab, 8, lab_list(lab, 0, IP(10, 0, 2, 0), 0xffffff00), lab_pool(lab, "B", POOL(30), POOL(31)), 0,
		 true);
	lab_masquerade(lab);
	must(lab_commit(lab));
}

static void check(const struct lab *lab, const struct packet *packet, uint32_t source)
{
	for (uint32_t i = 0; i < lab->out.n_emitted; i++) {
		const struct emitted *emitted = &lab->out.emitted[i];

		if (emitted->large != NULL)
			must(emitted->large == packet->data && emitted->length == packet->length);
	}
	if (lab->out.verdict == VERDICT_DROP || (lab->out.verdict == VERDICT_TAKE && lab->out.n_emitted == 0) ||
	    packet->visit != VISIT_TO_OUTSIDE || packet->in_ifindex != IN ||
	    packet->out_ifindex != OUT || (packet->mark & MARK_HAIRPIN))
		return;
	if (!is_inside(source))
		return;
	must(!is_inside(up32(packet->data + 12)));
	if (packet->length >= 48 && is_error(packet->data) && packet->length >= ip_header(packet->data) + 28) {
		const uint8_t *quote = packet->data + ip_header(packet->data) + 8;

		must(!is_inside(up32(quote + 12)) && !is_inside(up32(quote + 16)));
	}
}

static void one(struct lab *lab, uint8_t what, const uint8_t *data, uint32_t length)
{
	static const uint32_t interfaces[] = {IN, OUT, OTHER, 0};
	/* Half of them have no room to grow, so that a byte too many is seen. */
	uint32_t room = length % 2 ? length + ROOM : length;
	uint8_t *copy = malloc(room ? room : 1);
	struct packet packet = {.data = copy,
				.length = length,
				.in_ifindex = interfaces[what >> 2 & 3],
				.out_ifindex = interfaces[what >> 4 & 3],
				.mark = what & 64 ? MARK_HAIRPIN : 0,
				.visit = what & 3,
				.checksum_good = true,
				.room = room};
	struct prepared prepared;

	if (copy == NULL)
		return;
	memcpy(copy, data, length);
	if (length % 4 < 2) {
		engine_prepare(lab->engine, &packet, &prepared);
		packet.prepared = &prepared;
	}
	engine_packet(lab->engine, lab->now, &packet, &lab->out);
	must(packet.length <= room);
	check(lab, &packet, length >= 20 ? up32(data + 12) : 0);
	if (what & 128)
		lab_wait(lab, 100);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lab lab;

	lab_open(&lab, 256);
	configure(&lab);
	while (size > 2) {
		uint8_t what = data[0];
		uint32_t length = data[1];

		data += 2;
		size -= 2;
		if (length > size)
			length = (uint32_t)size;
		one(&lab, what, data, length);
		data += length;
		size -= length;
	}
	lab_close(&lab);
	return 0;
}
