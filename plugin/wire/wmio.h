// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * CIM classes and instances as WMI marshals them by value (MS-WMIO 2.2): class name, superclasses, properties with
 * their values, names of methods. Qualifiers and method signatures are skipped.
 */
#ifndef CAR_WIRE_WMIO_H
#define CAR_WIRE_WMIO_H

#include "wire/bytes.h"

#include <glib.h>

#define WMIO_MAX_DEPTH 4            ///< objects in objects; deeper ones are left out (`truncated`)
#define WMIO_MAX_PROPERTIES 1024    ///< of one class, the SDK's own limit; likewise methods
#define WMIO_MAX_TEXT (64 * 1024)   ///< bytes of UTF-8 of one value, without the NUL
#define WMIO_MAX_NAME 4096          ///< characters of one identifier
#define WMIO_MAX_WORK (1024 * 1024) ///< bytes of names and values read from one object, those nested in it included

/** CIM types (MS-WMIO 2.2.82), without the array and inheritance bits. */
typedef enum {
    CIM_SINT16 = 2,
    CIM_SINT32 = 3,
    CIM_REAL32 = 4,
    CIM_REAL64 = 5,
    CIM_STRING = 8,
    CIM_BOOLEAN = 11,
    CIM_OBJECT = 13,
    CIM_SINT8 = 16,
    CIM_UINT8 = 17,
    CIM_UINT16 = 18,
    CIM_UINT32 = 19,
    CIM_SINT64 = 20,
    CIM_UINT64 = 21,
    CIM_DATETIME = 101,
    CIM_REFERENCE = 102,
    CIM_CHAR16 = 103,
} CimType;

typedef enum {
    WMIO_VALUE_SET,     ///< the value stands in this object
    WMIO_VALUE_DEFAULT, ///< not NULL, inherited: an instance shows its class's default, a class that of its superclass
    WMIO_VALUE_NULL,
} WmioValueState;

typedef struct {
    char *name; ///< never NULL
    CimType type;
    bool array;
    bool inherited; ///< declared by a superclass
    WmioValueState state;
    /** The value; NULL when the state is WMIO_VALUE_NULL, when an inherited value is not in the message, and when a
     * limit left out all of it.
     *  - strings, datetimes and references exactly as sent, control characters included
     *  - numbers in decimal; False (0) and True (any other)
     *  - arrays as {1, 2}, with texts as {"a \"b\" \\c"}
     *  - objects as CLASS {NAME = VALUE, ...}, without their NULL properties */
    char *text;
    bool truncated;     ///< `text` (or `objects`) stops at a limit, the value goes on
    GPtrArray *objects; ///< WmioObject, of CIM_OBJECT; one when not an array; else NULL
} WmioProperty;

typedef struct {
    bool is_class;         ///< else an instance
    char *server;          ///< decoration: name of the server, NULL when the object carries none
    char *namespace_path;  ///< decoration: e.g. "ROOT\CIMV2"
    char *class_name;      ///< NULL only for a class without a name
    GPtrArray *derivation; ///< char *, immediate superclass first; never NULL
    GPtrArray *properties; ///< WmioProperty, in the order of the class's lookup table (by name); never NULL
    GPtrArray *methods;    ///< char *, of a class; never NULL
    bool truncated;        ///< a limit cut the properties, the methods, or a value
} WmioObject;

/** EncodingUnit (2.2.1) that fills the rest of `b`: what an OBJREF of IWbemClassObject holds. Always little endian.
 *  On success `*out` is a new object (wmio_object_free) and the cursor stands at the end. False when the structure does
 *  not hold: `*out` is then NULL and `*why` a static reason. */
bool wmio_object_read(Bytes *b, WmioObject **out, const char **why);
void wmio_object_free(WmioObject *o);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WmioObject, wmio_object_free)

#endif
