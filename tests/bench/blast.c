/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source of small UDP packets for scripts/bench, cheap enough that the router is what is
 * measured: a BPF program writes the frames, and BPF_PROG_TEST_RUN (live frames, Linux 5.18) puts
 * them into the stack as if the interface had received them. 60 bytes of frame, right checksums,
 * flows in turn. Run it in the router's namespace; -n names the one behind it.
 *
 * Flow i: endpoint i mod ENDPOINTS, destination i / ENDPOINTS. Endpoint e: host e mod HOSTS, source
 * port PORT + e, so no two hosts share a port and a translator may keep it.
 *
 * No more than WINDOW packets are under way, so that nothing is lost to a full queue and what is
 * measured is the cost of packets that arrive: a socket filter behind the router counts them in the
 * map that the source reads. While it waits, the source turns frames down one by one; what that
 * cost is measured beforehand and taken off. Packets that stay away for LOST_MS are counted as
 * lost.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FRAME	  60
#define HOSTS	  1000
#define ENDPOINTS 40000
#define PORT	  2048
#define SINK_PORT 9
#define WINDOW	  512
#define LOST_MS	  300
#define IP_ID	  0xc000 /* less what addresses add: keeps the header's checksum the same */
#define FILLER	  0xffff /* likewise for UDP's */

struct options {
	const char *in, *out, *out_ns;
	int cpu;
	uint32_t source, destination; /* first address, host order */
	uint64_t flows, count;
	double seconds;
};

/* What the two BPF programs and we share. */
struct shared {
	uint64_t next;	  /* packets made */
	uint64_t arrived; /* of them, behind the router */
	uint64_t lost;
	uint64_t polls; /* frames turned down */
	uint64_t limit; /* of packets made */
};

struct sample {
	uint64_t made, arrived, lost, polls;
	double at, cpu;
};

static void die(const char *what)
{
	fprintf(stderr, "blast: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the frame: first packet of flow 0, into which the BPF program writes what differs */

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static uint32_t sum16(uint32_t sum, const uint8_t *at, unsigned length)
{
	for (unsigned i = 0; i < length; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void own_mac(const char *interface, uint8_t mac[6])
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) != 0)
		die(interface);
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	close(fd);
}

static void frame_make(const struct options *options, uint8_t frame[FRAME])
{
	uint8_t *ip = frame + 14, *udp = ip + 20;
	uint32_t length = FRAME - 14;

	memset(frame, 0, FRAME);
	own_mac(options->in, frame);
	frame[6] = 2; /* from some locally administered neighbour */
	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, length);
	put16(ip + 4, IP_ID);
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	put32(ip + 12, options->source);
	put32(ip + 16, options->destination);
	put16(ip + 10, ~sum16(0, ip, 20) & 0xffff);
	put16(udp, PORT);
	put16(udp + 2, SINK_PORT);
	put16(udp + 4, length - 20);
	put16(udp + 8, FILLER);
	put16(udp + 6,
	      ~sum16(sum16(IPPROTO_UDP + length - 20, ip + 12, 8), udp, length - 20) & 0xffff);
}

/* ---- the BPF program */

struct program {
	struct bpf_insn code[96];
	unsigned n;
};

static void emit(struct program *program, uint8_t code, uint8_t to, uint8_t from, int16_t offset,
		 int32_t value)
{
	program->code[program->n++] = (struct bpf_insn){
	    .code = code, .dst_reg = to & 15, .src_reg = from & 15, .off = offset, .imm = value};
}

#define ALU(op, to, value)	emit(program, BPF_ALU64 | BPF_K | (op), (to), 0, 0, (int32_t)(value))
#define ALU_REG(op, to, from)	emit(program, BPF_ALU64 | BPF_X | (op), (to), (from), 0, 0)
#define STORE(size, to, at, rg) emit(program, BPF_STX | BPF_MEM | (size), (to), (rg), (at), 0)
#define LOAD(size, to, rg, at)	emit(program, BPF_LDX | BPF_MEM | (size), (to), (rg), (at), 0)

/* The whole frame anew, because the stack has changed it since its page was last used. */
static void emit_template(struct program *program, const uint8_t frame[FRAME])
{
	for (int16_t at = 0; at < FRAME; at += 4) {
		int32_t word;

		memcpy(&word, frame + at, sizeof(word));
		emit(program, BPF_ST | BPF_MEM | BPF_W, BPF_REG_7, 0, at, word);
	}
}

/* *(be16 *)(frame + at) = first + sign * reg */
static void emit_field(struct program *program, int16_t at, uint32_t first, uint8_t op, uint8_t reg)
{
	ALU(BPF_MOV, BPF_REG_0, first);
	ALU_REG(op, BPF_REG_0, reg);
	emit(program, BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_0, 0, 0, 16);
	STORE(BPF_H, BPF_REG_7, at, BPF_REG_0);
}

#define SHARED(field) ((int16_t)offsetof(struct shared, field))

static void emit_shared(struct program *program, int map)
{
	emit(program, BPF_LD | BPF_DW | BPF_IMM, BPF_REG_6, BPF_PSEUDO_MAP_VALUE, 0, map);
	emit(program, 0, 0, 0, 0, 0);
}

static void emit_add(struct program *program, int16_t field)
{
	ALU(BPF_MOV, BPF_REG_0, 1);
	emit(program, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_6, BPF_REG_0, field, BPF_ADD);
}

static void emit_return(struct program *program, uint32_t value)
{
	ALU(BPF_MOV, BPF_REG_0, value);
	emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Turns the frame down if it would be one too many; r1 its number. */
static void emit_window(struct program *program, int map)
{
	emit_shared(program, map);
	LOAD(BPF_DW, BPF_REG_1, BPF_REG_6, SHARED(next));
	LOAD(BPF_DW, BPF_REG_2, BPF_REG_6, SHARED(limit));
	emit(program, BPF_JMP | BPF_X | BPF_JGE, BPF_REG_1, BPF_REG_2, 6, 0);
	ALU_REG(BPF_MOV, BPF_REG_2, BPF_REG_1);
	LOAD(BPF_DW, BPF_REG_3, BPF_REG_6, SHARED(arrived));
	ALU_REG(BPF_SUB, BPF_REG_2, BPF_REG_3);
	LOAD(BPF_DW, BPF_REG_3, BPF_REG_6, SHARED(lost));
	ALU_REG(BPF_SUB, BPF_REG_2, BPF_REG_3);
	/* Signed: a straggler that was counted as lost may arrive after all. */
	emit(program, BPF_JMP | BPF_K | BPF_JSLT, BPF_REG_2, 0, 4, WINDOW);
	emit_add(program, SHARED(polls));
	emit_return(program, XDP_DROP);
}

/* r1 flow, r2 destination, r3 endpoint, r4 host, r5 what they add to the checksums */
static void emit_flow(struct program *program, const struct options *options)
{
	ALU_REG(BPF_MOV, BPF_REG_2, BPF_REG_1);
	ALU(BPF_ADD, BPF_REG_2, 1);
	STORE(BPF_DW, BPF_REG_6, SHARED(next), BPF_REG_2);
	ALU(BPF_MOD, BPF_REG_1, options->flows);
	ALU_REG(BPF_MOV, BPF_REG_2, BPF_REG_1);
	ALU(BPF_DIV, BPF_REG_2, ENDPOINTS);
	ALU_REG(BPF_MOV, BPF_REG_3, BPF_REG_1);
	ALU(BPF_MOD, BPF_REG_3, ENDPOINTS);
	ALU_REG(BPF_MOV, BPF_REG_4, BPF_REG_3);
	ALU(BPF_MOD, BPF_REG_4, HOSTS);
	ALU_REG(BPF_MOV, BPF_REG_5, BPF_REG_2);
	ALU_REG(BPF_ADD, BPF_REG_5, BPF_REG_4);
}

static void source_make(struct program *program, const struct options *options, int map)
{
	uint8_t frame[FRAME];
	unsigned bound;

	frame_make(options, frame);
	LOAD(BPF_W, BPF_REG_7, BPF_REG_1, offsetof(struct xdp_md, data));
	LOAD(BPF_W, BPF_REG_8, BPF_REG_1, offsetof(struct xdp_md, data_end));
	emit_window(program, map);
	ALU_REG(BPF_MOV, BPF_REG_0, BPF_REG_7);
	ALU(BPF_ADD, BPF_REG_0, FRAME);
	bound = program->n;
	emit(program, BPF_JMP | BPF_X | BPF_JGT, BPF_REG_0, BPF_REG_8, 0, 0);
	emit_template(program, frame);
	emit_flow(program, options);
	emit_field(program, 14 + 14, options->source & 0xffff, BPF_ADD, BPF_REG_4);
	emit_field(program, 14 + 18, options->destination & 0xffff, BPF_ADD, BPF_REG_2);
	emit_field(program, 14 + 4, IP_ID, BPF_SUB, BPF_REG_5);
	emit_field(program, 34, PORT, BPF_ADD, BPF_REG_3);
	ALU_REG(BPF_ADD, BPF_REG_5, BPF_REG_3);
	emit_field(program, 34 + 8, FILLER, BPF_SUB, BPF_REG_5);
	program->code[bound].off = (int16_t)(program->n - bound - 1);
	emit_return(program, XDP_PASS);
}

/* Counts UDP to our port and keeps nothing. */
static void sink_make(struct program *program, int map)
{
	ALU_REG(BPF_MOV, BPF_REG_6, BPF_REG_1);
	emit(program, BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, 14 + 22);
	emit(program, BPF_JMP | BPF_K | BPF_JNE, BPF_REG_0, 0, 4, SINK_PORT);
	emit_shared(program, map);
	emit_add(program, SHARED(arrived));
	emit_return(program, 0);
}

static int sys_bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int map_make(struct shared **shared)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = 4,
			       .value_size = sizeof(**shared),
			       .max_entries = 1,
			       .map_flags = BPF_F_MMAPABLE};
	int fd = sys_bpf(BPF_MAP_CREATE, &attr);

	if (fd < 0)
		die("BPF map");
	*shared = mmap(NULL, sizeof(**shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*shared == MAP_FAILED)
		die("BPF map");
	return fd;
}

static int program_load(const struct program *program, enum bpf_prog_type type)
{
	static char log[65536];
	union bpf_attr attr = {.prog_type = type, .insn_cnt = program->n};
	int fd;

	attr.insns = (uint64_t)(uintptr_t)program->code;
	attr.license = (uint64_t)(uintptr_t) "GPL";
	attr.log_buf = (uint64_t)(uintptr_t)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	fd = sys_bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0) {
		fputs(log, stderr);
		die("BPF program");
	}
	return fd;
}

/* Returns at the end of `count` frames or at a signal. */
static void source_run(int program, uint32_t ifindex, uint32_t count)
{
	static uint8_t data[FRAME];
	struct xdp_md context = {.data_end = FRAME, .ingress_ifindex = ifindex};
	union bpf_attr attr = {0};

	attr.test.prog_fd = (uint32_t)program;
	attr.test.data_in = (uint64_t)(uintptr_t)data;
	attr.test.data_size_in = sizeof(data);
	attr.test.ctx_in = (uint64_t)(uintptr_t)&context;
	attr.test.ctx_size_in = sizeof(context);
	attr.test.repeat = count;
	attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	if (sys_bpf(BPF_PROG_TEST_RUN, &attr) != 0 && errno != EINTR)
		die("BPF_PROG_TEST_RUN with live frames");
}

/* Sees every packet that comes out of the router, before anything there drops it. */
static void sink_open(const struct options *options, int map)
{
	struct program program = {.n = 0};
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC),
	    there = open(options->out_ns, O_RDONLY | O_CLOEXEC);
	int fd, filter;

	sink_make(&program, map);
	filter = program_load(&program, BPF_PROG_TYPE_SOCKET_FILTER);
	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET) != 0)
		die(options->out_ns);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct sockaddr_ll local = {.sll_family = AF_PACKET,
				    .sll_protocol = htons(ETH_P_ALL),
				    .sll_ifindex = (int)if_nametoindex(options->out)};

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &filter, sizeof(filter)) != 0 ||
	    local.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) != 0)
		die(options->out);
	if (setns(here, CLONE_NEWNET) != 0)
		die("namespace");
	close(here);
	close(there);
}

/* ---- counting */

static double now_of(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

struct running {
	const struct options *options;
	struct shared *shared;
	int program;
	uint32_t ifindex;
	pthread_t source;
	clockid_t cpu; /* of the source */
	atomic_bool stop;
	double poll_s; /* what turning one frame down costs */
};

static uint64_t load(const uint64_t *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static struct sample sample_now(const struct running *running)
{
	return (struct sample){load(&running->shared->next), load(&running->shared->arrived),
			       load(&running->shared->lost), load(&running->shared->polls),
			       now_of(CLOCK_MONOTONIC),	     now_of(running->cpu)};
}

/* A millisecond of waiting; what has not moved for long is lost. */
static struct sample sample_next(const struct running *running, const struct sample *before,
				 double *moved)
{
	struct sample sample;

	nanosleep(&(struct timespec){0, 1000000}, NULL);
	sample = sample_now(running);
	if (sample.arrived != before->arrived || sample.made == sample.arrived + sample.lost)
		*moved = sample.at;
	if (sample.at - *moved > LOST_MS / 1e3) {
		sample.lost = sample.made - sample.arrived;
		__atomic_store_n(&running->shared->lost, sample.lost, __ATOMIC_RELAXED);
		*moved = sample.at;
	}
	return sample;
}

static void on_signal(int signal)
{
	(void)signal;
}

static void *source_thread(void *arg)
{
	struct running *running = arg;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)running->options->cpu, &cpus);
	if (running->options->cpu >= 0)
		sched_setaffinity(0, sizeof(cpus), &cpus);
	while (!atomic_load(&running->stop))
		source_run(running->program, running->ifindex, UINT32_MAX);
	return NULL;
}

static void source_start(struct running *running)
{
	atomic_store(&running->stop, false);
	if (pthread_create(&running->source, NULL, source_thread, running) != 0 ||
	    pthread_getcpuclockid(running->source, &running->cpu) != 0)
		die("thread");
}

/* A signal that comes before the call is lost, so it is repeated. */
static void source_stop(struct running *running)
{
	atomic_store(&running->stop, true);
	for (;;) {
		struct timespec until;

		pthread_kill(running->source, SIGUSR1);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		if (pthread_timedjoin_np(running->source, NULL, &until) == 0)
			return;
	}
}

/* The source while it may send nothing. */
static void calibrate(struct running *running)
{
	struct sample first, last;

	running->shared->limit = 0;
	source_start(running);
	while (load(&running->shared->polls) < 100000)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	first = sample_now(running);
	nanosleep(&(struct timespec){0, 100000000}, NULL);
	last = sample_now(running);
	source_stop(running);
	running->poll_s = (last.cpu - first.cpu) / (double)(last.polls - first.polls);
}

/* From the first packet to the last of COUNT, or for SECONDS. */
static void measure(struct running *running, struct sample *first, struct sample *last)
{
	const struct options *options = running->options;
	double moved = now_of(CLOCK_MONOTONIC);

	running->shared->limit = options->count > 0 ? options->count : UINT64_MAX;
	source_start(running);
	*first = sample_now(running);
	while (first->made == 0)
		*first = sample_next(running, first, &moved);
	*last = *first;
	while (options->count > 0 ? last->arrived + last->lost < options->count
				  : last->at - first->at < options->seconds)
		*last = sample_next(running, last, &moved);
	source_stop(running);
}

static void report(const struct running *running, const struct sample *first,
		   const struct sample *last)
{
	double polling = (double)(last->polls - first->polls) * running->poll_s;
	/* Nothing that was lost keeps a closed window waiting for less. */
	double waiting = running->options->count > 0 && last->lost > 0 ? LOST_MS / 1e3 : 0;

	/* What was made before the first look is counted too: a few packets of many. */
	printf("{\"made\": %" PRIu64 ", \"arrived\": %" PRIu64 ", \"lost\": %" PRIu64
	       ", \"seconds\": %.6f, \"cpu\": %.6f, \"polling\": %.6f}\n",
	       last->made, last->arrived, last->lost, last->at - first->at - waiting,
	       last->cpu - first->cpu - polling, polling);
}

static void usage(void)
{
	fputs("usage: blast -i INTERFACE -n NAMESPACE-FILE -o INTERFACE -s ADDRESS -d ADDRESS [-f "
	      "FLOWS] [-p CPU]\n"
	      "             {-c COUNT | -t SECONDS}\n",
	      stderr);
	exit(2);
}

static uint32_t address(const char *text)
{
	struct in_addr addr;

	if (inet_pton(AF_INET, text, &addr) != 1)
		usage();
	return ntohl(addr.s_addr);
}

static void parse_options(struct options *options, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "i:n:o:p:s:d:f:c:t:")) != -1)
		switch (option) {
		case 'i':
			options->in = optarg;
			break;
		case 'o':
			options->out = optarg;
			break;
		case 'n':
			options->out_ns = optarg;
			break;
		case 'p':
			options->cpu = atoi(optarg);
			break;
		case 's':
			options->source = address(optarg);
			break;
		case 'd':
			options->destination = address(optarg);
			break;
		case 'f':
			options->flows = strtoull(optarg, NULL, 10);
			break;
		case 'c':
			options->count = strtoull(optarg, NULL, 10);
			break;
		case 't':
			options->seconds = strtod(optarg, NULL);
			break;
		default:
			usage();
		}
	if (options->in == NULL || options->out == NULL || options->out_ns == NULL ||
	    options->source == 0 || options->destination == 0 || options->flows == 0 ||
	    options->flows > ENDPOINTS * 500ULL || (options->count == 0) == (options->seconds <= 0))
		usage();
}

int main(int argc, char **argv)
{
	struct options options = {.flows = 1, .cpu = -1};
	struct running running = {.options = &options};
	struct program program = {.n = 0};
	struct sample first, last;
	int map;

	parse_options(&options, argc, argv);
	/* Not restarted: it is to end the call. */
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal}, NULL);
	map = map_make(&running.shared);
	source_make(&program, &options, map);
	running.program = program_load(&program, BPF_PROG_TYPE_XDP);
	running.ifindex = if_nametoindex(options.in);
	if (running.ifindex == 0)
		die(options.in);
	sink_open(&options, map);
	calibrate(&running);
	measure(&running, &first, &last);
	report(&running, &first, &last);
	return 0;
}
