#include "cmd/command.h"
#include "base/http.h"
#include "ports/engine_native.h"
#include "ports/ledger.h"
#include "base/own.h"
#include "system/sandbox.h"

#include <openssl/crypto.h>
#include <stdio.h>

int cmd_version(const struct invocation *in, struct err *err)
{
	(void)in, (void)err;
	printf("ptp-archiver " PTP_ARCHIVER_VERSION "\n");
	printf("speaks the protocol of archiver.py " ENGINE_NATIVE_SPEAKS "\n");
	printf("%s\n", http_library());
	printf("jansson %s\n", jansson_version_str());
	printf("SQLite %s\n", ledger_library());
	printf("%s\n", OpenSSL_version(OPENSSL_VERSION));
	OWN_STR char *sandbox = sandbox_offered();
	printf("sandbox: %s\n", sandbox ? sandbox : "this kernel has none");
	return STATUS_DONE;
}
