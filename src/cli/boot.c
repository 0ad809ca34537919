/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/boot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/load.h"
#include "config/save.h"
#include "config/state.h"
#include "lib/log.h"
#include "lib/mem.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static void boot_report(void *arg, unsigned line, const char *text)
{
	log_event("SYS", LOG_SEV_WARNING, "CONFIG_LINE", "%s:%u: %s", (const char *)arg, line, text);
}

/* Did the last daemon on this state directory run in this boot? Also leaves our own mark. */
static bool boot_same(const char *state_dir)
{
	char *path = mem_printf("%s/boot-id", state_dir);
	size_t now_length = 0, then_length = 0;
	char *now = load_file(BOOT_ID, &now_length, NULL);
	char *then = load_file(path, &then_length, NULL);
	bool same = now != NULL && then != NULL && strcmp(now, then) == 0;
	struct err err;

	if (now != NULL && !same && !save_file(path, now, now_length, &err))
		log_event("SYS", LOG_SEV_WARNING, "STATE", "%s: %s", path, err.text);
	free(now);
	free(then);
	free(path);
	return same;
}

static enum load_result resume(struct router *router, char *path)
{
	struct err err = {""};
	size_t length = 0;
	char *text = state_load(path, &length, &err);
	enum load_result result = LOAD_NONE;

	if (text != NULL) {
		log_event("SYS", LOG_SEV_NOTICE, "RESUME", "the last daemon ended without a stop: resuming %s", path);
		result = load_text(router, text, length, boot_report, path, NULL, &err);
	}
	if (result != LOAD_OK)
		log_event("SYS", LOG_SEV_ERROR, "STATE", "%s: starting from the startup-config", err.text);
	free(text);
	return result;
}

bool boot_load(struct router *router, struct err *err)
{
	char *state = mem_printf("%s/running-config", router->state_dir);
	bool same = boot_same(router->state_dir);
	enum load_result result = LOAD_NONE;

	apply_state_file(router->apply, state);
	if (same && access(state, F_OK) == 0)
		result = resume(router, state);
	if (result != LOAD_OK)
		result = load_config(router, router->startup_path, boot_report, (void *)router->startup_path, NULL,
				     err);
	free(state);
	/* Nothing to load is a new router: the guard and the engine still start, with an empty configuration. */
	if (result == LOAD_NONE)
		return load_text(router, "", 0, NULL, NULL, NULL, err) == LOAD_OK;
	return result == LOAD_OK;
}

void boot_forget(const struct router *router)
{
	char *state = mem_printf("%s/running-config", router->state_dir);

	state_remove(state);
	free(state);
}
