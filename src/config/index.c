/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/index.h"

#include <stdlib.h>
#include <string.h>

#include "config/ace.h"
#include "gram_tables.h"

static void put(struct index_key *key, const void *bytes, size_t length)
{
	if (key->length + length > INDEX_KEY_SIZE)
		abort(); /* an argument struct larger than any index was made for */
	memcpy(key->bytes + key->length, bytes, length);
	key->length += (uint16_t)length;
}

static void start(struct index_key *key, enum index_kind kind)
{
	uint8_t byte = (uint8_t)kind;

	key->length = 0;
	put(key, &byte, 1);
}

static void start_number(struct index_key *key, enum index_kind kind, uint32_t number)
{
	start(key, kind);
	put(key, &number, sizeof(number));
}

static void put_global(struct index_key *key, uint32_t global, const char *interface)
{
	if (interface[0])
		put(key, interface, strlen(interface));
	else
		put(key, &global, sizeof(global));
	put(key, interface[0] ? "i" : "a", 1);
}

void index_host_local(struct index_key *key, uint32_t local)
{
	start_number(key, INDEX_HOST_LOCAL, local);
}

void index_host_global(struct index_key *key, uint32_t global, const char *interface)
{
	start(key, INDEX_HOST_GLOBAL);
	put_global(key, global, interface);
}

void index_port_local(struct index_key *key, uint32_t local)
{
	start_number(key, INDEX_PORT_LOCAL, local);
}

void index_port_global(struct index_key *key, uint32_t global, const char *interface)
{
	start(key, INDEX_PORT_GLOBAL);
	put_global(key, global, interface);
}

void index_port_exact(struct index_key *key, uint8_t protocol, uint32_t global,
		      const char *interface, uint32_t port)
{
	start_number(key, INDEX_PORT_EXACT, port);
	put(key, &protocol, 1);
	put_global(key, global, interface);
}

void index_pool_user(struct index_key *key, const char *pool)
{
	start(key, INDEX_POOL_USER);
	put(key, pool, strlen(pool));
}

/* Everything the entry says but its number. */
void index_ace(struct index_key *key, const struct entry *list, const struct gram_cmd *cmd,
	       const void *args)
{
	start(key, INDEX_ACE);
	put(key, &list, sizeof(list));
	put(key, &cmd->id, sizeof(cmd->id));
	for (unsigned i = 0; i < cmd->n_fields; i++) {
		const struct gram_field *field = &cmd->fields[i];
		const char *value = (const char *)args + field->offset;

		if (strcmp(field->name, "seq") == 0 || strcmp(field->name, "has_seq") == 0)
			continue;
		put(key, value,
		    field->size >= GRAM_WORD_SIZE ? strnlen(value, field->size) : field->size);
	}
}

void index_address(struct index_key *key, uint32_t bucket)
{
	start_number(key, INDEX_ADDRESS, bucket);
}

void index_address_all(struct index_key *key)
{
	start(key, INDEX_ADDRESS_ALL);
}

static unsigned keys_of_port(struct index_key *keys, uint8_t protocol, ip4 local, ip4 global,
			     const char *interface, uint32_t port)
{
	index_port_local(&keys[0], local);
	index_port_global(&keys[1], global, interface);
	index_port_exact(&keys[2], protocol, global, interface, port);
	return 3;
}

static unsigned keys_of_host(struct index_key *keys, ip4 local, ip4 global, const char *interface)
{
	index_host_local(&keys[0], local);
	index_host_global(&keys[1], global, interface);
	return 2;
}

static unsigned keys_of_address(struct index_key *keys, ip4 address, ip4 mask)
{
	index_address_all(&keys[0]);
	index_address(&keys[1], (mask & 0xffff0000u) == 0xffff0000u ? address >> 16 : INDEX_WIDE);
	return 2;
}

static unsigned keys_of_static(const struct gram_cmd *cmd, const void *args, struct index_key *keys)
{
	const struct args_nat_static_host *host = args;
	const struct args_nat_static_port *port = args;
	const struct args_nat_static_host_interface *host_interface = args;
	const struct args_nat_static_port_interface *port_interface = args;

	switch (cmd->id) {
	case CMD_NAT_STATIC_HOST:
		return keys_of_host(keys, host->local, host->global, "");
	case CMD_NAT_STATIC_HOST_INTERFACE:
		return keys_of_host(keys, host_interface->local, 0, host_interface->interface);
	case CMD_NAT_STATIC_PORT:
		return keys_of_port(keys, port->protocol, port->local, port->global, "",
				    port->global_port);
	case CMD_NAT_STATIC_PORT_INTERFACE:
		return keys_of_port(keys, port_interface->protocol, port_interface->local, 0,
				    port_interface->interface, port_interface->global_port);
	default:
		return 0;
	}
}

unsigned index_keys(const struct entry *context, const struct gram_cmd *cmd, const void *args,
		    struct index_key keys[INDEX_KEYS_MAX])
{
	const struct args_if_address *address = args;
	const struct args_if_address_secondary *secondary = args;

	switch (cmd->id) {
	case CMD_IF_ADDRESS:
		return keys_of_address(keys, address->address, address->mask);
	case CMD_IF_ADDRESS_SECONDARY:
		return keys_of_address(keys, secondary->address, secondary->mask);
	case CMD_NAT_DYNAMIC_POOL:
		index_pool_user(&keys[0], ((const struct args_nat_dynamic_pool *)args)->pool);
		return 1;
	default:
		if (!ace_is_entry(cmd))
			return keys_of_static(cmd, args, keys);
		index_ace(&keys[0], context, cmd, args);
		return 1;
	}
}
