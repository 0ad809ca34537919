/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to compile*.c: the work in progress, and the steps that fill it in. */
#ifndef ALGATE_CONFIG_BUILD_H
#define ALGATE_CONFIG_BUILD_H

#include <uthash.h>

#include "config/mirror.h"
#include "config/plan.h"
#include "config/ranges.h"
#include "config/store.h"
#include "nat/snapshot.h"

/* Defaults of IOS for ip virtual-reassembly. */
#define REASSEMBLY_DATAGRAMS 16
#define REASSEMBLY_PIECES    32
#define REASSEMBLY_SECONDS   3

struct build_address {
	ip4 addr;
	uint8_t len;
	bool secondary;
	bool configured; /* else Linux has it by itself */
};

/* One for each interface of the mirror, in its order. */
struct build_interface {
	const struct mirror_interface *mirror;
	const struct entry *config; /* NULL: not in the configuration */
	uint8_t role;
	ip4 primary;
	uint32_t n_addresses;
	struct build_address *addresses; /* as they will be when the plan is carried out */
};

struct build_name {
	char name[SNAPSHOT_NAME];
	uint32_t index;
	UT_hash_handle hh;
};

/* One access list that something refers to, in the order of the snapshot's acls. */
struct build_list {
	const struct entry *entry;
	const struct snapshot_acl *before; /* as it was compiled last time and changed little since; NULL: from the store */
	bool changed;
};

/* What a compilation leaves for the next beside the snapshot: how its rows are found again. */
struct build_keys {
	uint64_t *serials;   /* of static entries, sorted as they are */
	uint32_t *sequences; /* of access list entries, sorted within each list */
	uint32_t n_owned, n_static_ports;
	struct snapshot_pool_range *owned;
	struct plan_static_port *static_ports;
	struct shared *serials_block, *sequences_block;
};

struct build {
	const struct store *store;
	const struct snapshot *before; /* NULL: nothing of a compilation before can be used */
	const struct build_keys *before_keys;
	bool same_places;    /* interfaces and their addresses are as they were then */
	bool statics_shared; /* static entries are as they were then, and so are their owned addresses */
	struct build_keys keys;
	uint32_t n_lists;
	struct build_list *lists;
	const struct mirror *mirror;
	struct snapshot *snapshot;
	struct plan *plan;
	uint32_t n_interfaces;
	struct build_interface *interfaces;
	struct build_name *interface_names, *acl_names, *pool_names;
	bool nat; /* some interface has a role, present or not */
	uint32_t n_own;
	ip4 *own;		      /* all addresses of the router, sorted */
	struct ranges globals, owned; /* owned: without those marked no-alias */
};

/* Appends a zeroed element to an array that grows by doubling: its size follows from its count. */
#define BUILD_PUSH(array, n) ((array) = build_grow((array), (n), sizeof(*(array))), &(array)[(n)++])
void *build_grow(void *array, uint32_t n, size_t size);

void build_copy_name(char to[SNAPSHOT_NAME], const char *from);
void build_name_add(struct build_name **table, const char *name, uint32_t index);
uint32_t build_name_find(struct build_name *table, const char *name); /* SNAPSHOT_NONE */

const struct build_interface *build_interface(const struct build *build,
					      const char *name); /* NULL: not there now */
bool build_is_own(const struct build *build, ip4 addr);

void build_interfaces(struct build *build);
uint32_t build_acl(struct build *build, const char *name); /* SNAPSHOT_NONE: undefined */
void build_acls(struct build *build);			    /* the entries of all lists asked for */
/* Static entries, from the store or from those before. */
void build_statics(struct build *build);
/* The addresses that pools and static entries give out. */
void build_globals(struct build *build);
/* ip virtual-reassembly of one interface. */
void build_reassembly(struct build *build, const struct build_interface *interface);
void build_mss(struct build *build);
/* ip nat service, before build_acls. */
void build_services(struct build *build);
void build_nat(struct build *build);
void build_plan(struct build *build);

/* More changes than this are not worth finding the rows of: all are made anew. */
#define BUILD_PATCH_MOST 64u
/* Copies n elements into an array that BUILD_PUSH can go on with. */
void *build_copy(const void *from, uint32_t n, size_t size);

/* Static entry or dynamic rule? */
bool compile_is_rule(const struct gram_cmd *cmd);
/* The id of a rule: of its line without what changes nothing about its translations. */
uint64_t compile_rule_id(const struct entry *entry);

#endif
