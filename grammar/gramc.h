/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar compiler's own data: what the *.cli files say, as trees (gramc_parse.c), then as position
 * automata with fields and help (gramc_auto.c), then as text (gramc_emit.c, gramc_list.c). A build tool: it
 * frees nothing, and any error ends it with `file:line: message` and status 1.
 */
#ifndef ALGATE_GRAMC_H
#define ALGATE_GRAMC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MAX_LEAVES 256
#define MAX_FIELDS 64
#define MAX_KEYS 8
#define MAX_KIDS 40

/* The same order as enum gram_type in lib/gram.h; BOOL and ENUM are fields without a leaf of their own. */
enum type {
	T_KEYWORD,
	T_NUMBER,
	T_IP4,
	T_MASK,
	T_PREFIX_LEN,
	T_WORD,
	T_LINE,
	T_IFNAME,
	T_TCP_PORT,
	T_UDP_PORT,
	T_PROTOCOL,
	T_ICMP_TYPE,
	T_NUMBER_TEXT,
	T_BOOL,
	T_ENUM,
	T_TYPES
};

struct type_row {
	const char *spelling; /* in the grammar; NULL: made otherwise */
	const char *token;    /* shown by `?` */
	const char *constant; /* GRAM_... */
	const char *ctype;    /* type of the field ... */
	const char *suffix;   /* ... and its array size */
};
extern const struct type_row type_rows[T_TYPES];

struct where {
	const char *file;
	int line;
};

enum node_kind { N_LEAF, N_SEQ, N_ALT, N_OPT, N_ANY, N_SLASH };

struct field;

struct node {
	enum node_kind kind;
	struct node *kids[MAX_KIDS];
	int n_kids;
	char *field; /* ALT with a field; argument leaf */
	/* leaf */
	enum type type;
	char *word; /* keyword or token */
	uint32_t lo, hi;
	bool repeat;
	int index; /* position in the automaton, from 1 */
	struct field *value;   /* field of the argument */
	struct field *witness; /* field that says this leaf is there ... */
	int witness_value;     /* ... and its value then */
	bool accept, no_accept;
	bool child;            /* one-line form: belongs to the child's struct, not the context's */
	const char *help;
};

struct field {
	char *name;
	enum type type;
	bool repeat;
	int n_values; /* T_ENUM */
	char *values[MAX_KIDS];
};

enum kind { K_EXEC, K_CONF, K_CONTEXT };

struct mode;

struct cmd {
	struct where at;
	char *name, *lower, *syntax;
	enum kind kind;
	struct mode *mode;
	struct node *tree;
	struct node *leaves[MAX_LEAVES]; /* [0] is the start */
	int n_leaves;
	bool (*follow)[MAX_LEAVES];
	struct field *fields[MAX_FIELDS];
	int n_fields;
	char *key[MAX_KEYS];
	int n_key;
	char *class, *opens, *as;
	char *default_for; /* number field; default_on only where it is default_value */
	uint32_t default_value;
	int level, order;
	bool has_no, no_only, default_on, hidden, hook, numbered, sorted, filter;
	/* one-line form */
	char *context_name, *mode_name;
	struct cmd *context, *stores_as;
	int id;
	int key_class;
	uint32_t first; /* letters that its lines can begin with */
};

struct mode {
	struct where at;
	char *name, *prompt, *parent, *falls_to;
	bool config, filter, opened, used;
	char *uses[MAX_KIDS];
	int n_uses;
};

struct help {
	struct where at;
	char *scope; /* mode or command name, or NULL */
	char *parts[MAX_KIDS];
	int n_parts;
	char *text;
	bool used;
};

struct grammar {
	struct cmd **cmds;
	int n_cmds;
	struct mode **modes;
	int n_modes;
	struct help **helps;
	int n_helps;
	struct cmd **onelines; /* templates: expanded into cmds */
	int n_onelines;
};

extern struct grammar grammar;

void fail(struct where at, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));
void *take(size_t size); /* zeroed */
char *text_copy(const char *text, size_t length);
char *text_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_lower(const char *text, char dash);
char *text_upper(const char *text);
void *list_add(void *list, int *count, void *item);

/* gramc_parse.c */
void parse_file(const char *path);
struct mode *mode_find(const char *name);
struct cmd *cmd_find(const char *name);
struct node *node_new(enum node_kind kind);
struct node *node_clone(const struct node *node);
void node_add(struct where at, struct node *parent, struct node *kid);

/* gramc_auto.c: trees to automata, fields, witnesses; gramc_check.c: one-line forms, help, checks. */
void build_cmd(struct cmd *cmd);
void build_all(void);
struct field *field_find(const struct cmd *cmd, const char *name);
/* The n-th command of a mode, those of the shared modes it uses included, or NULL. */
struct cmd *mode_cmd(const struct mode *mode, int n);
bool mode_uses(const struct mode *mode, const struct mode *shared);

/* gramc_emit.c, gramc_list.c */
void emit_header(FILE *out);
void emit_tables(FILE *out);
void emit_run(FILE *out, bool real);
void emit_list(FILE *out);
void emit_mdoc(FILE *out);

#endif
