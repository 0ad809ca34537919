/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/mirror.h"

#include <stdlib.h>
#include <string.h>

const struct mirror_interface *mirror_by_name(const struct mirror *mirror, const char *name)
{
	const struct mirror_interface *by_linux = NULL;

	for (uint32_t i = 0; i < mirror->n_interfaces; i++) {
		const struct mirror_interface *interface = &mirror->interfaces[i];

		if (strcmp(interface->name, name) == 0)
			return interface;
		if (strcmp(interface->linux_name, name) == 0)
			by_linux = interface;
	}
	return by_linux;
}

static int compare_index(const void *key, const void *element)
{
	uint32_t index = *(const uint32_t *)key,
		 other = ((const struct mirror_interface *)element)->index;

	return index < other ? -1 : index > other;
}

const struct mirror_interface *mirror_by_index(const struct mirror *mirror, uint32_t index)
{
	if (mirror->n_interfaces == 0)
		return NULL;
	return bsearch(&index, mirror->interfaces, mirror->n_interfaces,
		       sizeof(*mirror->interfaces), compare_index);
}

void mirror_clear(struct mirror *mirror)
{
	for (uint32_t i = 0; i < mirror->n_interfaces; i++)
		free(mirror->interfaces[i].addresses);
	free(mirror->interfaces);
	free(mirror->routes);
	memset(mirror, 0, sizeof(*mirror));
}
