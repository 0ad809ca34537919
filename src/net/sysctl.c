/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel settings. Promises that the value found before the first change is on disk before the change, so that --release
 * can bring it back whatever happened in between. May not touch a setting it did not save.
 */
#include "net/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/save.h"
#include "lib/mem.h"

struct sysctl {
	char *path;  /* STATE/sysctl */
	char *saved; /* its text: lines "name value" */
};

static int setting_open(const char *name, int flags)
{
	char *path = mem_printf("/proc/sys/%s", name);
	int fd = open(path, flags | O_CLOEXEC);

	free(path);
	return fd;
}

static bool setting_read(const char *name, char value[64])
{
	int fd = setting_open(name, O_RDONLY);
	ssize_t size;

	if (fd < 0)
		return false;
	size = read(fd, value, 63);
	close(fd);
	if (size <= 0)
		return false;
	value[size] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return true;
}

static bool setting_write(const char *name, const char *value, struct err *err)
{
	int fd = setting_open(name, O_WRONLY);
	bool done;

	if (fd < 0)
		return errno == ENOENT || err_set(err, "/proc/sys/%s: %s", name, strerror(errno));
	done = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	if (!done)
		err_set(err, "/proc/sys/%s: %s", name, strerror(errno));
	close(fd);
	return done;
}

static bool is_saved(const struct sysctl *sysctl, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = sysctl->saved; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, name, length) == 0 && line[length] == ' ')
			return true;
	return false;
}

struct sysctl *sysctl_new(const char *state_dir)
{
	struct sysctl *sysctl = mem_alloc(sizeof(*sysctl));
	size_t length;

	sysctl->path = mem_printf("%s/sysctl", state_dir);
	sysctl->saved = load_file(sysctl->path, &length, NULL);
	if (sysctl->saved == NULL)
		sysctl->saved = mem_strdup("");
	return sysctl;
}

void sysctl_free(struct sysctl *sysctl)
{
	if (sysctl == NULL)
		return;
	free(sysctl->path);
	free(sysctl->saved);
	free(sysctl);
}

bool sysctl_want(struct sysctl *sysctl, const char *name, const char *value, struct err *err)
{
	char before[64], *text;

	if (!setting_read(name, before) || strcmp(before, value) == 0)
		return true;
	if (!is_saved(sysctl, name)) {
		text = mem_printf("%s%s %s\n", sysctl->saved, name, before);
		if (!save_file(sysctl->path, text, strlen(text), err)) {
			free(text);
			return false;
		}
		free(sysctl->saved);
		sysctl->saved = text;
	}
	return setting_write(name, value, err);
}

bool sysctl_restore(const char *state_dir, struct err *err)
{
	struct sysctl *sysctl = sysctl_new(state_dir);
	char *save = NULL;
	bool done = true;

	for (char *line = strtok_r(sysctl->saved, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *value = strrchr(line, ' ');

		if (value == NULL || strstr(line, "..") != NULL)
			continue;
		*value++ = '\0';
		done = setting_write(line, value, err) && done;
	}
	if (done && unlink(sysctl->path) != 0 && errno != ENOENT)
		done = err_set(err, "%s: %s", sysctl->path, strerror(errno));
	sysctl_free(sysctl);
	return done;
}
