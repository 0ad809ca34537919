/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to check*.c: what a row of the table can be given, and the rows' functions by subject. */
#ifndef ALGATE_CONFIG_CHECK_ROWS_H
#define ALGATE_CONFIG_CHECK_ROWS_H

#include "config/store.h"
#include "lib/addr.h"
#include "lib/err.h"

struct check {
	const struct store *store;
	const struct entry *context;
	const struct gram_cmd *cmd;
	struct err *err;
};

/* canon_*: into canonical form, looking at nothing else. check_*: does it fit? free_*: may it go?
 */
void canon_static_port(void *args);
void canon_dynamic_interface(void *args);
bool check_static_host(const struct check *check, void *args);
bool check_static_host_interface(const struct check *check, void *args);
bool check_static_port(const struct check *check, void *args);
bool check_static_port_interface(const struct check *check, void *args);
bool check_max_list(const struct check *check, void *args);
bool check_service_list(const struct check *check, void *args);
bool check_max_host(const struct check *check, void *args);
bool check_dynamic(const struct check *check, void *args);
bool check_pool_range(const struct check *check, void *args);
bool check_pool(const struct check *check, void *args);
bool check_pool_address(const struct check *check, void *args);
bool free_pool(const struct check *check, const struct entry *entry);

void canon_ace_standard(void *args);
void canon_ace_tcp(void *args);
void canon_ace_udp(void *args);
void canon_ace_icmp(void *args);
void canon_ace_ip(void *args);
bool check_list(const struct check *check, void *args);
bool check_ace(const struct check *check, void *args);
bool check_ace_ports(const struct check *check, void *args);
/* The entry of the same list that says the same, whatever its number. */
struct entry *ace_same(const struct store *store, const struct entry *list,
		       const struct gram_cmd *cmd, const void *args);

void canon_reassembly(void *args);
void canon_route(void *args);
bool check_address(const struct check *check, void *args);
bool check_secondary(const struct check *check, void *args);
bool check_route(const struct check *check, void *args);
bool free_address(const struct check *check, const struct entry *entry);

/* An address that a host can have: not 0/8, 127/8, multicast or above. */
bool address_usable(ip4 address);

#endif
