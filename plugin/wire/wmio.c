// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/wmio.h"

#include "wire/orpc.h"

#define UNIT_SIGNATURE 0x12345678

#define OBJECT_IS_CLASS 0x01
#define OBJECT_IS_INSTANCE 0x02
#define OBJECT_IS_DECORATED 0x04

#define TYPE_ARRAY 0x2000
#define TYPE_INHERITED 0x4000
#define TYPE_CODE 0x0fff

#define ND_NULL 1
#define ND_INHERITED 2

#define HEAP_MARK 0x80000000 ///< set in each heap's length; in a reference to a string: index into the dictionary
#define REF_NULL 0xffffffff

#define PROPERTY_COST 128 ///< of one property in units of WMIO_MAX_WORK: what it takes beside its characters
#define OBJECT_COST 512

/** One object with all that is nested in it. */
typedef struct {
    size_t work;     ///< left of WMIO_MAX_WORK
    bool exhausted;  ///< more was asked for: what follows is left out
    const char *why; ///< first reason why the structure does not hold, NULL while it does
} Reader;

typedef struct {
    const uint8_t *data;
    size_t len;
} Heap;

typedef struct {
    uint32_t name; ///< reference into the class heap
    CimType type;
    bool array;
    bool inherited;
    uint16_t order;  ///< index into an NdTable
    uint32_t offset; ///< into a ValueTable
} PropertyInfo;

/** NdTable and ValueTable with the heap that the values refer to. */
typedef struct {
    const uint8_t *nd;
    const uint8_t *values;
    size_t values_len;
    Heap heap;
} Table;

typedef struct {
    char *name;
    GPtrArray *derivation;
    uint32_t count;     ///< of properties in the message
    GArray *properties; ///< PropertyInfo, of them at most WMIO_MAX_PROPERTIES
    size_t table_len;   ///< NdTable and ValueTable together
    Table defaults;
} ClassPart;

typedef struct {
    char *text;
    bool null; ///< it refers to nothing
    bool truncated;
    GPtrArray *objects;
} Value;

static const struct {
    CimType type;
    uint8_t size; ///< in a ValueTable or an array
    bool is_text;
} cim_types[] = {
    {CIM_SINT16, 2, false}, {CIM_SINT32, 4, false},  {CIM_REAL32, 4, false},   {CIM_REAL64, 8, false},
    {CIM_STRING, 4, true},  {CIM_BOOLEAN, 2, false}, {CIM_OBJECT, 4, false},   {CIM_SINT8, 1, false},
    {CIM_UINT8, 1, false},  {CIM_UINT16, 2, false},  {CIM_UINT32, 4, false},   {CIM_SINT64, 8, false},
    {CIM_UINT64, 8, false}, {CIM_DATETIME, 4, true}, {CIM_REFERENCE, 4, true}, {CIM_CHAR16, 2, false},
};

/** MS-WMIO 2.2.80: strings so common that a reference names them by number. */
static const char *const dictionary[] = {
    "\"", "key", "", "read", "write", "volatile", "provider", "dynamic", "cimwin32", "DWORD", "CIMTYPE",
};

static WmioObject *block_read(Reader *r, Bytes *b, unsigned depth);

static bool fail(Reader *r, const char *why)
{
    // Once out of work, what is missing was left out and says nothing about the structure.
    if (!r->why && !r->exhausted)
        r->why = why;
    return false;
}

static bool spend(Reader *r, size_t work)
{
    if (work > r->work)
        r->exhausted = true;
    else
        r->work -= work;
    return !r->exhausted;
}

static int cim_type_index(CimType type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cim_types); i++) {
        if (cim_types[i].type == type)
            return (int) i;
    }
    return -1;
}

static size_t nd_size(uint32_t count)
{
    return ((size_t) count + 3) / 4;
}

static unsigned nd_bits(const Table *t, uint16_t order)
{
    return (t->nd[order / 4] >> (order % 4 * 2)) & 3U;
}

/** Encoded-String (2.2.78). With more than `max` characters: malformed, or where `cut` is given that is set and the
 *  text is the start of the string (the cursor then stands anywhere). NULL when malformed or out of work. */
static char *encoded_string_read(Reader *r, Bytes *b, size_t max, bool *cut)
{
    uint8_t flag = bytes_u8(b);
    if (b->failed || flag > 1) {
        fail(r, b->failed ? "string outside its container" : "string of unknown encoding");
        return NULL;
    }
    size_t width = flag ? 2 : 1, left = bytes_left(b) / width, limit = MIN(left, max), n = 0;
    const uint8_t *p = b->data + b->pos;
    while (n < limit && (p[n * width] || (flag && p[n * width + 1])))
        n++;
    if (n == left || (n < left && n == max && !cut && (p[n * width] || (flag && p[n * width + 1])))) {
        fail(r, n == left ? "string without an end" : "string too long");
        return NULL;
    }
    if (!spend(r, (n + 1) * width))
        return NULL;
    if (cut && (p[n * width] || (flag && p[n * width + 1])))
        *cut = true;
    bytes_skip(b, (n + 1) * width);
    if (flag)
        return utf16_to_utf8(p, n, false);
    GString *text = g_string_sized_new(n);
    for (size_t i = 0; i < n; i++)
        g_string_append_unichar(text, p[i]);
    return g_string_free(text, FALSE);
}

/** A cursor at a place in a heap; failed when the reference is out of it. */
static Bytes heap_at(const Heap *heap, uint32_t ref)
{
    Bytes b = bytes_init(heap->data, heap->len, false);
    bytes_skip(&b, ref);
    return b;
}

/** NULL for a null reference too, which leaves `r->why` alone. */
static char *heap_string_read(Reader *r, const Heap *heap, uint32_t ref, size_t max, bool *cut)
{
    if (ref == REF_NULL)
        return NULL;
    if (ref & HEAP_MARK) {
        uint32_t i = ref & ~HEAP_MARK;
        if (i < G_N_ELEMENTS(dictionary))
            return g_strdup(dictionary[i]);
        fail(r, "reference to an unknown string of the dictionary");
        return NULL;
    }
    Bytes b = heap_at(heap, ref);
    return encoded_string_read(r, &b, max, cut);
}

static bool heap_read(Reader *r, Bytes *b, Heap *heap)
{
    uint32_t len = bytes_u32(b);
    if (!(len & HEAP_MARK))
        return fail(r, "no heap where one should be");
    heap->len = len & ~HEAP_MARK;
    heap->data = bytes_take(b, heap->len);
    return b->failed ? fail(r, "heap longer than its container") : true;
}

/** A part that starts with its own length, which counts the length field: a cursor over what follows that. */
static bool part_read(Reader *r, Bytes *b, Bytes *part)
{
    uint32_t len = bytes_u32(b);
    if (b->failed || len < 4)
        return fail(r, "part without its length");
    *part = bytes_sub(b, len - 4);
    return part->failed ? fail(r, "part longer than its container") : true;
}

static bool derivation_read(Reader *r, Bytes *b, GPtrArray *derivation)
{
    Bytes list;
    if (!part_read(r, b, &list))
        return false;
    while (bytes_left(&list)) {
        size_t start = list.pos;
        char *name = encoded_string_read(r, &list, WMIO_MAX_NAME, NULL);
        if (!name)
            return fail(r, "too much in the list of superclasses");
        g_ptr_array_add(derivation, name);
        size_t len = list.pos - start;
        if (bytes_u32(&list) != len || list.failed || !spend(r, PROPERTY_COST))
            return fail(r, "list of superclasses does not add up");
    }
    return true;
}

static bool property_info_read(Reader *r, const Heap *heap, uint32_t name, uint32_t ref, uint32_t count,
                               PropertyInfo *out)
{
    Bytes b = heap_at(heap, ref);
    uint32_t type = bytes_u32(&b);
    uint16_t order = bytes_u16(&b);
    uint32_t offset = bytes_u32(&b);
    *out = (PropertyInfo){
        .name = name,
        .type = (CimType) (type & TYPE_CODE),
        .array = type & TYPE_ARRAY,
        .inherited = type & TYPE_INHERITED,
        .order = order,
        .offset = offset,
    };
    bytes_skip(&b, 4); // class of origin
    Bytes qualifiers;
    if (b.failed || !part_read(r, &b, &qualifiers))
        return fail(r, "property outside the heap");
    if (cim_type_index(out->type) < 0 || type & ~(uint32_t) (TYPE_CODE | TYPE_ARRAY | TYPE_INHERITED))
        return fail(r, "property of unknown type");
    if (out->order >= count)
        return fail(r, "property order beyond the number of properties");
    return true;
}

static void class_part_clear(ClassPart *c)
{
    g_free(c->name);
    g_clear_pointer(&c->derivation, g_ptr_array_unref);
    g_clear_pointer(&c->properties, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ClassPart, class_part_clear)

/** NdTable and ValueTable, `table_len` bytes in all. */
static bool table_read(Reader *r, Bytes *b, uint32_t count, size_t table_len, Table *t)
{
    if (nd_size(count) > table_len)
        return fail(r, "value table too short");
    t->nd = bytes_take(b, nd_size(count));
    t->values_len = table_len - nd_size(count);
    t->values = bytes_take(b, t->values_len);
    return b->failed ? fail(r, "value table longer than its container") : true;
}

/** ClassPart (2.2.15). What follows its heap is slack. */
static bool class_part_read(Reader *r, Bytes *parent, ClassPart *c)
{
    Bytes b;
    c->derivation = g_ptr_array_new_with_free_func(g_free);
    c->properties = g_array_new(FALSE, FALSE, sizeof(PropertyInfo));
    if (!part_read(r, parent, &b))
        return false;
    bytes_skip(&b, 1);
    uint32_t name = bytes_u32(&b);
    c->table_len = bytes_u32(&b);
    Bytes qualifiers;
    if (!derivation_read(r, &b, c->derivation) || !part_read(r, &b, &qualifiers))
        return false;
    c->count = bytes_u32(&b);
    if (c->count > bytes_left(&b) / 8)
        return fail(r, "more properties than bytes");
    Bytes lookup = bytes_sub(&b, (size_t) c->count * 8);
    if (!table_read(r, &b, c->count, c->table_len, &c->defaults) || !heap_read(r, &b, &c->defaults.heap))
        return false;
    c->name = heap_string_read(r, &c->defaults.heap, name, WMIO_MAX_NAME, NULL);
    if (!c->name && name != REF_NULL)
        return fail(r, "too much before the name of the class");
    for (uint32_t i = 0; i < MIN(c->count, WMIO_MAX_PROPERTIES); i++) {
        PropertyInfo p;
        uint32_t property_name = bytes_u32(&lookup), info = bytes_u32(&lookup);
        if (!property_info_read(r, &c->defaults.heap, property_name, info, c->count, &p))
            return false;
        g_array_append_val(c->properties, p);
    }
    return true;
}

/** MethodsPart (2.2.38); `names` may be NULL. */
static bool methods_part_read(Reader *r, Bytes *parent, GPtrArray *names, bool *truncated)
{
    Bytes b;
    if (!part_read(r, parent, &b))
        return false;
    uint16_t count = bytes_u16(&b);
    bytes_skip(&b, 2);
    Bytes list = bytes_sub(&b, (size_t) count * 24);
    Heap heap;
    if (list.failed)
        return fail(r, "more methods than bytes");
    if (!heap_read(r, &b, &heap))
        return false;
    for (unsigned i = 0; names && i < count; i++) {
        uint32_t ref = bytes_u32(&list);
        bytes_skip(&list, 20);
        char *name = names->len < WMIO_MAX_PROPERTIES && spend(r, PROPERTY_COST)
                         ? heap_string_read(r, &heap, ref, WMIO_MAX_NAME, NULL)
                         : NULL;
        if (r->why)
            return false;
        if (!name) {
            *truncated = true;
            break;
        }
        g_ptr_array_add(names, name);
    }
    return true;
}

static void value_clear(Value *v)
{
    g_clear_pointer(&v->text, g_free);
    g_clear_pointer(&v->objects, g_ptr_array_unref);
}

/** Cuts text at the limit, between characters. */
static bool text_limit(GString *text)
{
    if (text->len <= WMIO_MAX_TEXT)
        return false;
    const char *end = g_utf8_find_prev_char(text->str, text->str + WMIO_MAX_TEXT + 1);
    g_string_truncate(text, end ? (gsize) (end - text->str) : 0);
    return true;
}

static void text_append_quoted(GString *text, const char *s)
{
    g_string_append_c(text, '"');
    for (; *s && text->len <= WMIO_MAX_TEXT; s++) {
        if (*s == '"' || *s == '\\')
            g_string_append_c(text, '\\');
        g_string_append_c(text, *s);
    }
    g_string_append_c(text, '"');
}

static bool is_text(CimType type)
{
    int i = cim_type_index(type);
    return i >= 0 && cim_types[i].is_text;
}

/** True when the text reached the limit. */
static bool object_text_append(GString *text, const WmioObject *o)
{
    const char *separator = "";
    g_string_append_printf(text, "%s {", o->class_name ? o->class_name : "");
    for (guint i = 0; i < o->properties->len; i++) {
        const WmioProperty *p = g_ptr_array_index(o->properties, i);
        if (!p->text)
            continue;
        g_string_append_printf(text, "%s%s = ", separator, p->name);
        if (!p->array && is_text(p->type))
            text_append_quoted(text, p->text);
        else
            g_string_append(text, p->text);
        separator = ", ";
        if (text->len > WMIO_MAX_TEXT)
            return true;
    }
    g_string_append_c(text, '}');
    return o->truncated;
}

static bool text_element_read(Reader *r, uint32_t ref, const Heap *heap, bool quoted, GString *text, Value *v)
{
    g_autofree char *s = heap_string_read(r, heap, ref, WMIO_MAX_TEXT, &v->truncated);
    if (!s) {
        v->truncated = true;
        return false;
    }
    if (quoted)
        text_append_quoted(text, s);
    else
        g_string_append(text, s);
    return true;
}

static bool object_element_read(Reader *r, uint32_t ref, const Heap *heap, unsigned depth, GString *text, Value *v)
{
    Bytes b = heap_at(heap, ref);
    uint32_t len = bytes_u32(&b);
    Bytes body = bytes_sub(&b, len);
    if (body.failed)
        return fail(r, "object outside the heap");
    if (!len) {
        v->null = true;
        return true;
    }
    WmioObject *o = depth < WMIO_MAX_DEPTH ? block_read(r, &body, depth + 1) : NULL;
    if (!o) {
        v->truncated = true;
        return false;
    }
    g_ptr_array_add(v->objects, o);
    if (object_text_append(text, o))
        v->truncated = true;
    return true;
}

/** 0 or 0xffff (MS-WMIO 2.2.82). Some clients write other values: what the server makes of them is not certain. */
static void append_boolean(GString *text, uint64_t value)
{
    if (value == 0 || value == 0xffff)
        g_string_append(text, value ? "True" : "False");
    else
        g_string_append_printf(text, "True (0x%04x)", (unsigned) value);
}

/** One value from a ValueTable or an array, appended to `text`. False when it is malformed (`r->why` tells) or left out
 *  (`v->truncated`). */
static bool element_read(Reader *r, Bytes *b, const PropertyInfo *p, const Heap *heap, unsigned depth, GString *text,
                         Value *v)
{
    int i = cim_type_index(p->type);
    uint64_t raw = bytes_uint(b, cim_types[i].size);
    uint32_t low = (uint32_t) raw;
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    float real32;
    double real64;

    if (b->failed)
        return fail(r, "value outside its table");
    v->null = low == REF_NULL && (is_text(p->type) || p->type == CIM_OBJECT);
    switch (p->type) {
    case CIM_STRING:
    case CIM_DATETIME:
    case CIM_REFERENCE: return v->null || text_element_read(r, low, heap, p->array, text, v);
    case CIM_OBJECT: return v->null || object_element_read(r, low, heap, depth, text, v);
    case CIM_SINT8: g_string_append_printf(text, "%d", (int8_t) low); break;
    case CIM_SINT16: g_string_append_printf(text, "%d", (int16_t) low); break;
    case CIM_SINT32: g_string_append_printf(text, "%" G_GINT32_FORMAT, (int32_t) low); break;
    case CIM_SINT64: g_string_append_printf(text, "%" G_GINT64_FORMAT, (int64_t) raw); break;
    case CIM_UINT8:
    case CIM_UINT16:
    case CIM_UINT32:
    case CIM_UINT64:
    case CIM_CHAR16: g_string_append_printf(text, "%" G_GUINT64_FORMAT, raw); break;
    case CIM_BOOLEAN: append_boolean(text, low); break;
    case CIM_REAL32:
        memcpy(&real32, &low, sizeof real32);
        g_string_append(text, g_ascii_formatd(number, sizeof number, "%.9g", (double) real32));
        break;
    case CIM_REAL64:
        memcpy(&real64, &raw, sizeof real64);
        g_string_append(text, g_ascii_dtostr(number, sizeof number, real64));
        break;
    }
    return true;
}

static void array_read(Reader *r, uint32_t ref, const PropertyInfo *p, const Heap *heap, unsigned depth, GString *text,
                       Value *v)
{
    Bytes b = heap_at(heap, ref);
    uint32_t count = bytes_u32(&b);
    if (b.failed || count > bytes_left(&b) / cim_types[cim_type_index(p->type)].size) {
        fail(r, "array outside the heap");
        return;
    }
    g_string_append_c(text, '{');
    for (uint32_t i = 0; i < count; i++) {
        if (text->len > WMIO_MAX_TEXT || !spend(r, 8)) {
            v->truncated = true;
            return;
        }
        if (i)
            g_string_append(text, ", ");
        if (!element_read(r, &b, p, heap, depth, text, v))
            return;
        if (v->null)
            g_string_append(text, "NULL");
    }
    v->null = false;
    g_string_append_c(text, '}');
}

/** The value of a property that the NdTable of `t` calls present. False when malformed. */
static bool value_read(Reader *r, const Table *t, const PropertyInfo *p, unsigned depth, Value *v)
{
    GString *text = g_string_new(NULL);
    Bytes slot = bytes_init(t->values, t->values_len, false);
    bytes_skip(&slot, p->offset);
    if (p->type == CIM_OBJECT)
        v->objects = g_ptr_array_new_with_free_func((GDestroyNotify) wmio_object_free);
    if (p->array) {
        uint32_t ref = bytes_u32(&slot);
        v->null = ref == REF_NULL;
        if (slot.failed)
            fail(r, "value outside its table");
        else if (!v->null)
            array_read(r, ref, p, &t->heap, depth, text, v);
    } else {
        (void) element_read(r, &slot, p, &t->heap, depth, text, v);
    }
    v->truncated |= text_limit(text);
    v->text = g_string_free(text, v->null || (v->truncated && !text->len));
    if (r->why)
        value_clear(v);
    return !r->why;
}

static const PropertyInfo *class_part_same(const ClassPart *c, const PropertyInfo *p)
{
    for (guint i = 0; c && i < c->properties->len; i++) {
        const PropertyInfo *other = &g_array_index(c->properties, PropertyInfo, i);
        if (other->order == p->order)
            return other->type == p->type && other->array == p->array && other->offset == p->offset ? other : NULL;
    }
    return NULL;
}

static void wmio_property_free(WmioProperty *p)
{
    g_free(p->name);
    g_free(p->text);
    g_clear_pointer(&p->objects, g_ptr_array_unref);
    g_free(p);
}

/** Reads the properties that `c` declares with the values of `t`; inherited ones from the defaults of `base`. */
static bool properties_read(Reader *r, const ClassPart *c, const Table *t, const ClassPart *base, unsigned depth,
                            WmioObject *o)
{
    o->truncated |= c->count > c->properties->len;
    for (guint i = 0; i < c->properties->len; i++) {
        const PropertyInfo *info = &g_array_index(c->properties, PropertyInfo, i);
        char *name =
            spend(r, PROPERTY_COST) ? heap_string_read(r, &c->defaults.heap, info->name, WMIO_MAX_NAME, NULL) : NULL;
        if (r->why)
            return false;
        if (!name && !r->exhausted)
            return fail(r, "property without a name");
        if (!name) {
            o->truncated = true;
            return true;
        }
        WmioProperty *p = g_new(WmioProperty, 1);
        *p = (WmioProperty){.name = name, .type = info->type, .array = info->array, .inherited = info->inherited};
        g_ptr_array_add(o->properties, p);

        unsigned nd = nd_bits(t, info->order);
        const Table *source = t;
        p->state = nd & ND_NULL ? WMIO_VALUE_NULL : nd & ND_INHERITED ? WMIO_VALUE_DEFAULT : WMIO_VALUE_SET;
        if (p->state == WMIO_VALUE_NULL)
            continue;
        if (p->state == WMIO_VALUE_DEFAULT) {
            const PropertyInfo *same = class_part_same(base, info);
            source = same && nd_bits(&base->defaults, same->order) == 0 ? &base->defaults : NULL;
        }
        Value v = {0};
        if (source && !value_read(r, source, info, depth, &v))
            return false;
        if (v.null)
            p->state = WMIO_VALUE_NULL;
        p->text = v.text;
        p->truncated = v.truncated;
        p->objects = v.objects;
        o->truncated |= v.truncated;
    }
    return true;
}

static void object_take_class(WmioObject *o, ClassPart *c)
{
    g_free(o->class_name);
    o->class_name = g_steal_pointer(&c->name);
    g_ptr_array_unref(o->derivation);
    o->derivation = g_steal_pointer(&c->derivation);
}

/** ParentClass and CurrentClass (2.2.9), each with its methods. */
static bool class_read(Reader *r, Bytes *b, unsigned depth, WmioObject *o)
{
    g_auto(ClassPart) base = {0};
    g_auto(ClassPart) own = {0};
    if (!class_part_read(r, b, &base) || !methods_part_read(r, b, NULL, NULL) || !class_part_read(r, b, &own) ||
        !properties_read(r, &own, &own.defaults, &base, depth, o) ||
        !methods_part_read(r, b, o->methods, &o->truncated))
        return false;
    object_take_class(o, &own);
    return true;
}

/** InstanceType (2.2.53) behind the ClassPart of its class. */
static bool instance_read(Reader *r, Bytes *parent, unsigned depth, WmioObject *o)
{
    g_auto(ClassPart) c = {0};
    Bytes b, qualifiers;
    Table t = {0};
    if (!class_part_read(r, parent, &c) || !part_read(r, parent, &b))
        return false;
    bytes_skip(&b, 1);
    uint32_t name = bytes_u32(&b);
    if (!table_read(r, &b, c.count, c.table_len, &t) || !part_read(r, &b, &qualifiers))
        return false;
    uint8_t has_property_qualifiers = bytes_u8(&b);
    if (has_property_qualifiers != 1 && has_property_qualifiers != 2)
        return fail(r, "instance without its mark of property qualifiers");
    for (uint32_t i = 0; has_property_qualifiers == 2 && i < c.count; i++) {
        if (!spend(r, 1) || !part_read(r, &b, &qualifiers))
            return fail(r, "too many property qualifiers");
    }
    if (!heap_read(r, &b, &t.heap))
        return false;
    char *instance_name = heap_string_read(r, &t.heap, name, WMIO_MAX_NAME, NULL);
    if (r->why || !properties_read(r, &c, &t, &c, depth, o)) {
        g_free(instance_name);
        return false;
    }
    if (instance_name) {
        g_free(c.name);
        c.name = instance_name;
    }
    object_take_class(o, &c);
    return true;
}

/** ObjectBlock (2.2.5). NULL when malformed (`r->why`) or out of work. */
static WmioObject *block_read(Reader *r, Bytes *b, unsigned depth)
{
    if (!spend(r, OBJECT_COST))
        return NULL;
    g_autoptr(WmioObject) o = g_new0(WmioObject, 1);
    o->derivation = g_ptr_array_new_with_free_func(g_free);
    o->properties = g_ptr_array_new_with_free_func((GDestroyNotify) wmio_property_free);
    o->methods = g_ptr_array_new_with_free_func(g_free);
    uint8_t flags = bytes_u8(b);
    o->is_class = flags & OBJECT_IS_CLASS;
    if (o->is_class == !!(flags & OBJECT_IS_INSTANCE)) {
        fail(r, "neither class nor instance");
        return NULL;
    }
    if (flags & OBJECT_IS_DECORATED) {
        o->server = encoded_string_read(r, b, WMIO_MAX_NAME, NULL);
        o->namespace_path = o->server ? encoded_string_read(r, b, WMIO_MAX_NAME, NULL) : NULL;
        if (!o->namespace_path)
            return NULL;
    }
    if (!(o->is_class ? class_read : instance_read)(r, b, depth, o))
        return NULL;
    return g_steal_pointer(&o);
}

static bool finish(Reader *r, Bytes *b, WmioObject *o, WmioObject **out, const char **why)
{
    *out = o;
    *why = o ? NULL : r->why ? r->why : "object takes too much work";
    b->pos = b->len;
    b->failed = !o;
    return o;
}

bool wmio_object_read(Bytes *b, WmioObject **out, const char **why)
{
    Reader r = {.work = WMIO_MAX_WORK};
    WmioObject *o = NULL;
    Bytes unit = bytes_sub(b, bytes_left(b));
    unit.big_endian = false;
    if (bytes_u32(&unit) != UNIT_SIGNATURE) {
        fail(&r, "no WMIO signature");
    } else {
        Bytes block = bytes_sub(&unit, bytes_u32(&unit));
        if (block.failed)
            fail(&r, "object longer than its container");
        else
            o = block_read(&r, &block, 0);
    }
    return finish(&r, b, o, out, why);
}

void wmio_object_free(WmioObject *o)
{
    if (!o)
        return;
    g_free(o->server);
    g_free(o->namespace_path);
    g_free(o->class_name);
    g_ptr_array_unref(o->derivation);
    g_ptr_array_unref(o->properties);
    g_ptr_array_unref(o->methods);
    g_free(o);
}
