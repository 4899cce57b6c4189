/* settings: which there are. */
#include "cmd/command.h"
#include "base/mem.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *settings_json(void)
{
	json_t *list = json_array();
	struct config_setting s;

	for (size_t i = 0; config_setting(i, &s); i++) {
		OWN_STR char *file = s.in_file ? mem_printf("%s_FILE", s.variable) : NULL;
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:o, s:o, s:o}", "of", s.of, "key",
						text_json(s.key), "variable", text_json(s.variable),
						"file_variable", text_json(file), "default",
						text_json(s.fallback)));
	}
	return list;
}

static void print_json(void)
{
	json_t *list = settings_json();
	OWN_STR char *text = json_dumps(list, JSON_INDENT(2));

	printf("%s\n", text ? text : "[]");
	json_decref(list);
}

static void print_plain(void)
{
	struct config_setting s;

	printf("%-28s%-22s%-12s%s\n", "variable", "key", "of", "default");
	for (size_t i = 0; config_setting(i, &s); i++) {
		OWN_STR char *variable = mem_printf("%s%s", s.variable ? s.variable : "-",
						    s.in_file ? "[_FILE]" : "");
		printf("%-28s%-22s%-12s%s\n", variable, s.key ? s.key : "-", s.of,
		       s.fallback ? s.fallback : "-");
	}
}

int cmd_settings(const struct invocation *in, struct err *err)
{
	if (in->n_args)
		return command_usage(err, "settings takes no arguments");
	if (in->given[OPTION_JSON])
		print_json();
	else
		print_plain();
	return STATUS_DONE;
}
