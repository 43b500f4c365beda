// SPDX-License-Identifier: GPL-2.0-or-later
#include "stub-builder.h"
#include "wire/wmio.h"
#include "wmio-property.h"

#define TEXT(s) ((const char *const[]){s})
#define NUMBER(v) ((const uint64_t[]){v})

static bool unit_good(const uint8_t *data, size_t len)
{
    WmioObject *o;
    const char *why = NULL;
    Bytes b = bytes_init(data, len, false);
    bool good = wmio_object_read(&b, &o, &why);
    g_assert_true(good == !why);
    g_assert_true(good == !!o);
    g_assert_true(good == !b.failed);
    for (guint i = 0; o && i < o->properties->len; i++) {
        const WmioProperty *p = g_ptr_array_index(o->properties, i);
        g_assert_true(g_utf8_validate(p->name, -1, NULL));
        if (p->text) {
            g_assert_true(g_utf8_validate(p->text, -1, NULL));
            g_assert_cmpuint(strlen(p->text), <=, WMIO_MAX_TEXT);
        }
    }
    wmio_object_free(o);
    return good;
}

static WmioObject *unit_read(const GByteArray *unit)
{
    WmioObject *o;
    const char *why;
    Bytes b = bytes_init(unit->data, unit->len, false);
    if (!wmio_object_read(&b, &o, &why))
        g_error("%s", why);
    return o;
}

/** Reads an ObjectBlock, which is freed. */
static WmioObject *block_read(GByteArray *block)
{
    g_autoptr(GByteArray) unit = sb_wmio_unit(block);
    g_byte_array_unref(block);
    return unit_read(unit);
}

static const char *why_not(const GByteArray *unit)
{
    WmioObject *o;
    const char *why = NULL;
    Bytes b = bytes_init(unit->data, unit->len, false);
    g_assert_false(wmio_object_read(&b, &o, &why));
    g_assert_null(o);
    return why;
}

static const WmioProperty *property(const WmioObject *o, const char *name)
{
    const WmioProperty *p = wmio_property(o, name);
    g_assert_nonnull(p);
    return p;
}

static const char *text(const WmioObject *o, const char *name)
{
    return property(o, name)->text;
}

/** The instance of __PARAMETERS that impacket 0.10 makes for Win32_Process.Create, byte by byte. */
static const uint8_t impacket_unit[] =
    "\x78\x56\x34\x12\xe9\x00\x00\x00" // signature, length
    "\x02"                             // instance
    "\xb1\x00\x00\x00\x00"             // class part
    "\x00\x00\x00\x00"                 // name
    "\x09\x00\x00\x00"                 // tables
    "\x04\x00\x00\x00\x04\x00\x00\x00" // no superclasses, no qualifiers
    "\x02\x00\x00\x00\x0e\x00\x00\x00\x1b\x00\x00\x00\x42\x00\x00\x00\x54\x00\x00\x00"
    "\x05\xff\xff\xff\xff\xff\xff\xff\xff"
    "\x7b\x00\x00\x80" // class heap
    "\0__PARAMETERS\0"
    "\0CommandLine\0"
    "\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x11\x00\x00\x00\x0a\x00\x00\x80\x03\x08\x00\x00\x00\x3a\x00\x00\x00"
    "\0string\0"
    "\0CurrentDirectory\0"
    "\x08\x00\x00\x00\x01\x00\x04\x00\x00\x00\x00\x00\x00\x00"
    "\x11\x00\x00\x00\x0a\x00\x00\x80\x03\x08\x00\x00\x00\x73\x00\x00\x00"
    "\0string\0"
    "\x37\x00\x00\x00\x00\x00\x00\x00\x00" // instance part
    "\x00\x0e\x00\x00\x00\x17\x00\x00\x00" // tables
    "\x04\x00\x00\x00\x01"
    "\x1c\x00\x00\x80" // instance heap
    "\0__PARAMETERS\0"
    "\0cmd.exe\0"
    "\0C:\\";

static void test_impacket(void)
{
    g_autoptr(GByteArray) unit = g_byte_array_new();
    g_byte_array_append(unit, impacket_unit, sizeof impacket_unit);
    g_autoptr(WmioObject) o = unit_read(unit);

    g_assert_false(o->is_class);
    g_assert_false(o->truncated);
    g_assert_null(o->server);
    g_assert_null(o->namespace_path);
    g_assert_cmpstr(o->class_name, ==, "__PARAMETERS");
    g_assert_cmpuint(o->derivation->len, ==, 0);
    g_assert_cmpuint(o->properties->len, ==, 2);
    g_assert_cmpuint(o->methods->len, ==, 0);
    const WmioProperty *p = property(o, "commandline");
    g_assert_cmpstr(p->name, ==, "CommandLine");
    g_assert_cmpstr(p->text, ==, "cmd.exe");
    g_assert_cmpint(p->type, ==, CIM_STRING);
    g_assert_cmpint(p->state, ==, WMIO_VALUE_SET);
    g_assert_false(p->array || p->inherited || p->truncated);
    g_assert_null(p->objects);
    g_assert_cmpstr(text(o, "CurrentDirectory"), ==, "C:\\");
    g_assert_null(wmio_property(o, "ProcessStartupInformation"));
    sb_check_truncations(unit, unit_good);
    sb_check_mutations(unit, 20000, unit_good);
}

/** One property that exists in the class without a default. */
static WmioObject *one_value(SbProperty p)
{
    SbProperty declared = {.name = p.name = "Value", .type = p.type, .nd = 1};
    SbClass c = {.name = "Thing", .properties = &declared, .n = 1};
    return block_read(sb_wmio_instance(&c, &p, NULL, NULL));
}

static void check_value(SbProperty p, const char *expected)
{
    g_autoptr(WmioObject) o = one_value(p);
    g_assert_cmpstr(text(o, "Value"), ==, expected);
    g_assert_cmpint(property(o, "Value")->state, ==, expected ? WMIO_VALUE_SET : WMIO_VALUE_NULL);
    g_assert_false(o->truncated);
    g_assert_true(property(o, "Value")->array == !!(p.type & 0x2000));
}

static uint64_t real64_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t real32_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void test_numbers(void)
{
    check_value((SbProperty){.type = CIM_SINT8, .numbers = NUMBER(0xff)}, "-1");
    check_value((SbProperty){.type = CIM_UINT8, .numbers = NUMBER(0xff)}, "255");
    check_value((SbProperty){.type = CIM_SINT16, .numbers = NUMBER(0x8000)}, "-32768");
    check_value((SbProperty){.type = CIM_UINT16, .numbers = NUMBER(0x8000)}, "32768");
    check_value((SbProperty){.type = CIM_SINT32, .numbers = NUMBER(0x80000000)}, "-2147483648");
    check_value((SbProperty){.type = CIM_UINT32, .numbers = NUMBER(0xffffffff)}, "4294967295");
    check_value((SbProperty){.type = CIM_SINT64, .numbers = NUMBER(UINT64_MAX)}, "-1");
    check_value((SbProperty){.type = CIM_UINT64, .numbers = NUMBER(UINT64_MAX)}, "18446744073709551615");
    check_value((SbProperty){.type = CIM_CHAR16, .numbers = NUMBER(0x41)}, "65");
    check_value((SbProperty){.type = CIM_BOOLEAN, .numbers = NUMBER(0)}, "False");
    check_value((SbProperty){.type = CIM_BOOLEAN, .numbers = NUMBER(0xffff)}, "True");
    check_value((SbProperty){.type = CIM_BOOLEAN, .numbers = NUMBER(1)}, "True (0x0001)");
    check_value((SbProperty){.type = CIM_REAL32, .numbers = NUMBER(real32_bits(-1.5F))}, "-1.5");
    check_value((SbProperty){.type = CIM_REAL64, .numbers = NUMBER(real64_bits(0.1))}, "0.10000000000000001");
}

static void test_texts(void)
{
    const char *command = "cmd /c \"C:\\Program Files\\Ünïcode Tøöl\\x y.exe\" 'a' \"\\\\srv\\c$\" & привет 你好 😀";
    check_value((SbProperty){.type = CIM_STRING, .texts = TEXT("")}, "");
    check_value((SbProperty){.type = CIM_STRING, .texts = TEXT("caf\u00e9 \u00ff")}, "caf\u00e9 \u00ff");
    check_value((SbProperty){.type = CIM_STRING, .texts = TEXT(command)}, command);
    check_value((SbProperty){.type = CIM_STRING, .texts = TEXT("a\tb\r\n\x1b[0m")}, "a\tb\r\n\x1b[0m");
    check_value((SbProperty){.type = CIM_DATETIME, .texts = TEXT("20240101120000.000000+000")},
                "20240101120000.000000+000");
    check_value((SbProperty){.type = CIM_REFERENCE, .texts = TEXT("__EventFilter.Name=\"F\"")},
                "__EventFilter.Name=\"F\"");
    // From the dictionary, and a null reference where the NdTable promised a value.
    check_value((SbProperty){.type = CIM_STRING, .numbers = NUMBER(0x80000008)}, "cimwin32");
    check_value((SbProperty){.type = CIM_STRING, .numbers = NUMBER(0x80000002)}, "");
    check_value((SbProperty){.type = CIM_STRING, .numbers = NUMBER(0xffffffff)}, NULL);
    check_value((SbProperty){.type = CIM_OBJECT, .numbers = NUMBER(0xffffffff)}, NULL);
    check_value((SbProperty){.type = CIM_STRING, .nd = 1}, NULL);
    check_value((SbProperty){.type = CIM_STRING, .nd = 3}, NULL);
}

static void test_arrays(void)
{
    const uint64_t sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
    const uint64_t flags[] = {0, 0xffff};
    const char *const texts[] = {"plain", "a \"b\" \\c", "привет", NULL};
    check_value((SbProperty){.type = CIM_UINT8 | 0x2000, .n = 12, .numbers = sid},
                "{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}");
    check_value((SbProperty){.type = CIM_UINT8 | 0x2000}, "{}");
    check_value((SbProperty){.type = CIM_SINT64 | 0x2000, .n = 1, .numbers = NUMBER(UINT64_MAX)}, "{-1}");
    check_value((SbProperty){.type = CIM_BOOLEAN | 0x2000, .n = 2, .numbers = flags}, "{False, True}");
    check_value((SbProperty){.type = CIM_STRING | 0x2000, .n = 4, .texts = texts},
                "{\"plain\", \"a \\\"b\\\" \\\\c\", \"привет\", NULL}");
}

static void test_default(void)
{
    const SbProperty declared[] = {
        {.name = "Given", .type = CIM_STRING, .texts = TEXT("from the class")},
        {.name = "Nothing", .type = CIM_STRING, .nd = 1},
        {.name = "Number", .type = CIM_UINT32 | 0x4000, .numbers = NUMBER(7)},
        {.name = "Own", .type = CIM_STRING, .texts = TEXT("unused")},
        {.name = "List", .type = CIM_UINT16 | 0x2000, .n = 1, .numbers = NUMBER(9)},
    };
    SbProperty values[G_N_ELEMENTS(declared)];
    memcpy(values, declared, sizeof declared);
    values[0].nd = values[1].nd = values[2].nd = values[4].nd = 2;
    values[3].texts = TEXT("own");
    const char *const derivation[] = {"Parent", "Größter", NULL};
    SbClass c = {.name = "Thing", .derivation = derivation, .properties = declared, .n = 5, .slack = 500};
    g_autoptr(WmioObject) o = block_read(sb_wmio_instance(&c, values, "HOST", "ROOT\\cimv2"));

    g_assert_cmpstr(o->server, ==, "HOST");
    g_assert_cmpstr(o->namespace_path, ==, "ROOT\\cimv2");
    g_assert_cmpuint(o->derivation->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(o->derivation, 0), ==, "Parent");
    g_assert_cmpstr(g_ptr_array_index(o->derivation, 1), ==, "Größter");
    g_assert_cmpstr(text(o, "Given"), ==, "from the class");
    g_assert_cmpint(property(o, "Given")->state, ==, WMIO_VALUE_DEFAULT);
    g_assert_cmpstr(text(o, "Number"), ==, "7");
    g_assert_true(property(o, "Number")->inherited);
    g_assert_cmpstr(text(o, "Own"), ==, "own");
    g_assert_cmpint(property(o, "Own")->state, ==, WMIO_VALUE_SET);
    g_assert_cmpstr(text(o, "List"), ==, "{9}");
    g_assert_null(text(o, "Nothing"));
}

static void test_class(void)
{
    const SbProperty inherited[] = {
        {.name = "Name", .type = CIM_STRING, .texts = TEXT("parent's default")},
        {.name = "Count", .type = CIM_UINT32, .nd = 1},
    };
    const SbProperty own[] = {
        {.name = "Name", .type = CIM_STRING | 0x4000, .nd = 2},
        {.name = "Count", .type = CIM_UINT32 | 0x4000, .nd = 3},
        {.name = "Payload", .type = CIM_STRING, .texts = TEXT("TVqQAAMAAAAEAAAA//8AALgAAAA")},
        {.name = "Lost", .type = CIM_STRING | 0x4000, .nd = 2},
    };
    const char *const derivation[] = {"Base", NULL};
    const char *const methods[] = {"Create", "Terminate", NULL};
    SbClass parent = {.name = "Base", .properties = inherited, .n = 2, .slack = 3};
    SbClass c = {.name = "Sub", .derivation = derivation, .properties = own, .n = 4, .methods = methods, .slack = 3};
    g_autoptr(GByteArray) block = sb_wmio_class(&parent, &c);
    g_autoptr(GByteArray) unit = sb_wmio_unit(block);
    g_autoptr(WmioObject) o = unit_read(unit);

    g_assert_true(o->is_class);
    g_assert_cmpstr(o->class_name, ==, "Sub");
    g_assert_cmpstr(g_ptr_array_index(o->derivation, 0), ==, "Base");
    g_assert_cmpuint(o->methods->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(o->methods, 1), ==, "Terminate");
    g_assert_cmpstr(text(o, "Name"), ==, "parent's default");
    g_assert_cmpint(property(o, "Name")->state, ==, WMIO_VALUE_DEFAULT);
    g_assert_cmpint(property(o, "Count")->state, ==, WMIO_VALUE_NULL);
    g_assert_cmpstr(text(o, "Payload"), ==, "TVqQAAMAAAAEAAAA//8AALgAAAA");
    g_assert_cmpint(property(o, "Lost")->state, ==, WMIO_VALUE_DEFAULT);
    g_assert_null(text(o, "Lost"));
    sb_check_truncations(unit, unit_good);
    sb_check_mutations(unit, 20000, unit_good);
}

static void test_root_class(void)
{
    SbClass nothing = {0};
    SbClass c = {.name = "Lonely"};
    g_autoptr(WmioObject) o = block_read(sb_wmio_class(&nothing, &c));
    g_assert_cmpstr(o->class_name, ==, "Lonely");
    g_assert_cmpuint(o->properties->len, ==, 0);
    g_assert_cmpuint(o->derivation->len, ==, 0);
}

/** An instance that holds another in property Value. Takes `inner`. */
static GByteArray *wrap(GByteArray *inner)
{
    SbProperty declared = {.name = "Value", .type = CIM_OBJECT, .nd = 1};
    SbProperty value = {.name = "Value", .type = CIM_OBJECT, .objects = (GByteArray *const[]){inner}};
    SbClass c = {.name = "Box", .properties = &declared, .n = 1};
    GByteArray *box = sb_wmio_instance(&c, &value, NULL, NULL);
    g_byte_array_unref(inner);
    return box;
}

static GByteArray *startup_block(void)
{
    const SbProperty values[] = {
        {.name = "ShowWindow", .type = CIM_UINT16, .numbers = NUMBER(0)},
        {.name = "Title", .type = CIM_STRING, .texts = TEXT("a \"b\"")},
        {.name = "X", .type = CIM_UINT32, .nd = 1},
    };
    SbClass c = {.name = "Win32_ProcessStartup", .properties = values, .n = 3};
    return sb_wmio_instance(&c, values, NULL, NULL);
}

static void test_embedded(void)
{
    g_autoptr(WmioObject) o = block_read(wrap(startup_block()));
    g_assert_cmpstr(text(o, "Value"), ==, "Win32_ProcessStartup {ShowWindow = 0, Title = \"a \\\"b\\\"\"}");
    g_assert_cmpuint(property(o, "Value")->objects->len, ==, 1);
    const WmioObject *inner = g_ptr_array_index(property(o, "Value")->objects, 0);
    g_assert_cmpstr(inner->class_name, ==, "Win32_ProcessStartup");
    g_assert_cmpstr(text(inner, "Title"), ==, "a \"b\"");

    g_autoptr(GByteArray) one = startup_block();
    GByteArray *const objects[] = {one, NULL, one};
    SbProperty p = {.type = CIM_OBJECT | 0x2000, .n = 3, .objects = objects};
    g_autoptr(WmioObject) list = one_value(p);
    g_assert_cmpuint(property(list, "Value")->objects->len, ==, 2);
    g_assert_true(g_str_has_prefix(text(list, "Value"), "{Win32_ProcessStartup {ShowWindow = 0, "));
    g_assert_nonnull(strstr(text(list, "Value"), "}, NULL, Win32_ProcessStartup {"));
}

static void test_depth(void)
{
    GByteArray *block = startup_block();
    for (int i = 0; i < WMIO_MAX_DEPTH; i++)
        block = wrap(block);
    g_autoptr(GByteArray) deeper = wrap(g_byte_array_ref(block));
    g_autoptr(WmioObject) allowed = block_read(block);
    g_assert_false(allowed->truncated);
    g_assert_nonnull(strstr(text(allowed, "Value"), "Win32_ProcessStartup"));

    g_autoptr(WmioObject) cut = block_read(g_byte_array_ref(deeper));
    g_assert_true(cut->truncated);
    g_assert_null(strstr(text(cut, "Value"), "Win32_ProcessStartup"));
}

static void test_long_text(void)
{
    g_autofree char *full = g_strnfill(WMIO_MAX_TEXT, 'x');
    check_value((SbProperty){.type = CIM_STRING, .texts = TEXT(full)}, full);

    // One character more, of one byte and of several.
    static const char *const tails[] = {"y", "é", "я", "😀"};
    for (size_t i = 0; i < G_N_ELEMENTS(tails); i++) {
        for (size_t len = WMIO_MAX_TEXT - 3; len <= WMIO_MAX_TEXT; len++) {
            g_autofree char *prefix = g_strnfill(len, 'x');
            g_autofree char *long_text = g_strconcat(prefix, tails[i], "z", NULL);
            bool fits = strlen(long_text) <= WMIO_MAX_TEXT;
            g_autoptr(WmioObject) o = one_value((SbProperty){.type = CIM_STRING, .texts = TEXT(long_text)});
            const WmioProperty *p = property(o, "Value");
            g_assert_true(p->truncated == !fits);
            g_assert_true(o->truncated == !fits);
            g_assert_true(g_utf8_validate(p->text, -1, NULL));
            g_assert_cmpuint(strlen(p->text), <=, WMIO_MAX_TEXT);
            g_assert_cmpuint(strlen(p->text), >=, fits ? strlen(long_text) : len);
            g_assert_true(g_str_has_prefix(long_text, p->text));
        }
    }

    uint64_t *many = g_new0(uint64_t, 100000);
    g_autoptr(WmioObject) list = one_value((SbProperty){.type = CIM_UINT8 | 0x2000, .n = 100000, .numbers = many});
    g_assert_true(property(list, "Value")->truncated);
    g_assert_cmpuint(strlen(text(list, "Value")), <=, WMIO_MAX_TEXT);
    g_free(many);
}

/** More properties than a class may have. */
static void test_many_properties(void)
{
    enum { N = 20000 };
    const uint64_t one = 1;
    SbProperty *properties = g_new0(SbProperty, N);
    for (size_t i = 0; i < N; i++)
        properties[i] = (SbProperty){.name = "P", .type = CIM_UINT8, .numbers = &one};
    SbClass c = {.name = "Wide", .properties = properties, .n = N};
    g_autoptr(WmioObject) o = block_read(sb_wmio_instance(&c, properties, NULL, NULL));
    g_assert_true(o->truncated);
    g_assert_cmpuint(o->properties->len, ==, WMIO_MAX_PROPERTIES);
    g_free(properties);
}

/** Many references to the same large string, and many to the object that holds them, must stay cheap. */
static void test_shared_text(void)
{
    const uint64_t at = 6; // behind the name of the class in the heap
    g_autofree char *big = g_strnfill(WMIO_MAX_TEXT, 'x');
    SbProperty values[64] = {{.name = "Text", .type = CIM_STRING, .texts = TEXT(big)}};
    for (size_t i = 1; i < G_N_ELEMENTS(values); i++)
        values[i] = (SbProperty){.name = "Text", .type = CIM_STRING, .numbers = &at};
    SbClass c = {.name = "Loop", .properties = values, .n = G_N_ELEMENTS(values)};
    g_autoptr(GByteArray) block = sb_wmio_instance(&c, values, NULL, NULL);
    g_autoptr(WmioObject) o = block_read(g_byte_array_ref(block));
    g_assert_true(o->truncated);
    g_assert_cmpuint(o->properties->len, >, 2);
    size_t total = 0;
    for (guint i = 0; i < o->properties->len; i++) {
        const WmioProperty *p = g_ptr_array_index(o->properties, i);
        total += p->text ? strlen(p->text) : 0;
    }
    g_assert_cmpuint(total, <=, WMIO_MAX_WORK);

    GByteArray *objects[40];
    for (size_t i = 0; i < G_N_ELEMENTS(objects); i++)
        objects[i] = block;
    g_autoptr(WmioObject) list = one_value((SbProperty){.type = CIM_OBJECT | 0x2000, .n = 40, .objects = objects});
    g_assert_true(list->truncated);
    g_assert_cmpuint(property(list, "Value")->objects->len, <, 40);
}

/** Changes one byte of a fresh EncodingUnit with one property and tells why that is not read. */
static const char *broken_at(size_t at, uint8_t value)
{
    g_autoptr(GByteArray) unit = g_byte_array_new();
    g_byte_array_append(unit, impacket_unit, sizeof impacket_unit);
    unit->data[at] = value;
    return why_not(unit);
}

static void test_malformed(void)
{
    g_assert_cmpstr(broken_at(0x00, 0x79), ==, "no WMIO signature");
    g_assert_cmpstr(broken_at(0x04, 0xea), ==, "object longer than its container");
    g_assert_cmpstr(broken_at(0x08, 0x03), ==, "neither class nor instance");
    g_assert_cmpstr(broken_at(0x08, 0x00), ==, "neither class nor instance");
    g_assert_cmpstr(broken_at(0x0a, 0xff), ==, "part longer than its container");
    g_assert_cmpstr(broken_at(0x0e, 0xff), ==, "string outside its container"); // name of the class
    g_assert_cmpstr(broken_at(0x12, 0x00), ==, "value table too short");        // tables of 0 bytes
    g_assert_cmpstr(broken_at(0x16, 0x03), ==, "part without its length");      // derivation
    g_assert_cmpstr(broken_at(0x21, 0xff), ==, "more properties than bytes");   // count
    g_assert_cmpstr(broken_at(0x26, 0x77), ==, "property outside the heap");    // info of the first
    g_assert_cmpstr(broken_at(0x3e, 0x00), ==, "no heap where one should be");  // mark of the class heap
    g_assert_cmpstr(broken_at(0x5a, 0x09), ==, "property of unknown type");     // type 9
    g_assert_cmpstr(broken_at(0x5d, 0x01), ==, "property of unknown type");     // high bits
    g_assert_cmpstr(broken_at(0x5e, 0x02), ==, "property order beyond the number of properties");
    g_assert_cmpstr(broken_at(0x60, 0x05), ==, "value outside its table");
    g_assert_cmpstr(broken_at(0xc4, 0x1c), ==, "string outside its container"); // value behind the heap
    g_assert_cmpstr(broken_at(0xc7, 0x80), ==, "reference to an unknown string of the dictionary");
    g_assert_cmpstr(broken_at(0xd0, 0x03), ==, "instance without its mark of property qualifiers");
    g_assert_cmpstr(broken_at(0xd1, 0x1d), ==, "heap longer than its container");
    g_assert_cmpstr(broken_at(0xe3, 0x02), ==, "string of unknown encoding"); // flag of the command line
    g_assert_cmpstr(broken_at(sizeof impacket_unit - 1, 'x'), ==, "string without an end");
}

static void test_property_qualifiers(void)
{
    // The impacket instance with a qualifier set for each property.
    g_autoptr(GByteArray) unit = g_byte_array_new();
    g_byte_array_append(unit, impacket_unit, 0xd0);
    g_byte_array_append(unit, (const uint8_t *) "\x02\x04\0\0\0\x09\0\0\0qqqqq", 14);
    g_byte_array_append(unit, impacket_unit + 0xd1, sizeof impacket_unit - 0xd1);
    unit->data[0x04] = (uint8_t) (unit->data[0x04] + 13);
    unit->data[0xba] = (uint8_t) (unit->data[0xba] + 13);
    g_autoptr(WmioObject) o = unit_read(unit);
    g_assert_cmpstr(text(o, "CommandLine"), ==, "cmd.exe");
    sb_check_truncations(unit, unit_good);
}

/** Whatever the byte order of the message around it. */
static void test_byte_order(void)
{
    g_autoptr(GByteArray) block = startup_block();
    g_autoptr(GByteArray) unit = sb_wmio_unit(block);
    WmioObject *o;
    const char *why;
    Bytes b = bytes_init(unit->data, unit->len, true);
    g_assert_true(wmio_object_read(&b, &o, &why));
    g_assert_cmpstr(o->class_name, ==, "Win32_ProcessStartup");
    g_assert_cmpuint(bytes_left(&b), ==, 0);
    wmio_object_free(o);
    wmio_object_free(NULL);
}

static void test_noise(void)
{
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t noise[256];
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (uint8_t) g_test_rand_int();
        memcpy(noise, "\x78\x56\x34\x12\xf8\0\0\0\x02", 9);
        g_assert_false(unit_good(noise, sizeof noise));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wmio/impacket", test_impacket);
    g_test_add_func("/wmio/numbers", test_numbers);
    g_test_add_func("/wmio/texts", test_texts);
    g_test_add_func("/wmio/arrays", test_arrays);
    g_test_add_func("/wmio/default", test_default);
    g_test_add_func("/wmio/class", test_class);
    g_test_add_func("/wmio/root-class", test_root_class);
    g_test_add_func("/wmio/embedded", test_embedded);
    g_test_add_func("/wmio/depth", test_depth);
    g_test_add_func("/wmio/long-text", test_long_text);
    g_test_add_func("/wmio/many-properties", test_many_properties);
    g_test_add_func("/wmio/shared-text", test_shared_text);
    g_test_add_func("/wmio/malformed", test_malformed);
    g_test_add_func("/wmio/property-qualifiers", test_property_qualifiers);
    g_test_add_func("/wmio/byte-order", test_byte_order);
    g_test_add_func("/wmio/noise", test_noise);
    return g_test_run();
}
