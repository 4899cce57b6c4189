/* XML-RPC: what is written, what is read, and what is let in. */
#include "unit.h"

#include "base/mem.h"
#include "base/xmlrpc.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<methodResponse>\r\n"
#define ANSWER(value) \
	HEAD "<params>\r\n<param>" value "</param>\r\n</params>\r\n</methodResponse>\r\n"
#define MANY 1000

static bool reads(const char *text, size_t max_values, struct xmlrpc *x, struct err *err)
{
	OWN_STR char *copy = mem_dup(text);

	return xmlrpc_read(copy, strlen(copy), max_values, x, err);
}

static void expect_text(const char *answer, const char *text)
{
	OWN_XMLRPC struct xmlrpc x = {0};
	struct err err;

	MUST(reads(answer, MANY, &x, &err));
	assert_string_equal(xmlrpc_text(&x, x.values), text);
}

static void expect_refusal(const char *answer, const char *why)
{
	OWN_XMLRPC struct xmlrpc x = {0};
	struct err err = {0};

	assert_false(reads(answer, MANY, &x, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	assert_int_equal(err.code, WORD_PROTOCOL);
	assert_non_null(strstr(err.msg, why));
	assert_null(x.values);
}

static void what_is_written_is_escaped(void **state)
{
	OWN_BUF struct buf b = BUF_MAX(10000);

	(void)state;
	xmlrpc_begin(&b, "m");
	xmlrpc_add_text(&b, "</string>&<$x \"q\" \xC3\xA9\n\r");
	xmlrpc_add_number(&b, -5);
	xmlrpc_add_base64(&b, "\0\xFFx", 3);
	xmlrpc_end(&b);
	assert_string_equal(
		buf_text(&b),
		"<?xml version=\"1.0\"?><methodCall><methodName>m</methodName><params>"
		"<param><value><string>&lt;/string&gt;&amp;&lt;$x \"q\" \xC3\xA9\n&#13;"
		"</string></value></param>"
		"<param><value><i4>-5</i4></value></param>"
		"<param><value><base64>AP94</base64></value></param></params></methodCall>");
}

static void what_xml_cannot_hold_is_written_as_base64(void **state)
{
	static const char *const texts[] = {"\x01", "\xFF", "\xEF\xBF\xBF", "\xF0\x9F\x98\x80",
					    "\xED\xA0\x80"};
	static const char *const coded[] = {"AQ==", "/w==", "77+/", "8J+YgA==", "7aCA"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		OWN_BUF struct buf b = BUF_MAX(1000);
		OWN_STR char *value = mem_printf("<value><base64>%s</base64></value>", coded[i]);
		xmlrpc_add_text(&b, texts[i]);
		assert_non_null(strstr(buf_text(&b), value));
	}
}

static void many_calls_make_one(void **state)
{
	const struct xmlrpc_step steps[] = {{"a.set", {"h", "<"}}, {"b", {NULL}}};
	OWN_BUF struct buf b = BUF_MAX(10000);

	(void)state;
	xmlrpc_multicall(&b, steps, 2);
	assert_string_equal(
		buf_text(&b),
		"<?xml version=\"1.0\"?><methodCall><methodName>system.multicall</methodName>"
		"<params><param><value><array><data>"
		"<value><struct><member><name>methodName</name><value><string>a.set</string>"
		"</value></member><member><name>params</name><value><array><data>"
		"<value><string>h</string></value><value><string>&lt;</string></value>"
		"</data></array></value></member></struct></value>"
		"<value><struct><member><name>methodName</name><value><string>b</string></value>"
		"</member><member><name>params</name><value><array><data></data></array></value>"
		"</member></struct></value>"
		"</data></array></value></param></params></methodCall>");
}

static void texts_are_read(void **state)
{
	(void)state;
	expect_text(ANSWER("<value><string>0.9.8</string></value>"), "0.9.8");
	expect_text(ANSWER("<value>bare &amp; &#233;</value>"), "bare & \xC3\xA9");
	expect_text(ANSWER("<value><string/></value>"), "");
	expect_text(ANSWER("<value/>"), "");
	expect_text(ANSWER("<value>\r\n<string>a\nb</string>\r\n</value>"), "a\nb");
	expect_text(ANSWER("<value><double>1.5</double></value>"), "1.5");
	expect_text(ANSWER("<value><![CDATA[<b>&amp;]]></value>"), "<b>&amp;");
}

static void characters_that_no_xml_may_hold_are_replaced(void **state)
{
	(void)state;
	expect_text(ANSWER("<value>a\x01\x1B"
			   "b\xFF\xED\xA0\x80</value>"),
		    "a??b????");
	expect_text(ANSWER("<value>&#1;&#x1b;&#0;&#xFFFF;&#10;&#x41;</value>"), "????\nA");
	expect_text(ANSWER("<value>\xEF\xBF\xBE\xF0\x9F\x98\x80</value>"), "?\xF0\x9F\x98\x80");
	expect_refusal(ANSWER("<value>&#xZZ;</value>"), "not complete XML");
	expect_refusal(ANSWER("<value>&nope;</value>"), "not complete XML");
}

static void expect_number(const char *answer, int64_t number)
{
	OWN_XMLRPC struct xmlrpc x = {0};
	struct err err;

	MUST(reads(answer, MANY, &x, &err));
	assert_int_equal(xmlrpc_number(x.values, -7), number);
}

static void numbers_are_read_and_odd_ones_are_zero(void **state)
{
	(void)state;
	expect_number(ANSWER("<value><i4>-12</i4></value>"), -12);
	expect_number(ANSWER("<value><int>3</int></value>"), 3);
	expect_number(ANSWER("<value><boolean>1</boolean></value>"), 1);
	expect_number(ANSWER("<value><i8>9223372036854775807</i8></value>"), INT64_MAX);
	expect_number(ANSWER("<value><i8>9223372036854775808</i8></value>"), 0);
	expect_number(ANSWER("<value><i8>1.5</i8></value>"), 0);
	expect_number(ANSWER("<value><i8></i8></value>"), 0);
	expect_number(ANSWER("<value>12</value>"), -7);
}

static void arrays_and_structs_are_walked(void **state)
{
	OWN_XMLRPC struct xmlrpc x = {0};
	struct err err;

	(void)state;
	MUST(reads(
		ANSWER("<value><array>\r\n<data>\r\n"
		       "<value><array><data><value>a</value><value><i4>1</i4></value>"
		       "</data></array></value>\r\n"
		       "<value><array><data></data></array></value>"
		       "<value><struct><member><name>k</name><value><array><data><value>v</value>"
		       "</data></array></value></member><member><name>l</name><value>w</value>"
		       "</member></struct></value>"
		       "</data></array></value>"),
		MANY, &x, &err));
	assert_int_equal(x.values->type, XMLRPC_ARRAY);
	assert_int_equal(x.values->n, 3);
	const struct xmlrpc_value *row = xmlrpc_first(x.values), *item = xmlrpc_first(row);
	assert_int_equal(row->n, 2);
	assert_string_equal(xmlrpc_text(&x, item), "a");
	assert_int_equal(xmlrpc_number(xmlrpc_next(item), 0), 1);
	row = xmlrpc_next(row);
	assert_int_equal(row->n, 0);
	assert_null(xmlrpc_first(row));
	row = xmlrpc_next(row);
	assert_string_equal(xmlrpc_text(&x, xmlrpc_first(xmlrpc_member(&x, row, "k"))), "v");
	assert_string_equal(xmlrpc_text(&x, xmlrpc_member(&x, row, "l")), "w");
	assert_null(xmlrpc_member(&x, row, "m"));
	assert_null(xmlrpc_member(&x, x.values, "k"));
}

static void a_fault_is_known(void **state)
{
	OWN_XMLRPC struct xmlrpc x = {0};
	struct err err;

	(void)state;
	MUST(reads(HEAD "<fault><value><struct>\r\n<member><name>faultCode</name>\r\n"
			"<value><i4>-506</i4></value></member></struct></value></fault>"
			"</methodResponse>",
		   MANY, &x, &err));
	assert_true(x.fault);
	assert_int_equal(xmlrpc_number(xmlrpc_member(&x, x.values, "faultCode"), 0), -506);
}

static void no_document_type_is_let_in(void **state)
{
	(void)state;
	expect_refusal("<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\">"
		       "<!ENTITY lol1 \"&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;\">"
		       "<!ENTITY lol2 \"&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;\">]>"
		       "<methodResponse><params><param><value>&lol2;</value></param></params>"
		       "</methodResponse>",
		       "document type");
	expect_refusal("<!DOCTYPE methodResponse SYSTEM \"file:///etc/passwd\">"
		       "<methodResponse/>",
		       "document type");
}

static void depth_has_a_limit(void **state)
{
	OWN_BUF struct buf b = BUF_MAX(100000);

	(void)state;
	buf_puts(&b, HEAD "<params><param>");
	for (int i = 0; i < 1000; i++)
		buf_puts(&b, "<value><array><data>");
	expect_refusal(buf_text(&b), "too deeply");
}

static void values_have_a_limit(void **state)
{
	const char *answer = ANSWER("<value><array><data><value>1</value><value>2</value>"
				    "</data></array></value>");
	OWN_XMLRPC struct xmlrpc x = {0};
	struct err err = {0};

	(void)state;
	assert_false(reads(answer, 2, &x, &err));
	assert_non_null(strstr(err.msg, "too many"));
	MUST(reads(answer, 3, &x, &err));
}

static void other_xml_is_refused(void **state)
{
	static const char *const others[] = {
		"<html><body>404</body></html>",
		HEAD "</methodResponse>",
		HEAD "<params></params></methodResponse>",
		HEAD "<params><param></param></params></methodResponse>",
		ANSWER("<value>1</value><value>2</value>"),
		ANSWER("<value><string>a</string><string>b</string></value>"),
		ANSWER("<value><i4><i4>1</i4></i4></value>"),
		ANSWER("<value><struct><member><value>1</value></member></struct></value>"),
		ANSWER("<value><struct><member><name>a</name></member></struct></value>"),
		ANSWER("<value><struct><member><name>a</name><name>b</name></member></struct>"
		       "</value>"),
		ANSWER("<value><data/></value>"),
		ANSWER("<value><script/></value>"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		expect_refusal(others[i], "not an XML-RPC answer");
	expect_refusal("", "not complete XML");
	expect_refusal(HEAD "<params><param><value>cut o", "not complete XML");
	expect_refusal(ANSWER("<value>1</value>") "<more/>", "not complete XML");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_escaped),
		cmocka_unit_test(what_xml_cannot_hold_is_written_as_base64),
		cmocka_unit_test(many_calls_make_one),
		cmocka_unit_test(texts_are_read),
		cmocka_unit_test(characters_that_no_xml_may_hold_are_replaced),
		cmocka_unit_test(numbers_are_read_and_odd_ones_are_zero),
		cmocka_unit_test(arrays_and_structs_are_walked),
		cmocka_unit_test(a_fault_is_known),
		cmocka_unit_test(no_document_type_is_let_in),
		cmocka_unit_test(depth_has_a_limit),
		cmocka_unit_test(values_have_a_limit),
		cmocka_unit_test(other_xml_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
