/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures by libpcap. Promises never to write over what it reads. */
#include "replay/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/mem.h"
#include "replay/link.h"

#define NS_PER_S	1000000000u
#define SNAPSHOT_LENGTH 262144

struct capture {
	pcap_t *in, *format;
	pcap_dumper_t *out;
	const char *read, *write; /* names */
	uint64_t written;
};

static bool same_file(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

static bool open_in(struct capture *capture, struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";

	capture->in =
	    pcap_open_offline_with_tstamp_precision(capture->read, PCAP_TSTAMP_PRECISION_NANO, why);
	/* The library names the file where it could not be opened, and only there. */
	if (capture->in == NULL && strncmp(why, capture->read, strlen(capture->read)) == 0)
		return err_set(err, "%s", why);
	if (capture->in == NULL)
		return err_set(err, "%s: %s", capture->read, why);
	if (!link_is_known(pcap_datalink(capture->in)))
		return err_set(err,
			       "%s: link type %s is not known; Ethernet, raw IP, Linux cooked (1, "
			       "2) and loopback are",
			       capture->read,
			       pcap_datalink_val_to_description_or_dlt(pcap_datalink(capture->in)));
	return true;
}

static bool open_out(struct capture *capture, struct err *err)
{
	if (capture->write == NULL)
		return true;
	if (strcmp(capture->write, "-") == 0)
		return err_set(
		    err, "the capture cannot be written to standard output: the report goes there");
	if (same_file(capture->read, capture->write))
		return err_set(err, "%s would be written over itself", capture->read);
	capture->format = pcap_open_dead_with_tstamp_precision(
	    pcap_datalink(capture->in), SNAPSHOT_LENGTH, PCAP_TSTAMP_PRECISION_NANO);
	capture->out = pcap_dump_open(capture->format, capture->write);
	if (capture->out == NULL)
		return err_set(err, "%s", pcap_geterr(capture->format));
	return true;
}

struct capture *capture_open(const char *read, const char *write, struct err *err)
{
	struct capture *capture = mem_alloc(sizeof(*capture));
	struct err ignored;

	capture->read = read;
	capture->write = write;
	if (open_in(capture, err) && open_out(capture, err))
		return capture;
	capture_close(capture, &ignored);
	return NULL;
}

int capture_link(const struct capture *capture)
{
	return pcap_datalink(capture->in);
}

int capture_next(struct capture *capture, struct frame *frame, struct err *err)
{
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	int got = pcap_next_ex(capture->in, &header, &bytes);

	if (got == PCAP_ERROR_BREAK)
		return 0;
	if (got != 1) {
		err_set(err, "%s: %s", capture->read, pcap_geterr(capture->in));
		return -1;
	}
	/* With this precision the field for microseconds holds nanoseconds. */
	*frame = (struct frame){
	    .bytes = bytes,
	    .length = header->caplen,
	    .cut = header->caplen < header->len,
	    .ns = (uint64_t)header->ts.tv_sec * NS_PER_S + (uint64_t)header->ts.tv_usec,
	};
	return 1;
}

void capture_write(struct capture *capture, uint64_t ns, const uint8_t *bytes, uint32_t length)
{
	struct pcap_pkthdr header = {
	    .ts = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_usec = (suseconds_t)(ns % NS_PER_S)},
	    .caplen = length,
	    .len = length,
	};

	if (capture->out == NULL)
		return;
	pcap_dump((uint8_t *)capture->out, &header, bytes);
	capture->written++;
}

uint64_t capture_written(const struct capture *capture)
{
	return capture->written;
}

bool capture_close(struct capture *capture, struct err *err)
{
	bool good = true;

	if (capture->out != NULL) {
		if (pcap_dump_flush(capture->out) != 0 || ferror(pcap_dump_file(capture->out)))
			good = err_set(err, "%s: %s", capture->write, strerror(errno));
		pcap_dump_close(capture->out);
	}
	if (capture->format != NULL)
		pcap_close(capture->format);
	if (capture->in != NULL)
		pcap_close(capture->in);
	free(capture);
	return good;
}
