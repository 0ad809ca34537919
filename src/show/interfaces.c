/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/interfaces.h"

#include <string.h>
#include "show/table.h"

#define NAME_STOP 23

enum { COLUMN_NAME, COLUMN_ADDRESS, COLUMN_OK, COLUMN_METHOD, COLUMN_STATUS, COLUMN_PROTOCOL, COLUMNS };

static const struct column columns[COLUMNS] = {
	[COLUMN_NAME] = {"interface", "Interface", 0, FIELD_TEXT},
	[COLUMN_ADDRESS] = {"ip_address", "IP-Address", NAME_STOP, FIELD_TEXT},
	[COLUMN_OK] = {"ok", "OK?", 39, FIELD_TEXT},
	[COLUMN_METHOD] = {"method", "Method", 43, FIELD_TEXT},
	[COLUMN_STATUS] = {"status", "Status", 50, FIELD_TEXT},
	[COLUMN_PROTOCOL] = {"protocol", "Protocol", 72, FIELD_TEXT},
};

/* TenGigabitEthernet0/0/4 does not fit its column: Te0/0/4. */
static void short_name(const char *name, char out[MIRROR_NAME_SIZE])
{
	size_t letters = strcspn(name, "0123456789");

	if (strlen(name) < NAME_STOP || letters < 3 || name[letters] == '\0') {
		snprintf(out, MIRROR_NAME_SIZE, "%s", name);
		return;
	}
	snprintf(out, MIRROR_NAME_SIZE, "%.2s%s", name, name + letters);
}

/* The configured one, or else what Linux had by itself. */
static const struct mirror_address *primary(const struct mirror_interface *interface)
{
	const struct mirror_address *found = NULL;

	for (uint32_t i = 0; i < interface->n_addresses; i++) {
		const struct mirror_address *address = &interface->addresses[i];

		if (!address->secondary && (found == NULL || (address->ours && !found->ours)))
			found = address;
	}
	return found;
}

static const char *status(const struct mirror_interface *interface)
{
	if (!interface->admin_up)
		return "administratively down";
	return interface->carrier ? "up" : "down";
}

static void print_interface(FILE *out, const struct mirror_interface *interface)
{
	const struct mirror_address *address = primary(interface);
	char name[MIRROR_NAME_SIZE], text[IP4_TEXT_SIZE], line[256];
	struct cell fields[COLUMNS] = {
		[COLUMN_NAME] = {.text = name},
		[COLUMN_ADDRESS] = {.text = address != NULL ? ip4_text(address->addr, text) : "unassigned"},
		[COLUMN_OK] = {.text = "YES"},
		/* What Linux had by itself (DHCP, another tool) is none of our methods. */
		[COLUMN_METHOD] = {.text = address == NULL ? "unset" : address->ours ? "manual" : "other"},
		[COLUMN_STATUS] = {.text = status(interface)},
		[COLUMN_PROTOCOL] = {.text = interface->admin_up && interface->carrier ? "up" : "down"},
	};

	short_name(interface->name, name);
	fwrite(line, 1, table_row(columns, COLUMNS, fields, line, sizeof(line)), out);
}

void interfaces_brief(FILE *out, const struct mirror *mirror)
{
	char line[128];

	fwrite(line, 1, table_header(columns, COLUMNS, line, sizeof(line)), out);
	for (uint32_t i = 0; i < mirror->n_interfaces; i++)
		print_interface(out, &mirror->interfaces[i]);
}
