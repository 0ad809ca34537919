/* SPDX-License-Identifier: GPL-2.0-or-later */
/* no ip nat inside source static ... forced: the entry goes, and what uses it ends unasked. */
#include <stdio.h>

#include "cli/exec.h"
#include "config/check.h"
#include "gram_tables.h"

static void remove_forced(struct session *session, const struct gram_cmd *cmd, void *args)
{
	struct entry *entry = config_check_find(session_router(session)->store, NULL, cmd, args);

	if (entry != NULL)
		exec_remove_forced(session, entry);
}

void cmd_no_static_host(struct session *session, const struct args_no_static_host *args, bool no)
{
	struct args_nat_static_host key = {.local = args->local, .global = args->global};

	(void)no;
	remove_forced(session, gram_cmds[CMD_NAT_STATIC_HOST], &key);
}

void cmd_no_static_port(struct session *session, const struct args_no_static_port *args, bool no)
{
	struct args_nat_static_port key = {.protocol = args->protocol,
					   .local = args->local,
					   .local_port = args->local_port,
					   .global = args->global,
					   .global_port = args->global_port};

	(void)no;
	remove_forced(session, gram_cmds[CMD_NAT_STATIC_PORT], &key);
}

void cmd_no_static_host_interface(struct session *session, const struct args_no_static_host_interface *args,
				  bool no)
{
	struct args_nat_static_host_interface key = {.local = args->local};

	(void)no;
	snprintf(key.interface, sizeof(key.interface), "%s", args->interface);
	remove_forced(session, gram_cmds[CMD_NAT_STATIC_HOST_INTERFACE], &key);
}

void cmd_no_static_port_interface(struct session *session, const struct args_no_static_port_interface *args,
				  bool no)
{
	struct args_nat_static_port_interface key = {.protocol = args->protocol,
						     .local = args->local,
						     .local_port = args->local_port,
						     .global_port = args->global_port};

	(void)no;
	snprintf(key.interface, sizeof(key.interface), "%s", args->interface);
	remove_forced(session, gram_cmds[CMD_NAT_STATIC_PORT_INTERFACE], &key);
}

_Static_assert((int)NO_STATIC_PORT_PROTOCOL_TCP == (int)NAT_STATIC_PORT_PROTOCOL_TCP &&
		       (int)NO_STATIC_PORT_INTERFACE_PROTOCOL_TCP == (int)NAT_STATIC_PORT_INTERFACE_PROTOCOL_TCP,
	       "one numbering of protocols");
