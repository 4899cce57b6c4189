#include "model/container.h"

#include "base/mem.h"

#include "unit.h"

static void names_that_cannot_be_used_are_told_why(void **state)
{
	(void)state;
	static const struct {
		const char *name, *fault;
	} rows[] = {
		{"hetzner", NULL},
		{"K\xC3\xA4ller 2", NULL},
		{"a/b:c.d$name", NULL},
		{"", "is empty"},
		{" a", "begins or ends with a space"},
		{"a ", "begins or ends with a space"},
		{"a\tb", "holds a control character"},
		{"a\x7F", "holds a control character"},
		{"a\xC2\x85", "holds a control character"},
		{"a\xC2\xA0", NULL},
		{"a\xFF", "is not valid UTF-8"},
		{"a\xC3", "is not valid UTF-8"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *fault = container_name_fault(rows[i].name);
		if (!rows[i].fault)
			assert_null(fault);
		else
			assert_string_equal(fault ? fault : "none", rows[i].fault);
	}
}

static void names_have_at_most_forty_characters(void **state)
{
	(void)state;
	char name[2 * 41 + 1] = "";

	for (int i = 0; i < 40; i++)
		strcat(name, "\xC3\xA4");
	assert_null(container_name_fault(name));
	strcat(name, "a");
	assert_string_equal(container_name_fault(name), "is longer than 40 characters");
}

static void a_name_cannot_lead_out_of_the_watch_folder(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *name, *folder;
	} rows[] = {
		{"/watch", "attic", "/watch"},
		{"/srv/$name", "attic", "/srv/attic"},
		{"/srv/$name/in-$name", "a", "/srv/a/in-a"},
		{"/srv/$name", "../etc", "/srv/_._etc"},
		{"/srv/$name", "..", "/srv/_."},
		{"/srv/$name", "/abs", "/srv/_abs"},
		{"/srv/$name", "a.b", "/srv/a.b"},
		{"/srv/$name", "$name", "/srv/$name"},
		{"/srv/$nam", "a", "/srv/$nam"},
		{"$name", "a", "a"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *folder = container_folder(rows[i].pattern, rows[i].name);
		assert_string_equal(folder, rows[i].folder);
	}
}

static void containers_are_sorted_by_name(void **state)
{
	(void)state;
	struct container all[] = {{.name = (char[]){"b"}},
				  {.name = (char[]){"B"}},
				  {.name = (char[]){"aa"}},
				  {.name = (char[]){"a"}}};

	qsort(all, COUNT(all), sizeof *all, container_compare);
	assert_string_equal(all[0].name, "B");
	assert_string_equal(all[1].name, "a");
	assert_string_equal(all[2].name, "aa");
	assert_string_equal(all[3].name, "b");
}

static void a_container_may_be_cleared_twice(void **state)
{
	(void)state;
	struct container c = {.name = mem_dup("a"), .size = mem_dup("1G"), .max_stalled = 3};

	container_clear(&c);
	container_clear(&c);
	assert_null(c.name);
	assert_int_equal(c.max_stalled, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_cannot_be_used_are_told_why),
		cmocka_unit_test(names_have_at_most_forty_characters),
		cmocka_unit_test(a_name_cannot_lead_out_of_the_watch_folder),
		cmocka_unit_test(containers_are_sorted_by_name),
		cmocka_unit_test(a_container_may_be_cleared_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
