/* settings: which there are. */
#include "cmd/command.h"
#include "config/setting.h"
#include "base/mem.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *setting_row(const struct setting *s)
{
	OWN_STR char *file = s->in_file ? mem_printf("%s_FILE", s->variable) : NULL;
	char expects[SETTING_EXPECTS];

	setting_expects(s, expects);
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:s, s:o}", "of",
			 setting_level_name(s->level), "key", text_json(s->key), "variable",
			 text_json(s->variable), "file_variable", text_json(file), "option",
			 text_json(s->option), "default", text_json(s->fallback), "value", expects,
			 "without", text_json(s->unset), "help", s->help, "example",
			 text_json(s->example));
}

static json_t *settings_json(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < config_n_settings; i++)
		json_array_append_new(list, setting_row(&config_settings[i]));
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
	printf("%-28s%-22s%-12s%s\n", "variable", "key", "of", "default");
	for (size_t i = 0; i < config_n_settings; i++) {
		const struct setting *s = &config_settings[i];
		OWN_STR char *variable = mem_printf("%s%s", s->variable ? s->variable : "-",
						    s->in_file ? "[_FILE]" : "");
		printf("%-28s%-22s%-12s%s\n", variable, s->key ? s->key : "-",
		       setting_level_name(s->level), s->fallback ? s->fallback : "-");
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
