/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ip nat service -> the ports that gateways read. The defaults stand in the snapshot from the beginning; an entry of a
 * command that holds by default stands for its `no` line and takes rows away.
 */
#include "config/build.h"
#include "gram_tables.h"

#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

/* Protocol, port 0: all. */
static void drop_rows(struct snapshot *snapshot, enum alg alg, uint8_t protocol, uint16_t port)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < snapshot->n_services; i++) {
		const struct snapshot_service row = snapshot->services[i];

		if (row.alg != alg || (protocol != 0 && row.protocol != protocol) || (port != 0 && row.port != port))
			snapshot->services[kept++] = row;
	}
	snapshot->n_services = kept;
}

static void switch_off(struct snapshot *snapshot, uint8_t which)
{
	switch (which) {
	case NAT_SERVICE_WHICH_DNS_RESET_TTL:
		snapshot->dns_reset_ttl = false;
		break;
	case NAT_SERVICE_WHICH_DNS_V6:
		snapshot->dns_v6 = false;
		break;
	case NAT_SERVICE_WHICH_FTP:
		drop_rows(snapshot, ALG_FTP, 0, 0);
		break;
	case NAT_SERVICE_WHICH_SIP_ICE:
		snapshot->sip_ice = false;
		break;
	case NAT_SERVICE_WHICH_TFTP:
		drop_rows(snapshot, ALG_TFTP, 0, 0);
		break;
	case NAT_SERVICE_WHICH_RCMD:
		drop_rows(snapshot, ALG_SHELL, 0, 0);
		drop_rows(snapshot, ALG_LOGIN, 0, 0);
		drop_rows(snapshot, ALG_EXEC, 0, 0);
		break;
	}
}

/* Servers of a list that does not exist are nobody. */
static void add_port(struct build *build, const struct args_nat_service_ftp_port *args)
{
	struct snapshot *snapshot = build->snapshot;
	uint32_t acl = build_acl(build, args->acl);

	if (acl != SNAPSHOT_NONE)
		*BUILD_PUSH(snapshot->services, snapshot->n_services) =
			(struct snapshot_service){PROTOCOL_TCP, ALG_FTP, (uint16_t)args->port, acl};
}

/* The default port has an entry where it is off, every other one where it is on. */
static void set_sip_port(struct build *build, const struct entry *entry)
{
	const struct args_nat_service_sip *args = entry->args;
	const uint8_t protocol = args->protocol == NAT_SERVICE_SIP_PROTOCOL_TCP ? PROTOCOL_TCP : PROTOCOL_UDP;
	struct snapshot *snapshot = build->snapshot;

	if (gram_by_default(entry->cmd, args))
		drop_rows(snapshot, ALG_SIP, protocol, (uint16_t)args->port);
	else
		*BUILD_PUSH(snapshot->services, snapshot->n_services) =
			(struct snapshot_service){protocol, ALG_SIP, (uint16_t)args->port, SNAPSHOT_NONE};
}

void build_services(struct build *build)
{
	struct snapshot *snapshot = build->snapshot;
	struct entry *entry = NULL;

	if (store_next(build->store, NULL, gram_cmds[CMD_NAT_SERVICE_ALL], NULL) != NULL)
		snapshot->n_services = 0;
	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_NAT_SERVICE_DNS], entry))) {
		const struct args_nat_service_dns *args = entry->args;

		drop_rows(snapshot, ALG_DNS,
			  args->protocol == NAT_SERVICE_DNS_PROTOCOL_TCP ? PROTOCOL_TCP : PROTOCOL_UDP, 0);
	}
	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_NAT_SERVICE], entry)))
		switch_off(snapshot, ((const struct args_nat_service *)entry->args)->which);
	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_NAT_SERVICE_FTP_PORT], entry)))
		add_port(build, entry->args);
	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_NAT_SERVICE_SIP], entry)))
		set_sip_port(build, entry);
	snapshot->allow_multipart =
		store_next(build->store, NULL, gram_cmds[CMD_NAT_SERVICE_MULTIPART], NULL) != NULL;
}
