/* Runs a fuzz target on files and folders (not their subfolders), without a fuzzer. */
#include "fuzz.h"

#include "base/fs.h"

#include <string.h>

#define MAX_BYTES (64u << 20)

static unsigned replayed;

/* The target gets a copy of exactly its size, so that a sanitizer sees a read behind it. */
static bool replay_file(const char *path)
{
	OWN_BUF struct buf bytes = BUF_MAX(MAX_BYTES);
	struct err err;

	if (!fs_read(path, &bytes, &err)) {
		fprintf(stderr, "%s\n", err.msg);
		return false;
	}
	OWN_STR uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
	CHECK(copy);
	memcpy(copy, buf_text(&bytes), bytes.len);
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(copy, bytes.len);
	replayed++;
	return true;
}

static bool replay_folder(const char *path)
{
	OWN_DIR DIR *dir = opendir(path);
	struct dirent *entry;
	bool ok = dir != NULL;

	while (ok && (entry = readdir(dir))) {
		OWN_STR char *one = fs_join(path, entry->d_name);
		if (!fs_is_folder(one))
			ok = replay_file(one);
	}
	return ok;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!(fs_is_folder(argv[i]) ? replay_folder(argv[i]) : replay_file(argv[i])))
			return 1;
	printf("%u inputs\n", replayed);
	return replayed ? 0 : 1;
}
