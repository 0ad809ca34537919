/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes on a session's socket, in pieces, against a whole daemon without Linux: sessions,
 * commands, store, engine. What must hold: nothing breaks, and when the other side is gone the
 * session is gone.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/server.h"
#include "cli/wire.h"
#include "config/dry.h"
#include "lib/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct house {
	struct loop *loop;
	struct router router;
	struct records *records;
	struct server *server;
	bool closed;
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void house_open(struct house *house)
{
	struct router *router = &house->router;
	struct err err;

	memset(house, 0, sizeof(*house));
	house->records = records_open(NULL, 64, &err);
	must(house->records != NULL);
	house->loop = loop_new();
	router->system = &system_dry;
	router->startup_path = "/nonexistent/startup-config";
	router->state_dir = "/nonexistent";
	router->started = clock_now();
	router->store = store_new();
	router->box = mailbox_new();
	mailbox_direct(router->box, 1);
	router->engine = engine_new(house->records, 1, router->started);
	router->apply = apply_new(router->store, router->system, router->box, router->engine);
	house->server = server_new(house->loop, router, NULL, &err);
	must(house->server != NULL);
}

static void house_close(struct house *house)
{
	server_free(house->server);
	loop_free(house->loop);
	apply_free(house->router.apply);
	engine_free(house->router.engine);
	mailbox_free(house->router.box);
	store_free(house->router.store);
	records_close(house->records);
}

static void closed(void *arg)
{
	((struct house *)arg)->closed = true;
}

static void round_of(struct house *house, int fd)
{
	char drain[65536];

	loop_once(house->loop, 0);
	while (recv(fd, drain, sizeof(drain), MSG_DONTWAIT) > 0)
		;
}

/* The first byte says how large the pieces are, and whether the greeting is made for the input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t hello[] = {WIRE_HELLO, 0, 0, 6, WIRE_VERSION, 0, 0, 24, 0, 80};
	struct house house;
	size_t piece;
	int pair[2];

	if (size == 0)
		return 0;
	house_open(&house);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	must(server_adopt(house.server, pair[0], ORIGIN_CONSOLE, 0, "", closed, &house) != NULL);
	if (data[0] & 0x80)
		must(send(pair[1], hello, sizeof(hello), MSG_NOSIGNAL) == sizeof(hello));
	piece = (data[0] & 0x7f) * 16u + 1;
	for (size_t at = 1; at < size && !house.closed; at += piece) {
		send(pair[1], data + at, size - at < piece ? size - at : piece,
		     MSG_NOSIGNAL | MSG_DONTWAIT);
		round_of(&house, pair[1]);
	}
	close(pair[1]);
	for (unsigned i = 0; i < 1000 && !house.closed; i++)
		loop_once(house.loop, 1);
	must(house.closed);
	house_close(&house);
	return 0;
}
