/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the grammar compiler (grammar/gramc.c) makes of the .cli files: constant tables, no pointers to
 * change, nothing to set up at run time.
 *
 * A command is a position automaton (Glushkov): every keyword and every argument of the command line is one
 * `gram_leaf`; `follow` lists the leaves that may stand next; `accept` says that the line may end here. The
 * same automaton
 *   - matches a line: a thread walks leaf by leaf over the words;
 *   - answers `?` and Tab: the leaves that may stand next;
 *   - prints a stored entry: from the start take the first unvisited follower whose condition holds in the
 *     argument struct, until none does and the leaf accepts.
 * No leaf is visited twice in a line, except one marked `repeat` by itself. That is how "options in any order"
 * works: in an any-order group every option follows every other.
 *
 * A leaf that opens an optional or alternative part carries set_off/set_value: matching stores the value in
 * the uint8_t at that offset of the argument struct, and printing takes the leaf only if it is stored there.
 * Enumerated choices count from 1, so a zeroed struct means "nothing present".
 */
#ifndef ALGATE_LIB_GRAM_H
#define ALGATE_LIB_GRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gram_type {
	GRAM_KEYWORD,   /* word; lo: how much of it is printed in a stored line, 0: all (`con` for `console`) */
	GRAM_NUMBER,    /* <lo-hi>                     uint32_t */
	GRAM_IP4,       /* A.B.C.D                     ip4 */
	GRAM_MASK,      /* A.B.C.D, contiguous ones    ip4 */
	GRAM_PREFIX_LEN,/* /nn or nn, 0..32            uint8_t */
	GRAM_WORD,      /* WORD, no blanks (lo: not only digits)  char[GRAM_WORD_SIZE] */
	GRAM_LINE,      /* the rest of the line        char[GRAM_LINE_SIZE] */
	GRAM_IFNAME,    /* an interface name, canonical text  char[GRAM_WORD_SIZE] */
	GRAM_TCP_PORT,  /* 0..65535 or a TCP port name uint16_t, printed by name */
	GRAM_UDP_PORT,  /* likewise for UDP */
	GRAM_PROTOCOL,  /* 0..255 or a protocol name   uint8_t, printed by name */
	GRAM_ICMP_TYPE, /* 0..255 or a message name    uint16_t: type << 8 | code, code 255 = any */
	GRAM_NUMBER_TEXT, /* <lo-hi> beside WORD in one field: decimal text  char[GRAM_WORD_SIZE] */
	GRAM_TYPES
};

#define GRAM_WORD_SIZE 64
#define GRAM_LINE_SIZE 256
#define GRAM_REPEAT_MAX 10 /* a repeat argument is an array of this size, with a uint8_t count before it */
#define GRAM_NO_OFFSET 0xffff
#define GRAM_ARGS_SIZE 1024 /* no argument struct is larger */

struct gram_leaf {
	uint8_t type;        /* enum gram_type */
	bool accept;         /* the line may end after this leaf */
	bool no_accept;      /* a `no` line may end after this leaf */
	bool repeat;
	uint16_t field_off;  /* where the value goes in the argument struct; GRAM_NO_OFFSET for keywords */
	uint16_t count_off;  /* field is an array: uint8_t number of values so far; this leaf adds one */
	uint16_t set_off;    /* see above; GRAM_NO_OFFSET if unconditional */
	uint8_t set_value;
	uint8_t owner;       /* 0: this command's struct; 1: the parent's (one-line context commands) */
	uint16_t follow;     /* index of the first follower in the command's follow list */
	uint16_t n_follow;
	uint32_t lo, hi;     /* GRAM_NUMBER */
	const char *word;    /* keyword text, or the token shown by `?` (A.B.C.D, WORD, <1-99>) */
	const char *help;
};

/* One field of an argument struct, for keys, comparison and tests. */
struct gram_field {
	const char *name;
	uint16_t offset;
	uint16_t size;
};

struct gram_cmd;
struct gram_mode;
struct session; /* cli/session.h */

enum gram_kind {
	GRAM_EXEC,    /* run(session, args) does something; nothing is stored */
	GRAM_CONF,    /* an entry of the store; `no` removes it */
	GRAM_CONTEXT, /* an entry of the store that opens a mode whose commands are its children */
};

struct gram_cmd {
	const char *name;    /* NAT_STATIC_HOST */
	uint16_t id;         /* enum gram_cmd_id: CMD_NAT_STATIC_HOST */
	uint8_t kind;        /* enum gram_kind */
	uint8_t level;       /* least privilege */
	bool has_no;
	bool no_only;        /* exists only as a `no` line */
	bool default_on;     /* holds unless its `no` line was typed: the entry stands for that line and prints as it */
	bool has_default_value; /* ... but only where the number at default_offset is default_value: gram_by_default() */
	uint16_t default_offset;
	uint32_t default_value;
	bool hidden;         /* matches, but not shown by `?` */
	uint32_t first;      /* letters its first word may begin with: bit 0 is a; bit 31: anything else */
	uint16_t n_leaves;   /* leaves[0] is the start: no word, its followers are the first words */
	const struct gram_leaf *leaves;
	const uint16_t *follow;
	uint16_t args_size;
	uint16_t order;      /* place in show running-config: entries of one context sort by it first */
	uint16_t key_class;  /* entries of one class share one key space (two spellings of one thing) */
	bool key_sorted;     /* printed in key order; otherwise in order of entry */
	uint8_t n_key;       /* fields that identify the entry; 0: at most one in its context */
	uint8_t n_fields;
	const struct gram_field *key;
	const struct gram_field *fields;
	const struct gram_mode *opens;   /* GRAM_CONTEXT: the mode it enters */
	const struct gram_cmd *context;  /* one-line form: the context command its first leaves fill (owner 1) */
	const struct gram_cmd *stores_as;/* one-line form: the child command that is stored in that context */
	/* GRAM_EXEC: runs it. GRAM_CONF/CONTEXT: NULL, or a hook in place of plain storing; see cli/exec.h. */
	void (*run)(struct session *session, const void *args, bool no);
};

struct gram_mode {
	const char *name;     /* "interface" */
	const char *prompt;   /* "(config-if)#"; the exec mode's is "" and the privilege makes > or # */
	const struct gram_mode *parent; /* where `exit` leads; NULL for exec */
	const struct gram_mode *falls_to; /* whose commands are also understood here (and leave the mode) */
	bool config;          /* `no` and `do` are understood */
	uint16_t n_cmds;
	const struct gram_cmd *const *cmds;
};

/* Generated: gram_tables.c. The ids, argument structs and handler prototypes are in gram_tables.h. */
extern const struct gram_cmd *const gram_cmds[]; /* by id */
extern const uint16_t gram_n_cmds;
extern const struct gram_mode *const gram_modes[];
extern const uint16_t gram_n_modes;

/* lib/gram_value.c: one row per type. */

/* Interface names known now, for canonical spelling; set once at start by the program (may stay NULL).
 * Returns the canonical name of what was typed ("gi0/0" -> "GigabitEthernet0/0") in out, or false when
 * `text` cannot be an interface name at all (unknown but well-formed names are accepted). */
extern bool (*gram_ifname_canonical)(const char *text, char out[GRAM_WORD_SIZE]);

/* Parses one word (for GRAM_LINE: the rest of the line) into the leaf's representation at `out`
 * (at most GRAM_LINE_SIZE bytes). Returns false if the word cannot be this value. */
bool gram_value_parse(const struct gram_leaf *leaf, const char *word, void *out);
/* Renders the value at `in` as running-config prints it. Returns buf. */
const char *gram_value_text(const struct gram_leaf *leaf, const void *in, char buf[GRAM_LINE_SIZE]);
/* Size in bytes of a value of this type in an argument struct. */
size_t gram_value_size(enum gram_type type);

/* Does this command with these arguments hold unless its `no` line was typed? */
bool gram_by_default(const struct gram_cmd *cmd, const void *args);

/* Prints the command line of an argument struct by walking the automaton (parent_args: of the context entry,
 * for one-line forms; else NULL). Returns the length; the text is cut to `size`. */
size_t gram_print(const struct gram_cmd *cmd, const void *args, const void *parent_args, char *buf, size_t size);

#endif
