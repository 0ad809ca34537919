/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compiled configuration: everything the engine decides by, in one immutable block.
 *
 * Made by config/compile on the management thread, used by the packet thread from one swap to the next, freed by
 * the management thread. It holds no pointer into the store. All addresses in host byte order.
 *
 * Rules (static entries and dynamic mappings) have a stable 64-bit id: snapshot_rule_id() of their canonical
 * running-config line. The same line gives the same id in every snapshot and after a restart.
 */
#ifndef ALGATE_NAT_SNAPSHOT_H
#define ALGATE_NAT_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>
#include "alg/name.h"
#include "lib/addr.h"
#include "lib/shared.h"
#include "nat/frag.h"

enum nat_role { ROLE_NONE, ROLE_INSIDE, ROLE_OUTSIDE };

#define SNAPSHOT_NONE UINT32_MAX
#define SNAPSHOT_NAME 64

struct snapshot_interface {
	uint32_t ifindex;
	uint16_t vrf;
	uint8_t role;
	ip4 primary; /* 0: none */
	char name[SNAPSHOT_NAME];
};

/* ip virtual-reassembly on an interface. Sorted by ifindex, then direction. */
struct snapshot_reassembly {
	uint32_t ifindex;
	bool out;
	struct frag_limits limits;
};

/* An address of the router itself, on any interface. Sorted by addr. */
struct snapshot_own {
	ip4 addr;
	uint32_t ifindex;
	uint8_t role;
	bool shared; /* made by snapshot_index(): an overload rule or a static entry gives this address out too */
};

/* ip tcp adjust-mss, in no order: the interfaces that have it, and all inside ones, each connected prefix a row. */
struct snapshot_mss {
	uint32_t ifindex;
	ip4 net, care; /* no address: one that nobody has */
	uint16_t mss;  /* bytes; 0: as it comes */
	bool inside;
};

struct snapshot_port_range {
	uint16_t first, last;
};

/* One access list entry. A packet matches when every part does. */
struct snapshot_ace {
	uint64_t id;         /* of its list and text, whatever its number; 0: none */
	bool permit;
	uint8_t protocol;    /* 0: any (`ip`) */
	bool established;    /* ACK or RST set */
	bool fragments;      /* non-initial fragments only */
	ip4 source, source_care;           /* care: bits that must match (inverse wildcard) */
	ip4 destination, destination_care;
	uint32_t source_ports, n_source_ports;           /* into port_ranges; 0 ranges: any port */
	uint32_t destination_ports, n_destination_ports;
	int16_t icmp_type, icmp_code;      /* -1: any */
};

struct snapshot_acl {
	char name[SNAPSHOT_NAME];
	uint32_t first, count; /* into aces; first match, implicit deny */
};

struct snapshot_pool_range {
	ip4 first, last;
};

struct snapshot_pool {
	char name[SNAPSHOT_NAME];
	uint32_t id;           /* number shown by show ip nat statistics, from 1 */
	ip4 netmask;
	uint32_t first, count; /* into pool_ranges; network and broadcast address of the mask already left out */
	uint32_t size;         /* addresses in all */
};

/* ip nat inside source static ... */
struct snapshot_static {
	uint64_t id;
	uint16_t vrf;
	uint8_t protocol;     /* 0: host entry, all protocols */
	bool extendable, no_alias;
	bool no_payload;      /* gateways read nothing of who is mapped by it, and do not write its addresses */
	bool ambiguous;       /* made by snapshot_index(): another entry has the same local endpoint */
	ip4 local, global;    /* global 0: interface form whose interface has no address now */
	uint16_t local_port, global_port;
	uint32_t ifindex;     /* interface form; else 0 */
};

/* ip nat inside source list ACL {pool P | interface I} [overload]; in order of entry: the first match decides. */
struct snapshot_rule {
	uint64_t id;
	uint32_t number;      /* [Id: N] of show ip nat statistics */
	uint16_t vrf;
	uint32_t acl;         /* into acls; SNAPSHOT_NONE: undefined list, matches nothing */
	uint32_t pool;        /* into pools; SNAPSHOT_NONE: interface form or undefined pool */
	ip4 address;          /* interface form: the interface's address now, 0 if none */
	bool is_interface;
	bool overload;
	char acl_name[SNAPSHOT_NAME];
	char target_name[SNAPSHOT_NAME]; /* pool or interface name */
};

/* Seconds; TIMEOUT_NEVER: no expiry. Defaults of ios-reference 1.9. */
#define TIMEOUT_NEVER UINT32_MAX
enum timeout_class {
	TIMEOUT_ADDRESS, /* ip nat translation timeout: address-only bindings */
	TIMEOUT_TCP,
	TIMEOUT_UDP,
	TIMEOUT_FINRST,
	TIMEOUT_SYN,
	TIMEOUT_DNS,
	TIMEOUT_ICMP,
	TIMEOUT_CLASSES
};

/* Sorted by snapshot_index(). */
struct snapshot_port_timeout {
	uint8_t protocol;
	uint16_t port;
	uint32_t seconds;
};

/* ip nat translation max-entries host A N. Sorted by addr. */
struct snapshot_host_limit {
	ip4 addr;
	uint32_t max;
};

/* ip nat service: what a gateway reads. Several rows may name one port, each for the servers of its list. Sorted by
 * snapshot_index(): protocol, port, those for all servers first. */
struct snapshot_service {
	uint8_t protocol;
	uint8_t alg;   /* enum alg */
	uint16_t port;
	uint32_t acl;  /* into acls; SNAPSHOT_NONE: all servers */
};

#define LIMIT_LISTS 16

/* ip nat translation max-entries list ACL N: of all the hosts that it permits together. */
struct snapshot_list_limit {
	uint32_t acl; /* into acls; SNAPSHOT_NONE: undefined list, matches nothing */
	uint32_t max;
	char name[SNAPSHOT_NAME];
};

struct snapshot {
	uint32_t epoch;
	uint32_t timeouts[TIMEOUT_CLASSES];
	bool dns_reset_ttl, dns_v6, sip_ice, allow_multipart; /* ip nat service ... */
	bool half_only;       /* no ip nat create flow-entries: mappings without overload make no flows */
	uint32_t max_entries; /* 0: only the size of the table */
	uint32_t max_all_host; /* of each inside host without a limit of its own; 0: none */
	uint32_t n_host_limits, n_list_limits; /* of lists at most LIMIT_LISTS */
	struct snapshot_host_limit *host_limits;
	struct snapshot_list_limit *list_limits;

	uint32_t n_interfaces, n_own, n_aces, n_port_ranges, n_acls, n_pools, n_pool_ranges, n_statics, n_rules,
		n_port_timeouts, n_globals, n_reassemblies, n_mss, n_services;
	struct snapshot_interface *interfaces; /* sorted by ifindex */
	struct snapshot_own *own;
	struct snapshot_ace *aces;
	struct snapshot_port_range *port_ranges;
	struct snapshot_acl *acls;
	struct snapshot_pool *pools;
	struct snapshot_pool_range *pool_ranges;
	struct snapshot_static *statics;
	struct snapshot_rule *rules;
	struct snapshot_port_timeout *port_timeouts;
	/* Pools and static globals other than interface addresses: sorted disjoint ranges. */
	struct snapshot_pool_range *globals;
	struct snapshot_reassembly *reassemblies;
	struct snapshot_mss *mss;
	struct snapshot_service *services;

	/* Made by snapshot_index(): hash chains, in order of entry. Heads hold SNAPSHOT_NONE where empty. */
	uint32_t index_mask;
	uint32_t *by_local, *by_global;           /* static entries by endpoint */
	uint32_t *next_local, *next_global;
	uint32_t *by_local_addr, *by_global_addr; /* the first static entry of each (address, protocol) */
	uint32_t *next_local_addr, *next_global_addr;
	uint32_t *by_id, *next_id;                /* static entries by id */
	uint32_t n_static_ports;                  /* statics with a port: extended entries */
	uint32_t rule_mask;
	uint32_t *by_rule, *next_rule;            /* rules by id */

	/* Snapshots that follow each other share what did not change: who holds the static entries with their indexes, and the
	 * access lists with their matches. Made by snapshot_index(). */
	struct shared *static_blocks, *acl_blocks;

	/* Matches by entry of aces: the one thing here that changes, written by the packet thread only. Made by
	 * snapshot_index(), or the same array as in the snapshot that the access lists are shared with. */
	uint64_t *matches;
	/* By entry: the same one in the snapshot before, whose matches it goes on from; SNAPSHOT_NONE: a new one. NULL: all are
	 * new. Made by snapshot_descend(). */
	uint32_t *ancestors;
};

/* Fills epoch, the default timeouts and the gateways that are on by default of an otherwise zeroed snapshot. */
struct snapshot *snapshot_new(uint32_t epoch);
/* After the arrays are complete: builds the indexes. The arrays are malloc'ed and belong to the snapshot. */
void snapshot_index(struct snapshot *snapshot);
/* Before snapshot_index(), in place of arrays of its own: the static entries (the access lists) of an indexed snapshot. On the
 * thread that frees snapshots. */
void snapshot_share_statics(struct snapshot *snapshot, const struct snapshot *from);
void snapshot_share_acls(struct snapshot *snapshot, const struct snapshot *from);
void snapshot_free(struct snapshot *snapshot);
uint64_t snapshot_rule_id(const char *canonical_line);

const struct snapshot_interface *snapshot_interface(const struct snapshot *snapshot, uint32_t ifindex);
/* What is configured there for this direction, or NULL. */
const struct snapshot_reassembly *snapshot_reassembly(const struct snapshot *snapshot, uint32_t ifindex, bool out);
/* The router's own address, or NULL. */
const struct snapshot_own *snapshot_own(const struct snapshot *snapshot, ip4 addr);
/* Is it a pool address or a static global (not an interface's own address)? */
bool snapshot_is_global(const struct snapshot *snapshot, ip4 addr);

/* The static entry for this local (global) endpoint: a port entry of that protocol and port first, then a host entry.
 * Where the port cannot be read (fragment, cut header) ask snapshot_static_covers. */
const struct snapshot_static *snapshot_static_local(const struct snapshot *snapshot, uint16_t vrf, uint8_t protocol,
						    struct endpoint local);
const struct snapshot_static *snapshot_static_global(const struct snapshot *snapshot, uint16_t vrf, uint8_t protocol,
						     struct endpoint global);
/* Walks every entry that snapshot_static_local could mean, the decisive one first. Start with *cursor 0; NULL ends. */
const struct snapshot_static *snapshot_static_local_next(const struct snapshot *snapshot, uint16_t vrf,
							 uint8_t protocol, struct endpoint local,
							 uint32_t *cursor);
/* Could any static entry (host, or any port entry of the protocol; protocol 0: any) cover this local address? */
bool snapshot_static_covers(const struct snapshot *snapshot, uint16_t vrf, uint8_t protocol, ip4 local);
/* Does a static entry own this global endpoint (so that dynamic allocation must not take it)? Protocol 0, port 0: the whole
 * address, so any entry on it counts. */
bool snapshot_static_owns(const struct snapshot *snapshot, uint16_t vrf, uint8_t protocol, struct endpoint global);
/* Rule or static by id: is it still there? */
bool snapshot_has_rule(const struct snapshot *snapshot, uint64_t id);
/* Likewise, as what it is; NULL when there is no such static entry (dynamic rule). */
const struct snapshot_static *snapshot_static_by_id(const struct snapshot *snapshot, uint64_t id);
const struct snapshot_rule *snapshot_rule_by_id(const struct snapshot *snapshot, uint64_t id);
/* Seconds of ip nat translation port-timeout for this port, 0: none. */
uint32_t snapshot_port_timeout(const struct snapshot *snapshot, uint8_t protocol, uint16_t port);
/* The gateway for connections to this port of this server; ALG_NONE. */
enum alg snapshot_service(const struct snapshot *snapshot, uint8_t protocol, uint16_t port, ip4 server);
/* Is this gateway, or the one that announces what it reads, on for any port? */
bool snapshot_serves(const struct snapshot *snapshot, enum alg alg);
bool snapshot_pool_has(const struct snapshot *snapshot, uint32_t pool, ip4 addr);

/* What an access list is matched on. ports_known false: entries with ports match if anything could. */
struct acl_subject {
	ip4 source, destination;
	uint16_t source_port, destination_port;
	uint8_t protocol;
	uint8_t tcp_flags;
	uint8_t icmp_type, icmp_code;
	bool ports_known;
	bool later_fragment;
};
/* The entry that decides, as an index of aces; SNAPSHOT_NONE: none matches, an implicit deny. */
uint32_t snapshot_acl_match(const struct snapshot *snapshot, uint32_t acl, const struct acl_subject *subject);
/* First match, implicit deny. */
bool snapshot_acl_permits(const struct snapshot *snapshot, uint32_t acl, const struct acl_subject *subject);

/* Finds the entries that `snapshot` has in common with the one before it, so that their counts go on; old may be NULL. Before
 * the swap, at any pace: neither is changed otherwise. */
void snapshot_descend(struct snapshot *snapshot, const struct snapshot *old);
/* The packet thread's part of it: takes the counts over. */
void snapshot_inherit(struct snapshot *snapshot, const struct snapshot *old);
/* Any thread: matches of an entry. */
uint64_t snapshot_matches(const struct snapshot *snapshot, uint32_t ace);

#endif
