/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/version.h"

#include <inttypes.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "lib/siphash.h"
#include "show/text.h"

#ifndef PACKAGE_VERSION
#error "PACKAGE_VERSION comes from configure"
#endif

static void read_image(char *out, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", out, size - 1);

	out[n > 0 ? n : 0] = '\0';
}

/* The value of the first "name : value" line; out stays as it is when there is none. */
static void read_named(const char *path, const char *name, char *out, size_t size)
{
	FILE *file = fopen(path, "re");
	char line[512];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char *colon = strchr(line, ':');

		if (colon == NULL || strncmp(line, name, strlen(name)) != 0)
			continue;
		colon += 1 + strspn(colon + 1, " \t");
		colon[strcspn(colon, "\n")] = '\0';
		text_escape(colon, strlen(colon), out, size);
		break;
	}
	if (file != NULL)
		fclose(file);
}

static void read_board_id(char *out, size_t size)
{
	/* Fixed: the number must be the same after every start, and differ from what others derive of the id. */
	static const struct siphash_key key = {0x616c676174652062ULL, 0x6f61726420696400ULL};
	FILE *file = fopen("/etc/machine-id", "re");
	char id[64] = "";

	if (file != NULL && fgets(id, sizeof(id), file) != NULL)
		id[strcspn(id, "\n")] = '\0';
	if (file != NULL)
		fclose(file);
	if (id[0] == '\0')
		snprintf(out, size, "unknown");
	else
		snprintf(out, size, "%016" PRIX64, siphash13(&key, id, strlen(id)));
}

void version_read(struct version_facts *facts)
{
	struct utsname name;
	struct sysinfo info;

	read_image(facts->image, sizeof(facts->image));
	if (uname(&name) == 0) {
		snprintf(facts->machine, sizeof(facts->machine), "%.64s", name.machine);
		snprintf(facts->kernel, sizeof(facts->kernel), "%.64s", name.release);
	}
	snprintf(facts->cpu, sizeof(facts->cpu), "%s", facts->machine);
	read_named("/proc/cpuinfo", "model name", facts->cpu, sizeof(facts->cpu));
	if (sysinfo(&info) == 0)
		facts->memory_kb = (uint64_t)info.totalram * info.mem_unit / 1024;
	facts->n_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
	read_board_id(facts->board_id, sizeof(facts->board_id));
}

static void print_started(FILE *out, int64_t wall)
{
	time_t seconds = (time_t)wall;
	char text[64];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) != NULL && strftime(text, sizeof(text), "%H:%M:%S UTC %a %b %e %Y", &tm) > 0)
		fprintf(out, "System restarted at %s\n", text);
}

void version_print(FILE *out, const struct version_facts *facts)
{
	char uptime[96];

	fprintf(out, "Algate Software (ALGATE), Version %s, RELEASE SOFTWARE\n", PACKAGE_VERSION);
	fprintf(out, "Licence GPL-2.0-or-later, without any warranty\n\n");
	fprintf(out, "ROM: Linux %s\n\n", facts->kernel);
	fprintf(out, "%s uptime is %s\n", facts->hostname, text_uptime(facts->uptime_s, uptime, sizeof(uptime)));
	print_started(out, facts->started_wall);
	fprintf(out, "System image file is \"%s\"\n\n", facts->image);
	/* The second number is memory set aside for packets: Linux sets none aside. */
	fprintf(out, "Linux %s (%s) processor with %" PRIu64 "K/0K bytes of memory.\n", facts->machine, facts->cpu,
		facts->memory_kb);
	fprintf(out, "Processor board ID %s\n", facts->board_id);
	fprintf(out, "%" PRIu32 " processor%s online\n", facts->n_cpus, facts->n_cpus == 1 ? "" : "s");
	fprintf(out, "%" PRIu32 " network interface%s\n", facts->n_interfaces, facts->n_interfaces == 1 ? "" : "s");
	fprintf(out, "%" PRIu64 "K bytes of non-volatile configuration memory.\n\n", facts->nvram_kb);
	fprintf(out, "Configuration register is 0x2102\n");
}
