/* SPDX-License-Identifier: GPL-2.0-or-later */
/* algated, the router daemon: options and start order. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "cli/boot.h"
#include "cli/load.h"
#include "cli/server.h"
#include "cli/telnet.h"
#include "config/dry.h"
#include "config/save.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"
#include "lib/precedence.h"
#include "lib/privilege.h"
#include "net/net.h"
#include "net/packets.h"
#include "replay/replay.h"
#include "show/debug.h"

#define DEFAULT_CONFIG SYSCONFDIR "/algate/startup-config"
#define DEFAULT_INTERFACES SYSCONFDIR "/algate/interfaces"
#define DEFAULT_STATE "/run/algate"
#define DEFAULT_MAX_FLOWS 1048576u
#define MAPS_MAX 256

struct options {
	const char *config, *state_dir, *telnet, *user;
	const char *maps[MAPS_MAX];
	unsigned n_maps;
	uint32_t max_flows;
	bool check, release;
	struct replay_options replay; /* read NULL: no replay */
};

/* Everything that lives as long as the daemon, in the order it is made. */
struct daemon {
	const struct options *options;
	struct loop *loop;
	struct net *net;
	struct queues *queues;
	struct inject *inject;
	struct records *records;
	struct router router;
	struct packets *packets;
	struct server *server;
	struct telnet *telnet;
	struct loop_timer *second, *watchdog;
	uint64_t watchdog_ms;
};

static void usage(FILE *to)
{
	fputs("usage: algated [-f|--config FILE] [-s|--state-dir DIR] [-t|--telnet ADDR:PORT]\n"
	      "               [-m|--map IOSNAME=LINUXNAME]... [-u|--user NAME] [--max-flows N]\n"
	      "       algated -C|--check [-f FILE]\n"
	      "       algated --replay CAPTURE [--write CAPTURE] [-f FILE] [--inside NET]...\n"
	      "               [--view sent|inside|outside]\n"
	      "       algated --release [-s DIR]\n"
	      "       algated -V|--version\n",
	      to);
}

static bool parse_flows(const char *text, uint32_t *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end != '\0' || n < 64 || n > 64 * 1024 * 1024)
		return false;
	*out = (uint32_t)n;
	return true;
}

static void add_map(struct options *options, const char *text)
{
	if (strchr(text, '=') == NULL || options->n_maps == MAPS_MAX) {
		fprintf(stderr, "algated: bad interface map: %s (IOSNAME=LINUXNAME)\n", text);
		exit(2);
	}
	options->maps[options->n_maps++] = text;
}

enum long_only { OPTION_RELEASE = 256, OPTION_MAX_FLOWS, OPTION_REPLAY, OPTION_WRITE, OPTION_INSIDE, OPTION_VIEW };

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'f'},
	{"state-dir", required_argument, NULL, 's'},
	{"telnet", required_argument, NULL, 't'},
	{"map", required_argument, NULL, 'm'},
	{"user", required_argument, NULL, 'u'},
	{"check", no_argument, NULL, 'C'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{"release", no_argument, NULL, OPTION_RELEASE},
	{"max-flows", required_argument, NULL, OPTION_MAX_FLOWS},
	{"replay", required_argument, NULL, OPTION_REPLAY},
	{"write", required_argument, NULL, OPTION_WRITE},
	{"inside", required_argument, NULL, OPTION_INSIDE},
	{"view", required_argument, NULL, OPTION_VIEW},
	{NULL, 0, NULL, 0},
};

/* False: none of these. */
static bool replay_option_set(struct replay_options *replay, int option, const char *value)
{
	const char *wrong = NULL;

	if (option == OPTION_REPLAY)
		replay->read = value;
	else if (option == OPTION_WRITE)
		replay->write = value;
	else if (option == OPTION_INSIDE)
		wrong = replay_inside(replay, value) ? NULL : "--inside takes a network such as 10.0.0.0/8, at most 64 times";
	else if (option == OPTION_VIEW)
		wrong = replay_view(replay, value) ? NULL : "--view takes sent, inside or outside";
	else
		return false;
	if (wrong == NULL)
		return true;
	fprintf(stderr, "algated: %s\n", wrong);
	exit(2);
}

static void option_set(struct options *options, int option, const char *value)
{
	if (replay_option_set(&options->replay, option, value))
		return;
	switch (option) {
	case 'f':
		options->config = value;
		break;
	case 's':
		options->state_dir = value;
		break;
	case 't':
		options->telnet = value;
		break;
	case 'm':
		add_map(options, value);
		break;
	case 'u':
		options->user = value;
		break;
	case 'C':
		options->check = true;
		break;
	case OPTION_RELEASE:
		options->release = true;
		break;
	case OPTION_MAX_FLOWS:
		if (parse_flows(value, &options->max_flows))
			break;
		fprintf(stderr, "algated: --max-flows takes a number from 64 to 67108864\n");
		exit(2);
	case 'V':
		puts("algated " PACKAGE_VERSION);
		exit(0);
	case 'h':
		usage(stdout);
		exit(0);
	default:
		usage(stderr);
		exit(2);
	}
}

/* SYSCONFDIR/algate/interfaces: one IOSNAME=LINUXNAME a line, # comments. The lines stay allocated. */
static void read_interfaces(struct options *options)
{
	size_t length;
	char *text = load_file(DEFAULT_INTERFACES, &length, NULL);
	char *save = NULL;

	if (text == NULL)
		return;
	for (char *line = strtok_r(text, "\r\n", &save); line != NULL; line = strtok_r(NULL, "\r\n", &save))
		if (line[0] != '#' && line[strspn(line, " \t")] != '\0')
			add_map(options, line);
}

static void parse_options(struct options *options, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "f:s:t:m:u:CVh", long_options, NULL)) != -1)
		option_set(options, option, optarg);
	if (optind < argc || (options->replay.read == NULL && options->replay.write != NULL)) {
		usage(stderr);
		exit(2);
	}
	if (options->n_maps == 0)
		read_interfaces(options);
}

/* ---- --check */

static void check_report(void *arg, unsigned line, const char *text)
{
	printf("%s:%u: %s\n", (const char *)arg, line, text);
}

static uint64_t random_seed(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		abort();
	return seed;
}

static void router_make(struct router *router, const struct system *system, struct records *records, uint64_t seed)
{
	router->system = system;
	router->started = clock_now();
	router->store = store_new();
	router->box = mailbox_new();
	router->engine = engine_new(records, seed, router->started);
	router->apply = apply_new(router->store, router->system, router->box, router->engine);
}

static void router_unmake(struct router *router)
{
	apply_free(router->apply);
	engine_free(router->engine);
	mailbox_free(router->box);
	store_free(router->store);
}

/* A file for a router without a kernel; who made it is told of bad lines. */
static bool load_offline(const struct options *options, struct router *router, unsigned *bad, struct err *err)
{
	enum load_result result = load_config(router, options->config, check_report, (void *)options->config, bad, err);

	if (result == LOAD_NONE)
		err_set(err, "no such file");
	if (result != LOAD_OK)
		fprintf(stderr, "%s: %s\n", options->config, err->text);
	return result == LOAD_OK;
}

/* Records in memory and interface names; NULL: it has been said why not. */
static struct records *open_offline(const struct options *options, uint32_t flows)
{
	struct err err = {""};
	struct records *records = records_open(NULL, flows, &err);

	if (records == NULL || !net_names(options->maps, options->n_maps, &err)) {
		fprintf(stderr, "algated: %s\n", err.text);
		records_close(records);
		return NULL;
	}
	gram_ifname_canonical = net_ifname_canonical;
	return records;
}

static int run_check(const struct options *options)
{
	struct err err = {""};
	struct records *records = open_offline(options, 64);
	struct router router = {.startup_path = options->config, .state_dir = options->state_dir};
	unsigned bad = 0;
	bool good;

	if (records == NULL)
		return 1;
	router_make(&router, &system_dry, records, random_seed());
	good = load_offline(options, &router, &bad, &err) && bad == 0;
	router_unmake(&router);
	records_close(records);
	return !good;
}

/* ---- --replay */

static bool replay_loaded(const struct options *options, struct router *router, struct box *box)
{
	struct err err = {""};

	box_fill(box, router->store);
	apply_refresh(router->apply);
	if (!box_check(engine_snapshot(router->engine), options->replay.n_inside == 0, &err)) {
		fprintf(stderr, "%s: %s\n", options->config, err.text);
		return false;
	}
	if (replay_run(&options->replay, router, box, stdout, &err))
		return true;
	fprintf(stderr, "algated: %s\n", err.text);
	return false;
}

static int run_replay(const struct options *options)
{
	struct err err = {""};
	struct records *records = open_offline(options, options->max_flows);
	struct router router = {.startup_path = options->config, .state_dir = options->state_dir};
	struct box box;
	unsigned bad = 0;
	bool good;

	if (records == NULL)
		return 1;
	box_init(&box);
	/* Any seed would do; the same one makes the same capture come out again. */
	router_make(&router, &box.system, records, 1);
	good = load_offline(options, &router, &bad, &err) && bad == 0 && replay_loaded(options, &router, &box);
	router_unmake(&router);
	box_clear(&box);
	records_close(records);
	return !good;
}

/* ---- the daemon */

static void on_net(void *arg, unsigned events)
{
	struct daemon *daemon = arg;

	(void)events;
	if (net_changed(daemon->net))
		apply_refresh(daemon->router.apply);
}

/* Once a second, ten times while somebody debugs. */
static void on_second(void *arg)
{
	struct daemon *daemon = arg;
	struct router *router = &daemon->router;

	router->kernel_drops = queues_kernel_drops() + queues_lost(daemon->queues) +
			       inject_lost(daemon->inject);
	router->guard_drops = net_guard_drops(daemon->net);
	debug_poll(router);
	loop_timer_set(daemon->second, router->debug_nat || router->debug_algs != 0 ? 100 : 1000);
}

static void nothing(void *arg)
{
	(void)arg;
}

/* A round through the mailbox proves that both threads live. */
static void on_watchdog(void *arg)
{
	struct daemon *daemon = arg;

	mailbox_call(daemon->router.box, nothing, NULL);
	sd_notify(0, "WATCHDOG=1");
	loop_timer_set(daemon->watchdog, daemon->watchdog_ms);
}

static void on_signal(void *arg, int signal)
{
	(void)signal;
	loop_stop(((struct daemon *)arg)->loop);
}

/* What only root may open comes before the privileges go, what needs the kernel's answers before the configuration. */
static bool open_kernel(struct daemon *daemon, struct err *err)
{
	const struct options *options = daemon->options;

	if (mkdir(options->state_dir, 0755) != 0 && errno != EEXIST)
		return err_set(err, "%s: %s", options->state_dir, strerror(errno));
	daemon->records = records_open(options->state_dir, options->max_flows, err);
	if (daemon->records == NULL)
		return false;
	daemon->queues = queues_new(err);
	if (daemon->queues == NULL)
		return false;
	daemon->inject = inject_new(err);
	if (daemon->inject == NULL)
		return false;
	daemon->net = net_new(options->state_dir, options->maps, options->n_maps, err);
	if (daemon->net == NULL)
		return false;
	gram_ifname_canonical = net_ifname_canonical;
	precedence_allow();
	return options->user == NULL || privilege_drop(options->user, options->state_dir, err);
}

static void start_timers(struct daemon *daemon)
{
	uint64_t usec;

	daemon->second = loop_timer_new(daemon->loop, on_second, daemon);
	loop_timer_set(daemon->second, 1000);
	if (sd_watchdog_enabled(0, &usec) > 0) {
		daemon->watchdog_ms = usec / 2000;
		daemon->watchdog = loop_timer_new(daemon->loop, on_watchdog, daemon);
		on_watchdog(daemon);
	}
}

static bool start(struct daemon *daemon, struct err *err)
{
	struct router *router = &daemon->router;
	char *path = mem_printf("%s/%s", daemon->options->state_dir, SERVER_SOCKET);

	router->startup_path = daemon->options->config;
	router->state_dir = daemon->options->state_dir;
	router_make(router, net_system(daemon->net), daemon->records, random_seed());
	daemon->server = server_new(daemon->loop, router, path, err);
	free(path);
	if (daemon->server == NULL || !boot_load(router, err))
		return false;
	router->saved_version = store_version(router->store);
	daemon->packets = packets_start(daemon->queues, daemon->inject, router->engine, router->box, err);
	if (daemon->packets == NULL)
		return false;
	daemon->telnet = telnet_server_new(daemon->loop, daemon->server, daemon->options->telnet, err);
	if (daemon->telnet == NULL || loop_watch(daemon->loop, net_fd(daemon->net), LOOP_READ, on_net, daemon) == NULL)
		return false;
	start_timers(daemon);
	return true;
}

/* Backwards. The guard stays: nothing crosses untranslated after us. */
static void stop(struct daemon *daemon, bool clean)
{
	telnet_server_free(daemon->telnet);
	if (daemon->server != NULL)
		server_free(daemon->server);
	if (clean) {
		net_stop(daemon->net);
		boot_forget(&daemon->router);
	}
	packets_stop(daemon->packets);
	if (daemon->router.engine != NULL)
		router_unmake(&daemon->router);
	loop_timer_free(daemon->second);
	loop_timer_free(daemon->watchdog);
	net_free(daemon->net);
	inject_free(daemon->inject);
	queues_free(daemon->queues);
	if (daemon->records != NULL)
		records_close(daemon->records);
	loop_free(daemon->loop);
}

static int run(const struct options *options)
{
	struct daemon daemon = {.options = options, .loop = loop_new()};
	struct err err = {""};
	bool ok;

	loop_signal(daemon.loop, SIGTERM, on_signal, &daemon);
	loop_signal(daemon.loop, SIGINT, on_signal, &daemon);
	signal(SIGPIPE, SIG_IGN);
	ok = open_kernel(&daemon, &err) && start(&daemon, &err);
	if (ok) {
		log_event("SYS", LOG_SEV_NOTICE, "RESTART", "Algate %s started", PACKAGE_VERSION);
		sd_notify(0, "READY=1");
		loop_run(daemon.loop);
		sd_notify(0, "STOPPING=1");
	} else {
		fprintf(stderr, "algated: %s\n", err.text);
	}
	stop(&daemon, ok);
	return ok ? 0 : 1;
}

static int run_release(const struct options *options)
{
	struct err err = {""};

	if (net_release(options->state_dir, &err))
		return 0;
	fprintf(stderr, "algated: %s\n", err.text);
	return 1;
}

int main(int argc, char **argv)
{
	struct options options = {
		.config = DEFAULT_CONFIG, .state_dir = DEFAULT_STATE, .max_flows = DEFAULT_MAX_FLOWS};
	struct stat st;

	parse_options(&options, argc, argv);
	if (options.check)
		return run_check(&options);
	if (options.replay.read != NULL)
		return run_replay(&options);
	if (options.release)
		return run_release(&options);
	/* Without anybody at the other end of stderr, lines go to syslog. */
	log_open("algated", fstat(STDERR_FILENO, &st) != 0 || (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)));
	return run(&options);
}
