/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names within a session that a description began (MSRP: To-Path, From-Path). What is compared at the other end is what the
 * description said, so it is the ports of calls that tell, whichever end opened this connection and from whatever port:
 *
 *   sender inside    its own announced endpoint becomes the global one that was told instead. Who only connects announced port 9,
 *                    which nobody is given: its address alone changes, as it did in the description.
 *   receiver inside  the reverse. Who wrote its global endpoint by itself gets it back so.
 *
 * Anything else is a name like others. A port that is named so is in use, also where its flows have another port: a call lives
 * as long as its session does. May not make anything.
 */
#include "nat/call_life.h"
#include "nat/resolve_parts.h"

#define PORT_DISCARD 9 /* RFC 4145 4 */

/* This inside host announced it, or receives there. */
static bool is_told(const struct making *m, const struct flow_record *flow, const struct call_port *port)
{
	return !(port->kind & PORT_SIGNAL) && port->child == m->ask->alg && (port->host == flow->il || port->il == flow->il) &&
	       call_port_fits(m->engine->snapshot, port);
}

/* Sessions with different servers may have told different addresses: that of this flow counts first. */
static struct call_port *told_of_local(const struct making *m, const struct flow_record *flow, struct endpoint at)
{
	struct call_port *port = NULL, *found = NULL;

	while ((port = call_port_of_local(m->engine->calls, flow->vrf, flow->protocol, at, port)) != NULL) {
		if (is_told(m, flow, port) && (found == NULL || port->ig == flow->ig))
			found = port;
		if (found != NULL && found->ig == flow->ig)
			break;
	}
	return found;
}

static struct call_port *told_of_global(const struct making *m, const struct flow_record *flow, struct endpoint at)
{
	struct call_port *port = NULL;

	do {
		port = call_port_of_global(m->engine->calls, flow->vrf, flow->protocol, at, port);
	} while (port != NULL && !is_told(m, flow, port));
	return port;
}

/* The connection is this port's, also where it has another one: its session lasts as long as it is used, and ends with the call. */
static void heard(const struct making *m, struct call_port *port, enum flow_side from)
{
	struct call_table *calls = m->engine->calls;

	port->heard_s[from] = seconds(m->now);
	STORE_POINT();
	if (call_port_of_flow(calls, m->ask->flow) == RECORD_NONE)
		call_port_link(calls, port, m->ask->flow);
}

static bool told_out(const struct making *m, struct endpoint *at)
{
	const struct flow_record *flow = m->sender;
	struct call_port *port;

	if (at->port == PORT_DISCARD && at->addr == flow->il) {
		at->addr = flow->ig;
		return true;
	}
	port = told_of_local(m, flow, *at);
	if (port == NULL)
		return false;
	*at = call_port_global(port);
	heard(m, port, SIDE_INSIDE);
	return true;
}

static bool told_in(const struct making *m, struct endpoint *at)
{
	const struct flow_record *flow = m->receiver;
	struct call_port *port;

	if (at->port == PORT_DISCARD && at->addr == flow->ig) {
		at->addr = aware_is(m, flow) ? flow->ig : flow->il;
		return true;
	}
	port = told_of_global(m, flow, *at);
	if (port == NULL)
		return false;
	if (!(port->kind & PORT_AWARE))
		*at = call_port_local(port);
	heard(m, port, SIDE_OUTSIDE);
	return true;
}

enum resolve_outcome resolve_told(struct making *m, const struct mention *mention, struct resolved *out)
{
	struct endpoint at = mention->at;

	if ((m->sender != NULL && told_out(m, &at)) || (m->receiver != NULL && told_in(m, &at))) {
		out->to = at;
		out->changed = at.addr != mention->at.addr || at.port != mention->at.port;
		return RESOLVED;
	}
	resolve_name(m, mention, out);
	return RESOLVED;
}
