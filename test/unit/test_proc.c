#include "system/proc.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_MAX 10000

static struct proc_end run_as(const char *script, struct proc_spec spec, struct buf *output)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, mem_dup(script), NULL};
	struct proc_end end = {.status = -1};
	struct err err;

	spec.argv = argv;
	MUST(proc_run(&spec, output, &end, &err));
	free(argv[2]);
	return end;
}

static struct proc_end run(const char *script, const char *folder, int timeout_ms,
			   struct buf *output)
{
	return run_as(script, (struct proc_spec){.folder = folder, .timeout_ms = timeout_ms},
		      output);
}

static void both_outputs_come_in_their_order(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);
	struct proc_end end = run("echo one; echo two >&2; echo three", NULL, 10000, &out);

	assert_string_equal(buf_text(&out), "one\ntwo\nthree\n");
	assert_int_equal(end.status, 0);
	assert_false(end.timed_out);
}

static void the_status_is_the_programs_or_its_signals(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);

	assert_int_equal(run("exit 7", NULL, 10000, &out).status, 7);
	assert_int_equal(run("kill -9 $$", NULL, 10000, &out).status, 128 + SIGKILL);
}

static void it_runs_in_its_folder_without_input_and_in_its_own_session(void **state)
{
	OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);

	run("pwd; cat; ps -o sid= -p $$ | tr -d ' '; echo $$", *state, 10000, &out);
	OWN_STR char *text = mem_dup(buf_text(&out));
	char *rest = text;
	assert_string_equal(strsep(&rest, "\n"), *state);
	const char *session = strsep(&rest, "\n");
	assert_string_equal(session, strsep(&rest, "\n"));
}

static void the_environment_can_be_given(void **state)
{
	(void)state;
	char *argv[] = {(char[]){"env"}, NULL};
	char *env[] = {(char[]){"ONLY=this"}, NULL};
	const struct proc_spec spec = {.argv = argv, .env = env, .timeout_ms = 10000};
	OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);
	struct proc_end end;
	struct err err;

	MUST(proc_run(&spec, &out, &end, &err));
	assert_string_equal(buf_text(&out), "ONLY=this\n");
}

static void output_has_a_ceiling_and_the_program_still_ends(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(1000);
	struct proc_end end =
		run("head -c 3000000 /dev/zero | tr '\\0' x; exit 3", NULL, 20000, &out);

	assert_int_equal(end.status, 3);
	assert_int_equal(out.len, 1000);
	assert_true(out.full);
}

static void a_program_that_is_not_there_is_a_setting_to_mend(void **state)
{
	static const char *const names[] = {"ptp-no-such-program", "/nonexistent/program", "/etc"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		OWN_STR char *name = mem_dup(names[i]);
		char *argv[] = {name, NULL};
		const struct proc_spec spec = {.argv = argv, .timeout_ms = 1000};
		OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);
		struct proc_end end;
		struct err err = {0};
		assert_false(proc_run(&spec, &out, &end, &err));
		assert_int_equal(err.kind, ERR_TARGET);
		assert_int_equal(err.code, WORD_CONFIG);
		assert_non_null(strstr(err.msg, names[i]));
	}
}

/* ---- what takes too long ---- */

static bool is_gone(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	for (int i = 0; i < 150; i++) {
		if (kill(pid, 0) < 0)
			return true;
		/* An orphan may wait for its new parent. */
		OWN_STR char *path = mem_printf("/proc/%d/stat", (int)pid);
		OWN_BUF struct buf stat = BUF_MAX(10000);
		struct err ignored;
		if (!fs_read(path, &stat, &ignored) || strstr(buf_text(&stat), ") Z "))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* The pid that the script has written. */
static pid_t pid_in(const struct buf *out)
{
	pid_t pid = (pid_t)strtol(buf_text(out), NULL, 10);

	assert_true(pid > 1);
	return pid;
}

static void the_whole_group_ends_when_the_time_is_up(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);
	int64_t begin = clock_monotonic();
	struct proc_end end = run("sleep 60 & echo $!; wait", NULL, 300, &out);

	assert_true(end.timed_out);
	assert_int_equal(end.status, 128 + SIGTERM);
	assert_true(clock_monotonic() - begin < 5000);
	assert_true(is_gone(pid_in(&out)));
}

static void each_process_of_the_group_may_end_in_its_own_way(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);

	run("trap 'sleep 0.4; exit 0' TERM;"
	    "(trap 'echo goodbye; exit 0' TERM; while :; do sleep 0.02; done) &"
	    "while :; do sleep 0.02; done",
	    NULL, 1000, &out);
	/* The shell may report what became of the others. */
	assert_non_null(strstr(buf_text(&out), "goodbye\n"));
}

static void what_ignores_the_first_signal_is_killed(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);
	int64_t begin = clock_monotonic();
	struct proc_end end =
		run("trap '' TERM; sleep 60 & echo $!; while :; do wait; sleep 1; done", NULL, 1000,
		    &out);

	assert_true(end.timed_out);
	assert_int_equal(end.status, 128 + SIGKILL);
	assert_true(clock_monotonic() - begin >= 1500);
	assert_true(is_gone(pid_in(&out)));
}

static void nobody_of_the_group_outlives_its_leader(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);
	struct proc_end end = run("(trap '' TERM; exec sleep 60) & echo $!; wait", NULL, 300, &out);

	assert_true(end.timed_out);
	assert_int_equal(end.status, 128 + SIGTERM);
	assert_true(is_gone(pid_in(&out)));
}

static void a_grandchild_that_stays_is_not_waited_for(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);
	int64_t begin = clock_monotonic();
	struct proc_end end = run("sleep 60 & echo $!; exit 0", NULL, 30000, &out);

	assert_int_equal(end.status, 0);
	assert_false(end.timed_out);
	assert_true(clock_monotonic() - begin < 5000);
	pid_t pid = pid_in(&out);
	assert_int_equal(kill(pid, 0), 0);
	kill(pid, SIGKILL);
}

/* Processes in sessions of their own, one below the other; each writes its pid. */
#define SESSIONS                                                                                 \
	"setsid sh -c 'echo $$; setsid sh -c \"echo \\$\\$; exec sleep 60\" & exec sleep 60' & " \
	"sleep 0.5; "

static void expect_ends_with_all(const char *script, int timeout_ms, bool timed_out)
{
	OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);
	int64_t begin = clock_monotonic();
	struct proc_end end =
		run_as(script, (struct proc_spec){.timeout_ms = timeout_ms, .all = true}, &out);

	assert_int_equal(end.timed_out, timed_out);
	assert_true(clock_monotonic() - begin < 5000);
	char *rest = NULL;
	pid_t pids[2] = {(pid_t)strtol(buf_text(&out), &rest, 10), (pid_t)strtol(rest, NULL, 10)};
	for (size_t i = 0; i < COUNT(pids); i++) {
		assert_true(pids[i] > 1);
		/* Not even a zombie. */
		assert_int_equal(kill(pids[i], 0), -1);
	}
}

static void everything_below_it_ends_with_it_if_wanted(void **state)
{
	(void)state;
	expect_ends_with_all(SESSIONS "exit 0", 30000, false);
	expect_ends_with_all(SESSIONS "sleep 60", 1000, true);
}

static void children_of_before_are_left_alone(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);
	int status;
	pid_t before = fork();

	if (before == 0) {
		pause();
		_exit(0);
	}
	run_as("sleep 60 & exit 0", (struct proc_spec){.timeout_ms = 9000, .all = true}, &out);
	assert_int_equal(waitpid(before, &status, WNOHANG), 0);
	kill(before, SIGKILL);
	assert_int_equal(waitpid(before, &status, 0), before);
}

static void no_descriptors_are_left_open(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(OUTPUT_MAX);
	int before = dup(0);

	close(before);
	run("true", NULL, 10000, &out);
	run("sleep 60", NULL, 50, &out);
	int after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_outputs_come_in_their_order),
		cmocka_unit_test(the_status_is_the_programs_or_its_signals),
		TEST_IN_FOLDER(it_runs_in_its_folder_without_input_and_in_its_own_session),
		cmocka_unit_test(the_environment_can_be_given),
		cmocka_unit_test(output_has_a_ceiling_and_the_program_still_ends),
		cmocka_unit_test(a_program_that_is_not_there_is_a_setting_to_mend),
		cmocka_unit_test(the_whole_group_ends_when_the_time_is_up),
		cmocka_unit_test(each_process_of_the_group_may_end_in_its_own_way),
		cmocka_unit_test(what_ignores_the_first_signal_is_killed),
		cmocka_unit_test(nobody_of_the_group_outlives_its_leader),
		cmocka_unit_test(a_grandchild_that_stays_is_not_waited_for),
		cmocka_unit_test(everything_below_it_ends_with_it_if_wanted),
		cmocka_unit_test(children_of_before_are_left_alone),
		cmocka_unit_test(no_descriptors_are_left_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
