/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/ace.h"
#include "config/check_rows.h"
#include "gram_tables.h"
#include "lib/secret.h"

static bool check_hostname(const struct check *check, void *args)
{
	const char *name = ((const struct args_hostname *)args)->name;
	size_t length = strlen(name);
	bool good = isalnum((unsigned char)name[0]) && isalnum((unsigned char)name[length - 1]);

	for (size_t i = 0; i < length; i++)
		good = good && (isalnum((unsigned char)name[i]) || strchr("-_.", name[i]));
	if (!good || length > 63)
		return err_set(check->err, "Hostname contains one or more illegal characters.");
	return true;
}

static int secret_type(uint8_t type)
{
	static const int types[] = {0, 0, 5, 8, 9};

	return types[type];
}

/* Clear text becomes type 9, except where it is the secret that is stored already: entering a
 * configuration twice must change nothing. */
static bool check_enable_secret(const struct check *check, void *args)
{
	struct args_enable_secret *new = args;
	const struct entry *entry = store_find(check->store, NULL, check->cmd, args);
	const struct args_enable_secret *old = entry ? entry->args : NULL;
	char hash[SECRET_SIZE];

	if (secret_type(new->type) != 0) {
		if (secret_valid(secret_type(new->type), new->secret))
			return true;
		return err_set(check->err,
			       "%%ERROR: The secret you entered is not a valid encrypted secret.");
	}
	if (old && secret_matches(secret_type(old->type), old->secret, new->secret)) {
		memcpy(new, old, sizeof(*new));
		return true;
	}
	if (!secret_make(new->secret, hash))
		return err_set(check->err, "Cannot encrypt the secret");
	memset(new, 0, sizeof(*new));
	memcpy(new->secret, hash, strnlen(hash, sizeof(hash) - 1));
	new->type = ENABLE_SECRET_TYPE_9;
	return true;
}

_Static_assert((int)ENABLE_PASSWORD_TYPE_0 == (int)LINE_PASSWORD_TYPE_0 &&
		   (int)ENABLE_PASSWORD_TYPE_7 == (int)LINE_PASSWORD_TYPE_7 &&
		   sizeof(struct args_enable_password) == sizeof(struct args_line_password),
	       "one function canonicalises both");

/* The type of a clear text is left out, unless the text would then be read as a type and a text. */
static void canon_password(void *args)
{
	struct args_line_password *new = args;
	const char *text = new->password;
	bool like_type =
	    (text[0] == '0' || text[0] == '7') && (!text[1] || isblank((unsigned char)text[1]));

	if (new->type == LINE_PASSWORD_TYPE_0 && !like_type)
		new->type = 0;
}

static bool check_password(const struct check *check, void *args)
{
	const struct args_line_password *new = args;

	if (new->type != LINE_PASSWORD_TYPE_7 || secret_valid(7, new->password))
		return true;
	return err_set(check->err, "Invalid encrypted password: %s", new->password);
}

static void canon_vty(void *args)
{
	struct args_line_vty *new = args;

	if (new->has_last &&new->last == new->first)
		new->has_last = false;
	if (!new->has_last)
		new->last = 0;
}

static uint32_t vty_last(const struct args_line_vty *line)
{
	return line->has_last ? line->last : line->first;
}

static bool check_vty(const struct check *check, void *args)
{
	const struct args_line_vty *new = args;
	struct entry *entry = NULL;

	if (vty_last(new) < new->first)
		return err_set(check->err, "Bad line range");
	while ((entry = store_next(check->store, NULL, check->cmd, entry))) {
		const struct args_line_vty *old = entry->args;

		if (old->first == new->first && vty_last(old) == vty_last(new))
			return true;
		if (old->first <= vty_last(new) && new->first <= vty_last(old))
			return err_set(check->err, "Overlaps with line vty %u %u", old->first,
				       vty_last(old));
	}
	return true;
}

struct row {
	void (*canon)(void *args);
	bool (*set)(const struct check *check, void *args);
	bool (*remove)(const struct check *check, const struct entry *entry);
};

/* By command id; a command that is not here has nothing to be checked. */
static const struct row rows[] = {
    [CMD_HOSTNAME] = {.set = check_hostname},
    [CMD_ENABLE_SECRET] = {.set = check_enable_secret},
    [CMD_ENABLE_PASSWORD] = {.canon = canon_password, .set = check_password},
    [CMD_LINE_PASSWORD] = {.canon = canon_password, .set = check_password},
    [CMD_LINE_VTY] = {.canon = canon_vty, .set = check_vty},
    [CMD_IF_ADDRESS] = {.set = check_address, .remove = free_address},
    [CMD_IF_ADDRESS_SECONDARY] = {.set = check_secondary},
    [CMD_IF_REASSEMBLY] = {.canon = canon_reassembly},
    [CMD_IP_ROUTE] = {.canon = canon_route, .set = check_route},
    [CMD_NAT_MAX_HOST] = {.set = check_max_host},
    [CMD_NAT_MAX_LIST] = {.set = check_max_list},
    [CMD_NAT_SERVICE_FTP_PORT] = {.set = check_service_list},
    [CMD_NAT_STATIC_HOST] = {.set = check_static_host},
    [CMD_NAT_STATIC_PORT] = {.canon = canon_static_port, .set = check_static_port},
    [CMD_NAT_STATIC_HOST_INTERFACE] = {.set = check_static_host_interface},
    [CMD_NAT_STATIC_PORT_INTERFACE] = {.set = check_static_port_interface},
    [CMD_NAT_DYNAMIC_POOL] = {.set = check_dynamic},
    [CMD_NAT_DYNAMIC_INTERFACE] = {.canon = canon_dynamic_interface, .set = check_dynamic},
    [CMD_NAT_POOL_RANGE] = {.set = check_pool_range, .remove = free_pool},
    [CMD_NAT_POOL] = {.set = check_pool, .remove = free_pool},
    [CMD_NAT_POOL_ADDRESS] = {.set = check_pool_address},
    [CMD_ACL_STANDARD] = {.set = check_list},
    [CMD_ACL_EXTENDED] = {.set = check_list},
    [CMD_ACE_REMARK] = {.set = check_ace},
    [CMD_ACE_STANDARD] = {.canon = canon_ace_standard, .set = check_ace},
    [CMD_ACE_TCP] = {.canon = canon_ace_tcp, .set = check_ace_ports},
    [CMD_ACE_UDP] = {.canon = canon_ace_udp, .set = check_ace_ports},
    [CMD_ACE_ICMP] = {.canon = canon_ace_icmp, .set = check_ace},
    [CMD_ACE_IP] = {.canon = canon_ace_ip, .set = check_ace},
};

static const struct row *row_of(const struct gram_cmd *cmd)
{
	static const struct row none;

	return cmd->id < sizeof(rows) / sizeof(*rows) ? &rows[cmd->id] : &none;
}

bool config_check_set(const struct store *store, const struct entry *context,
		      const struct gram_cmd *cmd, void *args, struct err *err)
{
	const struct check check = {store, context, cmd, err};
	const struct row *row = row_of(cmd);

	if (row->canon)
		row->canon(args);
	return !row->set || row->set(&check, args);
}

bool config_check_remove(const struct store *store, const struct entry *entry, struct err *err)
{
	const struct check check = {store, entry->context, entry->cmd, err};
	const struct row *row = row_of(entry->cmd);

	return !row->remove || row->remove(&check, entry);
}

/* Entries that share an identity but not what the operator named: `no ip nat inside` does not
 * remove `ip nat outside`. */
static bool is_meant(const struct entry *entry, const struct gram_cmd *cmd, const void *args)
{
	const struct args_if_address *address = args;
	const struct args_ip_route *route = args;

	switch (cmd->id) {
	case CMD_IF_NAT:
		return ((const struct args_if_nat *)entry->args)->role ==
		       ((const struct args_if_nat *)args)->role;
	case CMD_IF_ADDRESS:
		return !address->address || memcmp(entry->args, args, sizeof(*address)) == 0;
	case CMD_IF_ADDRESS_SECONDARY:
		return memcmp(entry->args, args, sizeof(struct args_if_address_secondary)) == 0;
	case CMD_IP_ROUTE:
		return !route->has_distance ||
		       ((const struct args_ip_route *)entry->args)->distance == route->distance;
	case CMD_ACL_STANDARD:
	case CMD_ACL_EXTENDED:
		return entry->cmd == cmd;
	case CMD_NAT_DYNAMIC_POOL:
		return entry->cmd == cmd &&
		       strcmp(((const struct args_nat_dynamic_pool *)entry->args)->pool,
			      ((const struct args_nat_dynamic_pool *)args)->pool) == 0;
	case CMD_NAT_DYNAMIC_INTERFACE:
		return entry->cmd == cmd &&
		       strcmp(((const struct args_nat_dynamic_interface *)entry->args)->interface,
			      ((const struct args_nat_dynamic_interface *)args)->interface) == 0;
	default:
		return true;
	}
}

struct entry *config_check_find(const struct store *store, const struct entry *context,
				const struct gram_cmd *cmd, void *args)
{
	const struct row *row = row_of(cmd);
	struct entry *entry;

	if (row->canon)
		row->canon(args);
	if (ace_is_entry(cmd) && ace_sequence(cmd, args) == 0)
		return ace_same(store, context, cmd, args);
	entry = store_find(store, context, cmd, args);
	return entry && is_meant(entry, cmd, args) ? entry : NULL;
}

const char *config_hostname(const struct store *store)
{
	const struct entry *entry = store_find(store, NULL, gram_cmds[CMD_HOSTNAME], NULL);

	return entry ? ((const struct args_hostname *)entry->args)->name : NULL;
}
