/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C side: argument structs, ids, enums, prototypes (gram_tables.h), tables and run wrappers. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "gramc.h"

static const char banner[] = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
			     "/* Made by gramc from the grammar files. */\n";

static const char *const kind_names[] = {"GRAM_EXEC", "GRAM_CONF", "GRAM_CONTEXT"};

/* Whose argument struct a leaf's values live in. */
static const struct cmd *leaf_owner(const struct cmd *cmd, const struct node *leaf)
{
	if (cmd->stores_as)
		return leaf->child ? cmd->stores_as : cmd->context;
	return cmd->as ? cmd_find(cmd->as) : cmd;
}

static const struct cmd *args_owner(const struct cmd *cmd)
{
	if (cmd->stores_as)
		return cmd->stores_as;
	return cmd->as ? cmd_find(cmd->as) : cmd;
}

static bool has_handler(const struct cmd *cmd)
{
	return (cmd->kind == K_EXEC && !cmd->filter) || cmd->hook;
}

static const char *const c_keywords[] = {
	"auto",   "break", "case",   "char",   "const",    "continue", "default", "do",
	"double", "else",  "enum",   "extern", "float",    "for",      "goto",    "if",
	"inline", "int",   "long",   "register", "restrict", "return", "short",   "signed",
	"sizeof", "static", "struct", "switch", "typedef", "union",    "unsigned", "void",
	"volatile", "while",
};

static const char *field_c(const char *name)
{
	for (size_t i = 0; i < sizeof(c_keywords) / sizeof(*c_keywords); i++)
		if (!strcmp(c_keywords[i], name))
			return text_print("%s_", name);
	return name;
}

/* ---- gram_tables.h ---- */

static void emit_enum(FILE *out, const struct cmd *cmd, const struct field *field)
{
	fprintf(out, "enum %s_%s {", cmd->lower, field->name);
	for (int i = 0; i < field->n_values; i++)
		fprintf(out, "%s\n\t%s_%s_%s = %d", i ? "," : "", cmd->name,
			text_upper(field->name), field->values[i], i + 1);
	fputs("\n};\n", out);
}

static void emit_struct(FILE *out, const struct cmd *cmd)
{
	fprintf(out, "\n/* %s */\n", cmd->syntax);
	for (int i = 0; i < cmd->n_fields; i++)
		if (cmd->fields[i]->type == T_ENUM)
			emit_enum(out, cmd, cmd->fields[i]);
	fprintf(out, "struct args_%s {\n", cmd->lower);
	for (int i = 0; i < cmd->n_fields; i++) {
		const struct field *field = cmd->fields[i];
		const struct type_row *row = &type_rows[field->type];

		if (field->repeat)
			fprintf(out, "\tuint8_t n_%s;\n", field->name);
		fprintf(out, "\t%s %s%s%s;", row->ctype, field_c(field->name),
			field->repeat ? "[GRAM_REPEAT_MAX]" : "", row->suffix);
		if (field->type == T_ENUM)
			fprintf(out, " /* enum %s_%s, 0: absent */", cmd->lower, field->name);
		fputc('\n', out);
	}
	if (!cmd->n_fields)
		fputs("\tuint8_t none;\n", out);
	fputs("};\n", out);
	fprintf(out, "_Static_assert(sizeof(struct args_%s) <= GRAM_ARGS_SIZE, \"too large\");\n",
		cmd->lower);
	if (has_handler(cmd))
		fprintf(out,
			"void cmd_%s(struct session *session, const struct args_%s *args, "
			"bool no);\n",
			cmd->lower, cmd->lower);
}

void emit_header(FILE *out)
{
	fputs(banner, out);
	fputs("#ifndef ALGATE_GRAM_TABLES_H\n#define ALGATE_GRAM_TABLES_H\n\n"
	      "#include \"lib/addr.h\"\n#include \"lib/gram.h\"\n\nenum gram_cmd_id {\n",
	      out);
	for (int i = 0; i < grammar.n_cmds; i++)
		fprintf(out, "\tCMD_%s,\n", grammar.cmds[i]->name);
	fputs("\tCMD_COUNT\n};\n\nenum gram_mode_id {\n", out);
	for (int i = 0; i < grammar.n_modes; i++)
		fprintf(out, "\tMODE_%s,\n", text_upper(grammar.modes[i]->name));
	fputs("\tMODE_COUNT\n};\n", out);
	for (int i = 0; i < grammar.n_cmds; i++)
		if (args_owner(grammar.cmds[i]) == grammar.cmds[i])
			emit_struct(out, grammar.cmds[i]);
	fputs("\n#endif\n", out);
}

/* ---- gram_tables.c ---- */

static void emit_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void emit_offset(FILE *out, const char *member, const struct cmd *cmd,
			const struct node *leaf, const char *field)
{
	fprintf(out, ", .%s = offsetof(struct args_%s, %s)", member, leaf_owner(cmd, leaf)->lower,
		field_c(field));
}

static void emit_leaf(FILE *out, const struct cmd *cmd, int index, int follow, int n_follow)
{
	const struct node *leaf = cmd->leaves[index];

	fprintf(out, "\t{.type = %s, .follow = %d, .n_follow = %d", type_rows[leaf->type].constant,
		follow, n_follow);
	if (leaf->accept)
		fputs(", .accept = true", out);
	if (leaf->no_accept)
		fputs(", .no_accept = true", out);
	if (leaf->repeat)
		fputs(", .repeat = true", out);
	if (cmd->stores_as && !leaf->child)
		fputs(", .owner = 1", out);
	if (leaf->value)
		emit_offset(out, "field_off", cmd, leaf, leaf->value->name);
	else
		fputs(", .field_off = GRAM_NO_OFFSET", out);
	if (leaf->value && leaf->value->repeat)
		emit_offset(out, "count_off", cmd, leaf, text_print("n_%s", leaf->value->name));
	else
		fputs(", .count_off = GRAM_NO_OFFSET", out);
	if (leaf->witness)
		emit_offset(out, "set_off", cmd, leaf, leaf->witness->name);
	else
		fputs(", .set_off = GRAM_NO_OFFSET", out);
	fprintf(out, ", .set_value = %d, .lo = %uu, .hi = %uu,\n\t .word = ", leaf->witness_value,
		leaf->lo, leaf->hi);
	emit_string(out, leaf->word);
	fputs(", .help = ", out);
	emit_string(out, leaf->help ? leaf->help : "");
	fputs("},\n", out);
}

static void emit_automaton(FILE *out, const struct cmd *cmd)
{
	int total = 0;

	fprintf(out, "\nstatic const struct gram_leaf leaves_%s[] = {\n", cmd->lower);
	for (int i = 0; i < cmd->n_leaves; i++) {
		int count = 0;

		for (int k = 0; k < cmd->n_leaves; k++)
			count += cmd->follow[i][k];
		emit_leaf(out, cmd, i, total, count);
		total += count;
	}
	fprintf(out, "};\nstatic const uint16_t follow_%s[] = {", cmd->lower);
	for (int i = 0; i < cmd->n_leaves; i++)
		for (int k = 0; k < cmd->n_leaves; k++)
			if (cmd->follow[i][k])
				fprintf(out, "%d, ", k);
	fputs("};\n", out);
}

static void emit_field(FILE *out, const struct cmd *cmd, const char *name)
{
	fprintf(out,
		"\t{\"%s\", offsetof(struct args_%s, %s), sizeof(((struct args_%s *)0)->%s)},\n",
		name, cmd->lower, field_c(name), cmd->lower, field_c(name));
}

static void emit_fields(FILE *out, const struct cmd *cmd)
{
	if (args_owner(cmd) != cmd)
		return;
	if (cmd->n_fields) {
		fprintf(out, "static const struct gram_field fields_%s[] = {\n", cmd->lower);
		for (int i = 0; i < cmd->n_fields; i++) {
			if (cmd->fields[i]->repeat)
				emit_field(out, cmd, text_print("n_%s", cmd->fields[i]->name));
			emit_field(out, cmd, cmd->fields[i]->name);
		}
		fputs("};\n", out);
	}
	if (!cmd->n_key)
		return;
	fprintf(out, "static const struct gram_field key_%s[] = {\n", cmd->lower);
	for (int i = 0; i < cmd->n_key; i++)
		emit_field(out, cmd, cmd->key[i]);
	fputs("};\n", out);
}

static int count_fields(const struct cmd *cmd)
{
	int count = cmd->n_fields;

	for (int i = 0; i < cmd->n_fields; i++)
		count += cmd->fields[i]->repeat;
	return count;
}

static void emit_args(FILE *out, const struct cmd *cmd)
{
	const struct cmd *owner = args_owner(cmd);

	fprintf(out, "\t.args_size = sizeof(struct args_%s), .n_key = %d, .n_fields = %d,\n",
		owner->lower, owner->n_key, count_fields(owner));
	if (owner->n_key)
		fprintf(out, "\t.key = key_%s,\n", owner->lower);
	if (owner->n_fields)
		fprintf(out, "\t.fields = fields_%s,\n", owner->lower);
}

static const char *truth(bool value)
{
	return value ? "true" : "false";
}

static void emit_cmd(FILE *out, const struct cmd *cmd)
{
	fprintf(out,
		"const struct gram_cmd gram_cmd_%s = {\n\t.name = \"%s\", .id = CMD_%s, "
		".kind = %s, .level = %d,\n\t.has_no = %s, .no_only = %s, .default_on = %s, "
		".hidden = %s, .key_sorted = %s,\n\t.n_leaves = %d, .leaves = leaves_%s, .follow = follow_%s,\n"
		"\t.order = %d, .key_class = %d, .first = 0x%xu,\n",
		cmd->lower, cmd->name, cmd->name, kind_names[cmd->kind], cmd->level,
		truth(cmd->has_no), truth(cmd->no_only), truth(cmd->default_on), truth(cmd->hidden), truth(cmd->sorted),
		cmd->n_leaves, cmd->lower, cmd->lower, cmd->order, cmd->key_class, cmd->first);
	emit_args(out, cmd);
	if (cmd->default_for)
		fprintf(out, "\t.has_default_value = true, .default_offset = offsetof(struct args_%s, %s), "
			".default_value = %" PRIu32 "u,\n",
			args_owner(cmd)->lower, field_c(cmd->default_for), cmd->default_value);
	if (cmd->opens)
		fprintf(out, "\t.opens = &mode_%s,\n", text_lower(cmd->opens, '_'));
	if (cmd->stores_as)
		fprintf(out, "\t.context = &gram_cmd_%s, .stores_as = &gram_cmd_%s,\n",
			cmd->context->lower, cmd->stores_as->lower);
	if (has_handler(cmd))
		fprintf(out, "\t.run = gram_run_%s,\n", args_owner(cmd)->lower);
	fputs("};\n", out);
}

static int by_order(const void *a, const void *b)
{
	const struct cmd *const *x = a, *const *y = b;

	return (*x)->id - (*y)->id;
}

static void emit_mode(FILE *out, const struct mode *mode)
{
	const char *name = text_lower(mode->name, '_');
	struct cmd *cmds[4096], *cmd;
	int count = 0;

	while (count < 4096 && (cmd = mode_cmd(mode, count)))
		cmds[count++] = cmd;
	qsort(cmds, (size_t)count, sizeof(*cmds), by_order);
	fprintf(out, "static const struct gram_cmd *const cmds_of_%s[] = {\n", name);
	for (int i = 0; i < count; i++)
		fprintf(out, "\t&gram_cmd_%s,\n", cmds[i]->lower);
	fprintf(out, "};\nstatic const struct gram_mode mode_%s = {\n\t.name = \"%s\", .prompt = ",
		name, mode->name);
	emit_string(out, mode->prompt ? mode->prompt : "");
	fprintf(out, ", .config = %s, .n_cmds = %d, .cmds = cmds_of_%s,\n", truth(mode->config),
		count, name);
	if (mode->parent)
		fprintf(out, "\t.parent = &mode_%s,\n", text_lower(mode->parent, '_'));
	if (mode->falls_to)
		fprintf(out, "\t.falls_to = &mode_%s,\n", text_lower(mode->falls_to, '_'));
	fputs("};\n\n", out);
}

static void emit_declarations(FILE *out)
{
	for (int i = 0; i < grammar.n_modes; i++)
		fprintf(out, "static const struct gram_mode mode_%s;\n",
			text_lower(grammar.modes[i]->name, '_'));
	for (int i = 0; i < grammar.n_cmds; i++) {
		const struct cmd *cmd = grammar.cmds[i];

		fprintf(out, "extern const struct gram_cmd gram_cmd_%s;\n", cmd->lower);
		if (has_handler(cmd) && !cmd->as)
			fprintf(out,
				"void gram_run_%s(struct session *session, const void *args, "
				"bool no);\n",
				cmd->lower);
	}
}

void emit_tables(FILE *out)
{
	fputs(banner, out);
	fputs("#include \"gram_tables.h\"\n\n", out);
	emit_declarations(out);
	for (int i = 0; i < grammar.n_cmds; i++) {
		emit_automaton(out, grammar.cmds[i]);
		emit_fields(out, grammar.cmds[i]);
		emit_cmd(out, grammar.cmds[i]);
	}
	fputc('\n', out);
	for (int i = 0; i < grammar.n_modes; i++)
		emit_mode(out, grammar.modes[i]);
	fputs("const struct gram_cmd *const gram_cmds[] = {\n", out);
	for (int i = 0; i < grammar.n_cmds; i++)
		fprintf(out, "\t&gram_cmd_%s,\n", grammar.cmds[i]->lower);
	fprintf(out, "};\nconst uint16_t gram_n_cmds = %d;\n\n", grammar.n_cmds);
	fputs("const struct gram_mode *const gram_modes[] = {\n", out);
	for (int i = 0; i < grammar.n_modes; i++)
		fprintf(out, "\t&mode_%s,\n", text_lower(grammar.modes[i]->name, '_'));
	fprintf(out, "};\nconst uint16_t gram_n_modes = %d;\n", grammar.n_modes);
}

/* ---- gram_run.c, gram_norun.c ---- */

void emit_run(FILE *out, bool real)
{
	fputs(banner, out);
	fputs("#include \"gram_tables.h\"\n", out);
	for (int i = 0; i < grammar.n_cmds; i++) {
		const struct cmd *cmd = grammar.cmds[i];

		if (!has_handler(cmd) || cmd->as)
			continue;
		fprintf(out,
			"\nvoid gram_run_%s(struct session *session, const void *args, bool no);\n"
			"void gram_run_%s(struct session *session, const void *args, bool no)\n{\n",
			cmd->lower, cmd->lower);
		if (real)
			fprintf(out, "\tcmd_%s(session, args, no);\n", cmd->lower);
		else
			fputs("\t(void)session;\n\t(void)args;\n\t(void)no;\n", out);
		fputs("}\n", out);
	}
}
