/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secondary keys of the store: by what else than its identity an entry can be found in O(1). They
 * exist so that a check never walks the configuration (loading 100 000 static entries must not cost
 * 100 000 squared).
 */
#ifndef ALGATE_CONFIG_INDEX_H
#define ALGATE_CONFIG_INDEX_H

#include <stdint.h>
#include "config/store.h"

enum index_kind {
	INDEX_HOST_LOCAL,  /* static host entries by inside local address */
	INDEX_HOST_GLOBAL, /* static host entries by inside global address or interface */
	INDEX_PORT_LOCAL,  /* static port entries by inside local address */
	INDEX_PORT_GLOBAL, /* static port entries by inside global address or interface */
	INDEX_PORT_EXACT,  /* static port entries by protocol, inside global and global port */
	INDEX_POOL_USER,   /* dynamic rules by pool name */
	INDEX_ACE,	   /* access list entries by list and everything but the sequence number */
	INDEX_ADDRESS, /* interface addresses by their /16; those of shorter masks under INDEX_WIDE
			*/
	INDEX_ADDRESS_ALL,
};

#define INDEX_KEY_SIZE 480
#define INDEX_KEYS_MAX 3
#define INDEX_WIDE     0x10000u

struct index_key {
	uint16_t length; /* of bytes[] in use */
	uint8_t bytes[INDEX_KEY_SIZE];
};

/* The keys that the store keeps for an entry; returns how many. */
unsigned index_keys(const struct entry *context, const struct gram_cmd *cmd, const void *args,
		    struct index_key keys[INDEX_KEYS_MAX]);

/* Keys to ask store_by() with. interface "": the address counts. */
void index_host_local(struct index_key *key, uint32_t local);
void index_host_global(struct index_key *key, uint32_t global, const char *interface);
void index_port_local(struct index_key *key, uint32_t local);
void index_port_global(struct index_key *key, uint32_t global, const char *interface);
void index_port_exact(struct index_key *key, uint8_t protocol, uint32_t global,
		      const char *interface, uint32_t port);
void index_pool_user(struct index_key *key, const char *pool);
void index_ace(struct index_key *key, const struct entry *list, const struct gram_cmd *cmd,
	       const void *args);
/* bucket: the upper 16 bits of an address, or INDEX_WIDE. */
void index_address(struct index_key *key, uint32_t bucket);
void index_address_all(struct index_key *key);

#endif
