/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mapping that the gateways share. Promises memory that can be written: what is asked for by
 * index (expectations, heads of streams) from the start, the rest when it is asked to. May not know
 * what the regions hold.
 */
#include "nat/alg_store.h"

#include <stdlib.h>
#include "lib/log.h"
#include "lib/mem.h"
#include "nat/records.h"
#include "nat/stream.h"

#define MAGIC	     UINT64_C(0x31474c4147544c41) /* ALTGALG1 in memory order */
#define NONE_WRITTEN ((uint64_t)UINT32_MAX << 32)
#define SEAL_LEAST   2u

/* Words of the header: how far a region was ever written. */
enum { HIGH_SESSIONS, HIGH_CALLS, HIGH_PORTS };

static const struct siphash_key seal_key = {0x616c67617465, 0x73657373696f6e73};

static uint64_t layout_hash(void)
{
	const uint64_t sizes[] = {
	    sizeof(struct session_record),
	    offsetof(struct session_record, alg),
	    offsetof(struct session_record, data),
	    sizeof(struct expect_record),
	    offsetof(struct expect_record, rule),
	    offsetof(struct expect_record, flags),
	    offsetof(struct expect_record, message),
	    sizeof(struct call_record),
	    offsetof(struct call_record, state),
	    offsetof(struct call_record, asked),
	    offsetof(struct call_record, rung),
	    offsetof(struct call_record, offers),
	    offsetof(struct call_record, remotes),
	    sizeof(struct call_port),
	    offsetof(struct call_port, flags),
	    offsetof(struct call_port, heard_s),
	    sizeof(struct flow_record),
	    ALG_COUNT,
	    ALG_SESSIONS,
	    EXPECT_MAX,
	    CALL_MAX,
	    CALL_PORTS,
	    ALG_STREAMS,
	    ALG_CHUNKS,
	    BACKING_PAGE,
	    stream_store_size(ALG_STREAMS, ALG_CHUNKS),
	    0x01020304, /* byte order */
	};

	return siphash13(&seal_key, sizes, sizeof(sizes));
}

static uint64_t sessions_size(void)
{
	return backing_page_up(ALG_SESSIONS * sizeof(struct session_record));
}

static uint64_t expects_size(void)
{
	return backing_page_up(EXPECT_MAX * sizeof(struct expect_record));
}

static uint64_t calls_size(void)
{
	return backing_page_up(CALL_MAX * sizeof(struct call_record));
}

static uint64_t ports_size(void)
{
	return backing_page_up(CALL_PORTS * sizeof(struct call_port));
}

static void place(struct alg_store *store)
{
	char *at = backing_body(&store->map);

	store->sessions = (struct session_record *)at;
	store->expects = (struct expect_record *)(at + sessions_size());
	at += sessions_size() + expects_size();
	store->calls = (struct call_record *)at;
	store->ports = (struct call_port *)(at + calls_size());
	store->streams = at + calls_size() + ports_size();
}

/* Expectations are looked for anywhere in their region, and the streams begin with a page of their own. */
static bool reserve_heads(struct alg_store *store)
{
	return backing_reserve(&store->map, store->expects, expects_size()) &&
	       backing_reserve(&store->map, store->streams, stream_store_size(0, 0));
}

bool alg_store_reserve_streams(struct alg_store *store, uint32_t streams, uint32_t chunks)
{
	const char *at = store->streams;
	size_t heads = stream_store_size(ALG_STREAMS, 0);

	if (chunks > ALG_CHUNKS)
		chunks = ALG_CHUNKS;
	return backing_reserve(&store->map, at, stream_store_size(streams, 0)) &&
	       backing_reserve(&store->map, at + heads, stream_store_size(ALG_STREAMS, chunks) - heads);
}

static void mend(struct alg_store *store)
{
	struct backing *map = &store->map;

	backing_mend_high(map, HIGH_SESSIONS, store->sessions, sizeof(*store->sessions), ALG_SESSIONS);
	backing_mend_high(map, HIGH_CALLS, store->calls, sizeof(*store->calls), CALL_MAX);
	backing_mend_high(map, HIGH_PORTS, store->ports, sizeof(*store->ports), CALL_PORTS);
	if (!map->fresh)
		stream_store_mend(store->streams, ALG_STREAMS,
				  backing_written(map, store->streams, stream_store_size(ALG_STREAMS, 0)));
}

struct alg_store *alg_store_open(const char *directory, struct err *err)
{
	struct backing_kind kind = {
	    .file = "alg",
	    .what = "Records of application-level gateways",
	    .magic = MAGIC,
	    .layout = layout_hash(),
	    .capacity = ALG_SESSIONS,
	    .size = sessions_size() + expects_size() + calls_size() + ports_size() +
		    stream_store_size(ALG_STREAMS, ALG_CHUNKS),
	    .word = NONE_WRITTEN,
	};
	struct alg_store *store = mem_alloc(sizeof(*store));

	if (!backing_open(&store->map, directory, &kind, err)) {
		alg_store_close(store);
		return NULL;
	}
	place(store);
	if (reserve_heads(store)) {
		mend(store);
		return store;
	}
	log_event("NAT", LOG_SEV_WARNING, "RECORDS",
		  "No room in %s for what gateways keep: they will forget it with the daemon",
		  directory);
	alg_store_close(store);
	return alg_store_open(NULL, err);
}

void alg_store_close(struct alg_store *store)
{
	if (store == NULL)
		return;
	backing_close(&store->map);
	free(store);
}

bool alg_store_reserve(struct alg_store *store, const void *at, size_t size)
{
	return backing_reserve(&store->map, at, size);
}

uint32_t alg_store_sessions(const struct alg_store *store)
{
	return backing_high(&store->map, HIGH_SESSIONS, ALG_SESSIONS);
}

void alg_store_set_sessions(struct alg_store *store, uint32_t high)
{
	backing_set_high(&store->map, HIGH_SESSIONS, high);
}

static bool grow_calls(void *arg, bool port, uint32_t index)
{
	struct alg_store *store = arg;
	const void *at = port ? (const void *)&store->ports[index] : (const void *)&store->calls[index];

	if (!alg_store_reserve(store, at, port ? sizeof(*store->ports) : sizeof(*store->calls)))
		return false;
	backing_set_high(&store->map, port ? HIGH_PORTS : HIGH_CALLS, index + 1);
	return true;
}

struct call_memory alg_store_calls(struct alg_store *store)
{
	return (struct call_memory){
	    .calls = store->calls,
	    .ports = store->ports,
	    .n_calls = CALL_MAX,
	    .n_ports = CALL_PORTS,
	    .high_calls = backing_high(&store->map, HIGH_CALLS, CALL_MAX),
	    .high_ports = backing_high(&store->map, HIGH_PORTS, CALL_PORTS),
	    .grow = grow_calls,
	    .arg = store,
	};
}

uint32_t session_seal(const struct session_record *session)
{
	const uint32_t identity[] = {session->flow, session->flow_state, session->stream,
				     session->alg, session->client};
	uint32_t seal =
	    (uint32_t)siphash13(&seal_key, identity, sizeof(identity)) & ~RECORD_WRITING;

	return seal != 0 ? seal : SEAL_LEAST;
}
