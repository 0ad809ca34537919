/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of compile and apply: a Linux of a few interfaces, made by hand. */
#ifndef TEST_MIRRORS_H
#define TEST_MIRRORS_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "config/mirror.h"
#include "lib/mem.h"

static inline ip4 addr(const char *text)
{
	ip4 result;

	ck_assert_msg(ip4_parse(text, &result), "%s", text);
	return result;
}

/* In ascending order of index. The result is good until the next call. */
static inline struct mirror_interface *mirror_add(struct mirror *mirror, uint32_t index,
						  const char *name)
{
	struct mirror_interface *interface;

	mirror->interfaces =
	    mem_grow(mirror->interfaces, mirror->n_interfaces + 1, sizeof(*mirror->interfaces));
	interface = &mirror->interfaces[mirror->n_interfaces++];
	memset(interface, 0, sizeof(*interface));
	interface->index = index;
	strncpy(interface->name, name, sizeof(interface->name) - 1);
	strncpy(interface->linux_name, name, sizeof(interface->linux_name) - 1);
	interface->admin_up = interface->carrier = true;
	return interface;
}

static inline struct mirror_interface *mirror_at(struct mirror *mirror, uint32_t index)
{
	return (struct mirror_interface *)(uintptr_t)mirror_by_index(mirror, index);
}

static inline void mirror_add_address(struct mirror *mirror, uint32_t index, const char *address,
				      uint8_t len, bool ours)
{
	struct mirror_interface *interface = mirror_at(mirror, index);

	interface->addresses = mem_grow(interface->addresses, interface->n_addresses + 1,
					sizeof(*interface->addresses));
	interface->addresses[interface->n_addresses++] =
	    (struct mirror_address){.addr = addr(address), .len = len, .ours = ours};
}

#endif
