/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/clock.h"

#include <sys/timex.h>
#include <time.h>

int64_t clock_read(bool *synchronised)
{
	struct timex timex = {.modes = 0};
	int64_t fraction;

	*synchronised = adjtimex(&timex) != TIME_ERROR;
	fraction = (timex.status & STA_NANO) != 0 ? timex.time.tv_usec / 1000000 : timex.time.tv_usec / 1000;
	return (int64_t)timex.time.tv_sec * 1000 + fraction;
}

void clock_print(FILE *out, int64_t wall_ms, bool synchronised)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	char time[16], date[32];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL)
		return;
	strftime(time, sizeof(time), "%H:%M:%S", &tm);
	strftime(date, sizeof(date), "%a %b", &tm);
	fprintf(out, "%s%s.%03d UTC %s %d %d\n", synchronised ? "" : "*", time, (int)(wall_ms % 1000), date,
		tm.tm_mday, tm.tm_year + 1900);
}
