/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access lists: kinds and names, sequence numbers, canonical forms of what an entry matches. */
#include <string.h>

#include "config/ace.h"
#include "config/check_rows.h"
#include "config/index.h"
#include "gram_tables.h"

bool check_list(const struct check *check, void *args)
{
	const char *name = ((const struct args_acl_standard *)args)->name;
	const struct entry *old = store_find(check->store, NULL, check->cmd, args);
	bool standard = check->cmd->id == CMD_ACL_STANDARD;

	if (!ace_name_fits(name, standard))
		return err_set(check->err, "Invalid access list name.");
	if (old && old->cmd != check->cmd)
		return err_set(check->err, "Access list %s is %s one", name,
			       standard ? "an extended" : "a standard");
	return true;
}

struct entry *ace_same(const struct store *store, const struct entry *list,
		       const struct gram_cmd *cmd, const void *args)
{
	struct index_key key;

	index_ace(&key, list, cmd, args);
	return store_by(store, &key, NULL);
}

/* The same rule twice in a list is one rule; a rule without a number goes to the end. */
bool check_ace(const struct check *check, void *args)
{
	const struct entry *same = ace_same(check->store, check->context, check->cmd, args);
	const struct entry *last;
	uint32_t sequence = ace_sequence(check->cmd, args);

	if (same) {
		ace_set_sequence(check->cmd, args, ace_sequence(same->cmd, same->args));
		return true;
	}
	if (sequence) {
		if (store_find(check->store, check->context, check->cmd, args))
			return err_set(check->err, "%%Duplicate sequence number");
		return true;
	}
	last = store_last(check->store, check->context);
	sequence =
	    last ? ace_next_sequence(ace_sequence(last->cmd, last->args)) : ace_next_sequence(0);
	if (sequence > INT32_MAX)
		return err_set(check->err, "No sequence number left behind the last entry");
	ace_set_sequence(check->cmd, args, sequence);
	return true;
}

void canon_ace_standard(void *args)
{
	struct args_ace_standard *ace = args;

	if (ace->has_host) {
		ace->source = ace->host;
		ace->has_source = true;
		ace->host = 0;
		ace->has_host = false;
	}
	if (ace->has_wildcard && ace->wildcard == UINT32_MAX) {
		ace->any = true;
		ace->has_source = ace->has_wildcard = false;
		ace->source = ace->wildcard = 0;
	} else if (ace->has_wildcard && ace->wildcard == 0) {
		ace->has_wildcard = false;
	} else if (ace->has_wildcard) {
		ace->source &= ~ace->wildcard;
	}
}

enum { KIND_ANY = 1, KIND_HOST, KIND_MASKED };

#define SAME_KINDS(ace)                                                                            \
	_Static_assert((int)ace##_SOURCE_KIND_ANY == KIND_ANY &&                                   \
			   (int)ace##_SOURCE_KIND_HOST == KIND_HOST &&                             \
			   (int)ace##_SOURCE_KIND_SOURCE == KIND_MASKED &&                         \
			   (int)ace##_DESTINATION_KIND_ANY == KIND_ANY &&                          \
			   (int)ace##_DESTINATION_KIND_HOST == KIND_HOST &&                        \
			   (int)ace##_DESTINATION_KIND_DESTINATION == KIND_MASKED,                 \
		       "one numbering of address kinds")
SAME_KINDS(ACE_TCP);
SAME_KINDS(ACE_UDP);
SAME_KINDS(ACE_ICMP);
SAME_KINDS(ACE_IP);

static void canon_place(uint8_t *kind, ip4 *address, ip4 *wildcard)
{
	if (*kind != KIND_MASKED)
		return;
	if (*wildcard == UINT32_MAX)
		*kind = KIND_ANY;
	else if (*wildcard == 0)
		*kind = KIND_HOST;
	*address &= ~*wildcard;
	if (*kind != KIND_MASKED)
		*wildcard = 0;
}

enum { OP_EQ = 1, OP_NEQ, OP_GT, OP_LT, OP_RANGE };

#define SAME_OPS(ace)                                                                              \
	_Static_assert(                                                                            \
	    (int)ace##_SOURCE_OP_EQ == OP_EQ && (int)ace##_SOURCE_OP_NEQ == OP_NEQ &&              \
		(int)ace##_SOURCE_OP_GT == OP_GT && (int)ace##_SOURCE_OP_LT == OP_LT &&            \
		(int)ace##_SOURCE_OP_RANGE == OP_RANGE && (int)ace##_DESTINATION_OP_EQ == OP_EQ && \
		(int)ace##_DESTINATION_OP_NEQ == OP_NEQ &&                                         \
		(int)ace##_DESTINATION_OP_GT == OP_GT && (int)ace##_DESTINATION_OP_LT == OP_LT &&  \
		(int)ace##_DESTINATION_OP_RANGE == OP_RANGE,                                       \
	    "one numbering of port operators")
SAME_OPS(ACE_TCP);
SAME_OPS(ACE_UDP);

/* `range 20 10` means 10 to 20, `range 5 5` is `eq 5`. */
static void canon_ports(uint8_t *op, uint16_t *ports, uint8_t *n)
{
	uint16_t low;

	if (*op != OP_RANGE || *n != 2)
		return;
	low = ports[0] < ports[1] ? ports[0] : ports[1];
	ports[1] = ports[0] < ports[1] ? ports[1] : ports[0];
	ports[0] = low;
	if (ports[1] == low) {
		*op = OP_EQ;
		*n = 1;
		ports[1] = 0;
	}
}

#define CANON_PLACES(ace)                                                                          \
	do {                                                                                       \
		canon_place(&(ace)->source_kind, &(ace)->source, &(ace)->source_wildcard);         \
		canon_place(&(ace)->destination_kind, &(ace)->destination,                         \
			    &(ace)->destination_wildcard);                                         \
	} while (0)

#define CANON_PORTS(ace)                                                                           \
	do {                                                                                       \
		canon_ports(&(ace)->source_op, (ace)->source_ports, &(ace)->n_source_ports);       \
		canon_ports(&(ace)->destination_op, (ace)->destination_ports,                      \
			    &(ace)->n_destination_ports);                                          \
	} while (0)

void canon_ace_tcp(void *args)
{
	struct args_ace_tcp *ace = args;

	CANON_PLACES(ace);
	CANON_PORTS(ace);
}

void canon_ace_udp(void *args)
{
	struct args_ace_udp *ace = args;

	CANON_PLACES(ace);
	CANON_PORTS(ace);
}

void canon_ace_icmp(void *args)
{
	struct args_ace_icmp *ace = args;

	CANON_PLACES(ace);
}

void canon_ace_ip(void *args)
{
	struct args_ace_ip *ace = args;

	CANON_PLACES(ace);
}

static bool ports_possible(uint8_t op, const uint16_t *ports)
{
	return !(op == OP_GT && ports[0] == UINT16_MAX) && !(op == OP_LT && ports[0] == 0);
}

/* A range of ports that holds none would compile to none, which means any. */
bool check_ace_ports(const struct check *check, void *args)
{
	const struct args_ace_tcp *tcp = args;
	const struct args_ace_udp *udp = args;
	bool is_tcp = check->cmd->id == CMD_ACE_TCP, possible;

	possible = is_tcp ? ports_possible(tcp->source_op, tcp->source_ports) &&
				ports_possible(tcp->destination_op, tcp->destination_ports)
			  : ports_possible(udp->source_op, udp->source_ports) &&
				ports_possible(udp->destination_op, udp->destination_ports);
	if (!possible)
		return err_set(check->err, "Invalid port range");
	return check_ace(check, args);
}
