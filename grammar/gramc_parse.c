/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading *.cli files: statements, command lines into trees, attributes (FORMAT.md). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "gramc.h"

const struct type_row type_rows[T_TYPES] = {
	[T_KEYWORD] = {NULL, NULL, "GRAM_KEYWORD", NULL, NULL},
	[T_NUMBER] = {NULL, NULL, "GRAM_NUMBER", "uint32_t", ""},
	[T_IP4] = {"A.B.C.D", "A.B.C.D", "GRAM_IP4", "ip4", ""},
	[T_MASK] = {"MASK", "A.B.C.D", "GRAM_MASK", "ip4", ""},
	[T_PREFIX_LEN] = {"/nn", "/nn", "GRAM_PREFIX_LEN", "uint8_t", ""},
	[T_WORD] = {"WORD", "WORD", "GRAM_WORD", "char", "[GRAM_WORD_SIZE]"},
	[T_LINE] = {"LINE", "LINE", "GRAM_LINE", "char", "[GRAM_LINE_SIZE]"},
	[T_IFNAME] = {"IFNAME", "WORD", "GRAM_IFNAME", "char", "[GRAM_WORD_SIZE]"},
	[T_TCP_PORT] = {"TCP-PORT", "<0-65535>", "GRAM_TCP_PORT", "uint16_t", ""},
	[T_UDP_PORT] = {"UDP-PORT", "<0-65535>", "GRAM_UDP_PORT", "uint16_t", ""},
	[T_PROTOCOL] = {"PROTOCOL", "<0-255>", "GRAM_PROTOCOL", "uint8_t", ""},
	[T_ICMP_TYPE] = {"ICMP-TYPE", "<0-255>", "GRAM_ICMP_TYPE", "uint16_t", ""},
	[T_NUMBER_TEXT] = {NULL, NULL, "GRAM_NUMBER_TEXT", "char", "[GRAM_WORD_SIZE]"},
	[T_BOOL] = {NULL, NULL, NULL, "bool", ""},
	[T_ENUM] = {NULL, NULL, NULL, "uint8_t", ""},
};

struct define {
	char *name, *text;
};

static struct define **defines;
static int n_defines;
static struct mode *current;

struct mode *mode_find(const char *name)
{
	for (int i = 0; i < grammar.n_modes; i++)
		if (!strcmp(grammar.modes[i]->name, name))
			return grammar.modes[i];
	return NULL;
}

struct cmd *cmd_find(const char *name)
{
	for (int i = 0; i < grammar.n_cmds; i++)
		if (!strcmp(grammar.cmds[i]->name, name))
			return grammar.cmds[i];
	return NULL;
}

struct node *node_new(enum node_kind kind)
{
	struct node *node = take(sizeof(*node));

	node->kind = kind;
	return node;
}

void node_add(struct where at, struct node *parent, struct node *kid)
{
	if (parent->n_kids == MAX_KIDS)
		fail(at, "more than %d parts in one group", MAX_KIDS);
	parent->kids[parent->n_kids++] = kid;
}

/* A fresh copy of the tree as it was parsed. */
struct node *node_clone(const struct node *node)
{
	struct node *copy = take(sizeof(*copy));

	*copy = *node;
	for (int i = 0; i < node->n_kids; i++)
		copy->kids[i] = node_clone(node->kids[i]);
	return copy;
}

/* ---- one command line ---- */

static void skip_blanks(const char **p)
{
	while (**p == ' ' || **p == '\t')
		(*p)++;
}

static char *take_ident(struct where at, const char **p)
{
	const char *start = *p;

	while (isalnum((unsigned char)**p) || **p == '_')
		(*p)++;
	if (*p == start)
		fail(at, "a field name must follow ':' (at '%.20s')", start);
	return text_copy(start, (size_t)(*p - start));
}

static bool number_leaf(struct node *leaf, const char *atom)
{
	unsigned long lo, hi;
	int used = 0;

	if (sscanf(atom, "<%lu-%lu>%n", &lo, &hi, &used) != 2 || atom[used] || !used || lo > hi ||
	    hi > UINT32_MAX)
		return false;
	leaf->type = T_NUMBER;
	leaf->lo = (uint32_t)lo;
	leaf->hi = (uint32_t)hi;
	leaf->word = text_copy(atom, strlen(atom));
	return true;
}

static bool typed_leaf(struct node *leaf, const char *atom)
{
	for (int t = 0; t < T_TYPES; t++)
		if (type_rows[t].spelling && !strcmp(type_rows[t].spelling, atom)) {
			leaf->type = (enum type)t;
			leaf->word = text_copy(type_rows[t].token, strlen(type_rows[t].token));
			return true;
		}
	return number_leaf(leaf, atom);
}

/* `con(sole)`: a keyword `console` that prints as `con`. */
static void keyword_leaf(struct where at, struct node *leaf, char *atom)
{
	char *open = strchr(atom, '('), *close = strchr(atom, ')');

	leaf->type = T_KEYWORD;
	if (open && close && close > open) {
		leaf->lo = (uint32_t)(open - atom);
		leaf->word = text_print("%.*s%.*s", (int)(open - atom), atom,
					(int)(close - open - 1), open + 1);
		return;
	}
	for (const char *c = atom; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-*_", *c))
			fail(at, "'%s' is neither a keyword nor a type", atom);
	leaf->word = atom;
}

static struct node *parse_atom(struct where at, const char **p)
{
	struct node *leaf = node_new(N_LEAF);
	const char *start = *p;
	char *atom;

	while (**p && !strchr(" \t{}[]|:", **p))
		(*p)++;
	atom = text_copy(start, (size_t)(*p - start));
	if (*atom && atom[1] && atom[strlen(atom) - 1] == '+') {
		leaf->repeat = true;
		atom[strlen(atom) - 1] = '\0';
	}
	if (!typed_leaf(leaf, atom)) {
		keyword_leaf(at, leaf, atom);
		if (leaf->repeat)
			fail(at, "keyword '%s' cannot repeat", atom);
		return leaf;
	}
	if (**p != ':')
		fail(at, "argument %s has no field name", atom);
	(*p)++;
	leaf->field = take_ident(at, p);
	return leaf;
}

static struct node *parse_seq(struct where at, const char **p, const char *stop);

static struct node *parse_group(struct where at, const char **p)
{
	bool optional = **p == '[';
	const char *stop = optional ? "|]" : "|}";
	struct node *alt = node_new(N_ALT), *opt;

	do {
		(*p)++;
		node_add(at, alt, parse_seq(at, p, stop));
	} while (**p == '|');
	if (**p != stop[1])
		fail(at, "missing '%c'", stop[1]);
	(*p)++;
	if (optional && **p == '*') {
		(*p)++;
		alt->kind = N_ANY;
		return alt;
	}
	if (!optional) {
		if (**p == ':') {
			(*p)++;
			alt->field = take_ident(at, p);
		}
		return alt;
	}
	opt = node_new(N_OPT);
	node_add(at, opt, alt->n_kids == 1 ? alt->kids[0] : alt);
	return opt;
}

static struct node *parse_define(struct where at, const char **p)
{
	char *name;
	const char *text;

	(*p)++;
	name = take_ident(at, p);
	for (int i = 0; i < n_defines; i++)
		if (!strcmp(defines[i]->name, name)) {
			text = defines[i]->text;
			return parse_seq(at, &text, "");
		}
	fail(at, "$%s is not defined", name);
}

static struct node *parse_part(struct where at, const char **p)
{
	if (**p == '{' || **p == '[')
		return parse_group(at, p);
	if (**p == '$')
		return parse_define(at, p);
	if (**p == '/' && (!(*p)[1] || isspace((unsigned char)(*p)[1]))) {
		(*p)++;
		return node_new(N_SLASH);
	}
	if (strchr("}]|:", **p))
		fail(at, "unexpected '%c'", **p);
	return parse_atom(at, p);
}

static struct node *parse_seq(struct where at, const char **p, const char *stop)
{
	struct node *seq = node_new(N_SEQ);

	for (skip_blanks(p); **p && !strchr(stop, **p); skip_blanks(p))
		node_add(at, seq, parse_part(at, p));
	if (!seq->n_kids)
		fail(at, "empty group");
	return seq;
}

/* ---- statements ---- */

static char *next_token(struct where at, char **p)
{
	char *start, *end;

	skip_blanks((const char **)p);
	if (!**p)
		return NULL;
	if (**p == '"') {
		start = ++*p;
		end = strchr(start, '"');
		if (!end)
			fail(at, "missing closing quote");
		*p = end + 1;
		return text_copy(start, (size_t)(end - start));
	}
	start = *p;
	while (**p && !isspace((unsigned char)**p))
		(*p)++;
	return text_copy(start, (size_t)(*p - start));
}

static char *need_token(struct where at, char **p, const char *what)
{
	char *token = next_token(at, p);

	if (!token)
		fail(at, "missing %s", what);
	return token;
}

static void parse_mode(struct where at, char *p)
{
	char *name = need_token(at, &p, "mode name"), *word;

	current = mode_find(name);
	if (!current) {
		current = take(sizeof(*current));
		*current = (struct mode){.at = at, .name = name};
		grammar.modes = list_add(grammar.modes, &grammar.n_modes, current);
	}
	while ((word = next_token(at, &p))) {
		if (!strcmp(word, "prompt"))
			current->prompt = need_token(at, &p, "prompt");
		else if (!strcmp(word, "parent"))
			current->parent = need_token(at, &p, "parent mode");
		else if (!strcmp(word, "falls-to"))
			current->falls_to = need_token(at, &p, "mode");
		else if (!strcmp(word, "config"))
			current->config = true;
		else if (!strcmp(word, "filter"))
			current->filter = true;
		else
			fail(at, "unknown mode attribute '%s'", word);
	}
}

static const struct flag {
	const char *word;
	size_t offset;
} flags[] = {
	{"no", offsetof(struct cmd, has_no)},       {"hidden", offsetof(struct cmd, hidden)},
	{"hook", offsetof(struct cmd, hook)},       {"numbered", offsetof(struct cmd, numbered)},
	{"sorted", offsetof(struct cmd, sorted)},   {"no-only", offsetof(struct cmd, no_only)},
	{"default-on", offsetof(struct cmd, default_on)},
};

static bool flag_attribute(struct cmd *cmd, const char *word)
{
	if (!strcmp(word, "no-no")) {
		cmd->has_no = false;
		return true;
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (!strcmp(flags[i].word, word)) {
			*(bool *)((char *)cmd + flags[i].offset) = true;
			return true;
		}
	return false;
}

static const struct flag texts[] = {
	{"class", offsetof(struct cmd, class)},          {"opens", offsetof(struct cmd, opens)},
	{"as", offsetof(struct cmd, as)},                {"mode", offsetof(struct cmd, mode_name)},
	{"context", offsetof(struct cmd, context_name)},
};

static bool text_attribute(struct cmd *cmd, const char *word, char **p)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!strcmp(texts[i].word, word)) {
			*(char **)((char *)cmd + texts[i].offset) = need_token(cmd->at, p, word);
			return true;
		}
	return false;
}

static bool is_attribute(const char *word)
{
	static const char *const valued[] = {"level", "order", "key", "default-for"};
	struct cmd scratch = {0};
	char *none = text_copy("x", 1);

	for (size_t i = 0; i < sizeof(valued) / sizeof(*valued); i++)
		if (!strcmp(valued[i], word))
			return true;
	return flag_attribute(&scratch, word) || text_attribute(&scratch, word, &none);
}

static void key_attribute(struct cmd *cmd, char **p)
{
	for (;;) {
		char *before = *p, *word = next_token(cmd->at, p);

		if (!word || is_attribute(word)) {
			*p = before;
			return;
		}
		if (!strcmp(word, "-"))
			continue;
		if (cmd->n_key == MAX_KEYS)
			fail(cmd->at, "too many key fields");
		cmd->key[cmd->n_key++] = word;
	}
}

static void default_attribute(struct cmd *cmd, char **p)
{
	char *value, *end;

	cmd->default_on = true;
	cmd->default_for = need_token(cmd->at, p, "field");
	value = need_token(cmd->at, p, "value");
	cmd->default_value = (uint32_t)strtoul(value, &end, 10);
	if (*end != '\0')
		fail(cmd->at, "'%s' is no number", value);
}

static void parse_attributes(struct cmd *cmd, char *p)
{
	char *word;

	while ((word = next_token(cmd->at, &p))) {
		if (!strcmp(word, "level"))
			cmd->level = atoi(need_token(cmd->at, &p, "level"));
		else if (!strcmp(word, "order"))
			cmd->order = atoi(need_token(cmd->at, &p, "order"));
		else if (!strcmp(word, "key"))
			key_attribute(cmd, &p);
		else if (!strcmp(word, "default-for"))
			default_attribute(cmd, &p);
		else if (!flag_attribute(cmd, word) && !text_attribute(cmd, word, &p))
			fail(cmd->at, "unknown attribute '%s'", word);
	}
	if (cmd->level < 0 || cmd->level > 15)
		fail(cmd->at, "level must be 0 to 15");
}

static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

static struct cmd *parse_cmd(struct where at, char *p, enum kind kind)
{
	struct cmd *cmd = take(sizeof(*cmd));
	char *name = need_token(at, &p, "command name"), *colon = strstr(p, " : ");
	const char *line;

	if (!current)
		fail(at, "command outside a mode");
	if (cmd_find(name))
		fail(at, "%s is defined twice", name);
	*cmd = (struct cmd){.at = at, .name = name, .lower = text_lower(name, '_'), .kind = kind,
			    .mode = current, .order = -1, .level = kind == K_EXEC ? 1 : 15,
			    .has_no = kind != K_EXEC};
	if (colon) {
		*colon = '\0';
		parse_attributes(cmd, colon + 3);
	}
	line = cmd->syntax = trim(p);
	cmd->has_no |= cmd->no_only;
	cmd->tree = parse_seq(at, &line, "");
	return cmd;
}

static void parse_oneline(struct where at, char *p)
{
	struct cmd *cmd = parse_cmd(at, p, K_CONF);

	if (!cmd->context_name || !cmd->mode_name)
		fail(at, "a oneline needs `context` and `mode`");
	grammar.onelines = list_add(grammar.onelines, &grammar.n_onelines, cmd);
}

/* A path's parts are joined by dots; A.B.C.D is one part. */
static void parse_path(struct help *help, char *path)
{
	char *slash = strchr(path, '/');

	if (slash && slash != path && strncmp(slash, "/nn", 3)) {
		help->scope = text_copy(path, (size_t)(slash - path));
		path = slash + 1;
	}
	while (*path) {
		size_t length = !strncmp(path, "A.B.C.D", 7) ? 7 : strcspn(path, ".");

		if (help->n_parts == MAX_KIDS)
			fail(help->at, "path too long");
		help->parts[help->n_parts++] = text_copy(path, length);
		path += length;
		path += *path == '.';
	}
}

static void parse_help(struct where at, char *p)
{
	struct help *help = take(sizeof(*help));

	help->at = at;
	parse_path(help, need_token(at, &p, "path"));
	help->text = need_token(at, &p, "help text");
	if (!help->n_parts || !*help->text || next_token(at, &p))
		fail(at, "help PATH \"text\"");
	grammar.helps = list_add(grammar.helps, &grammar.n_helps, help);
}

static void parse_define_statement(struct where at, char *p)
{
	struct define *define = take(sizeof(*define));

	define->name = need_token(at, &p, "name");
	define->text = text_copy(p, strlen(p));
	defines = list_add(defines, &n_defines, define);
}

static void parse_statement(struct where at, char *line)
{
	static const char *const kinds[] = {"exec", "conf", "context"};
	char *p = line, *word = next_token(at, &p);

	for (int i = 0; i < 3; i++)
		if (!strcmp(word, kinds[i])) {
			grammar.cmds = list_add(grammar.cmds, &grammar.n_cmds,
						parse_cmd(at, p, (enum kind)i));
			return;
		}
	if (!strcmp(word, "mode"))
		parse_mode(at, p);
	else if (!strcmp(word, "uses") && current && current->n_uses < MAX_KIDS)
		current->uses[current->n_uses++] = need_token(at, &p, "mode name");
	else if (!strcmp(word, "oneline"))
		parse_oneline(at, p);
	else if (!strcmp(word, "help"))
		parse_help(at, p);
	else if (!strcmp(word, "define"))
		parse_define_statement(at, p);
	else
		fail(at, "unknown statement '%s'", word);
}

/* Appends a raw line to the statement so far; true when the statement is complete. */
static bool join_line(char **statement, char *raw)
{
	char *text = trim(raw);
	size_t length = strlen(text);
	bool more = length && text[length - 1] == '\\';

	if (more)
		text[length - 1] = '\0';
	*statement = *statement ? text_print("%s %s", *statement, trim(text))
				: text_print("%s", trim(text));
	return !more;
}

void parse_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *raw = NULL, *statement = NULL;
	size_t size = 0;
	struct where at = {path, 0}, start = at;

	if (!in)
		fail(at, "cannot be opened");
	current = NULL;
	while (getline(&raw, &size, in) != -1) {
		at.line++;
		if (!statement)
			start.line = at.line;
		if (!join_line(&statement, raw))
			continue;
		if (*statement && *statement != '#')
			parse_statement(start, statement);
		statement = NULL;
	}
	if (statement)
		fail(start, "the file ends in a continued line");
	fclose(in);
	free(raw);
}
