#include "model/assignment.h"

#include "base/mem.h"

#include "unit.h"

static void staged_is_what_is_assigned_without_an_id(void **state)
{
	(void)state;
	for (enum assignment_state s = ASSIGNMENT_ASKING; s <= ASSIGNMENT_UNFOUNDED; s++) {
		struct assignment a = {.state = s};
		assert_int_equal(assignment_is_staged(&a), s == ASSIGNMENT_ASSIGNED);
		strcpy(a.torrent_id, "7");
		assert_false(assignment_is_staged(&a));
	}
}

static void a_label_names_the_id_where_it_is_known(void **state)
{
	(void)state;
	char label[ASSIGNMENT_LABEL];

	assert_string_equal(assignment_label(&(struct assignment){.torrent_id = "7"}, label),
			    "TorrentID 7");
	assert_string_equal(
		assignment_label(&(struct assignment){.torrent_id = "9223372036854775807"}, label),
		"TorrentID 9223372036854775807");
	assert_string_equal(assignment_label(&(struct assignment){0}, label),
			    "a torrent that the utility downloaded");
}

static void each_state_has_a_text(void **state)
{
	(void)state;
	static const char *const texts[] = {"asking",    "assigned",      "fetched",  "delivering",
					    "delivered", "possibly lost", "unfounded"};

	for (enum assignment_state s = ASSIGNMENT_ASKING; s <= ASSIGNMENT_UNFOUNDED; s++)
		assert_string_equal(assignment_state_text(s), texts[s]);
}

/* AddressSanitizer sees what is not released. */
static void a_list_is_released_with_all_that_is_in_it(void **state)
{
	(void)state;
	struct assignment *list = mem_alloc(2 * sizeof *list);

	for (size_t i = 0; i < 2; i++)
		list[i] = (struct assignment){.container = mem_dup("a"),
					      .name = mem_dup("b"),
					      .file_name = mem_dup("c"),
					      .path = mem_dup("d"),
					      .client = mem_dup("e"),
					      .note = mem_dup("f")};
	assignment_list_free(list, 2);
	assignment_list_free(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(staged_is_what_is_assigned_without_an_id),
		cmocka_unit_test(a_label_names_the_id_where_it_is_known),
		cmocka_unit_test(each_state_has_a_text),
		cmocka_unit_test(a_list_is_released_with_all_that_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
