// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Calls on the interfaces that a WMI login hands out (MS-WMI 3.1.4.3 and following): IWbemServices and what its methods
 * return. Which methods are known is one table in decode-services.c.
 *
 * `b` covers a whole stub. Each function returns false unless the structure accounts for each byte of it (see
 * decode-trailer.h), then with nothing to clear and a static reason in `*why`. A CIM object inside may still be
 * malformed: then `object` is NULL and `object_why` tells, and the other members hold.
 *
 * Strings are UTF-8, owned by the struct, NULL when the method has no such parameter or it was NULL. Byte ranges and
 * `data` of an Objref lead into the caller's bytes.
 */
#ifndef CAR_WIRE_SERVICES_H
#define CAR_WIRE_SERVICES_H

#include "wire/objref.h"
#include "wire/orpc.h"
#include "wire/trailer.h"
#include "wire/wmio.h"

typedef enum {
    WMI_SERVICES,         ///< IWbemServices
    WMI_ENUM,             ///< IEnumWbemClassObject
    WMI_CALL_RESULT,      ///< IWbemCallResult
    WMI_FETCH_SMART_ENUM, ///< IWbemFetchSmartEnum
    WMI_SMART_ENUM,       ///< IWbemWCOSmartEnum
    WMI_SINK,             ///< IWbemObjectSink: mostly called by the server
} WmiInterface;

/** The data of one IWbemClassObject that was marshaled by value: input of wmio_object_read. */
typedef struct {
    const uint8_t *data;
    size_t len;
} WmiObjectBytes;

typedef struct {
    OrpcThis orpc;
    StubTrailer trailer;
    char *namespace_path; ///< OpenNamespace
    char *object_path;    ///< GetObject, DeleteInstance, ExecMethod: path of a class or an instance
    char *class_name;     ///< DeleteClass; Create*Enum: the superclass ("" or NULL: all)
    char *query_language; ///< ExecQuery, ExecNotificationQuery: "WQL"
    char *query;
    char *method;   ///< ExecMethod
    uint32_t flags; ///< lFlags
    bool has_context;

    /** What is written (PutClass, PutInstance), the in-parameters (ExecMethod), the objects of Indicate. */
    GArray *objects;        ///< WmiObjectBytes; never NULL, empty when there are none
    WmioObject *object;     ///< the first of `objects`, decoded (not with Indicate)
    const char *object_why; ///< static: why there is no `object` although something was passed

    bool has_sink; ///< *Async, CancelAsyncCall: `sink` is the client's IWbemObjectSink
    Objref sink;
    bool wants_call_result; ///< the client asked for an IWbemCallResult: the final status comes through that

    uint32_t timeout; ///< IEnumWbemClassObject, IWbemCallResult, IWbemWCOSmartEnum: ms, 0xffffffff for ever
    uint32_t count;   ///< Next, Skip, Indicate: number of objects
    uint32_t status;  ///< SetStatus: HRESULT of the asynchronous call
    char *text;       ///< SetStatus: path of what was written
} WmiRequest;

typedef struct {
    uint32_t status; ///< HRESULT of the call

    bool has_reference; ///< `reference` is what was handed out: enumerator, namespace (IWbemServices), sink
    Objref reference;
    bool has_call_result; ///< `call_result` is an IWbemCallResult
    Objref call_result;

    GArray *objects;        ///< WmiObjectBytes: of GetObject, ExecMethod (out-parameters), Next; never NULL
    WmioObject *object;     ///< the first of `objects`, decoded (not with Next)
    const char *object_why; ///< as in WmiRequest

    bool has_operation_status; ///< GetCallStatus
    uint32_t operation_status; ///< HRESULT of the operation that the IWbemCallResult stands for
    char *text;                ///< GetResultString: path of what was written
    uint32_t returned;         ///< Next: number of objects
    const uint8_t *buffer;     ///< IWbemWCOSmartEnum::Next: the ObjectArray (MS-WMI 2.2.14), NULL when empty
    size_t buffer_len;
} WmiResponse;

/** Whether the two functions below know this method. */
bool wmi_method_known(WmiInterface iface, uint16_t opnum);

bool wmi_request_read(Bytes *b, WmiInterface iface, uint16_t opnum, WmiRequest *out, const char **why);
void wmi_request_clear(WmiRequest *r);

bool wmi_response_read(Bytes *b, WmiInterface iface, uint16_t opnum, WmiResponse *out, const char **why);
void wmi_response_clear(WmiResponse *r);

#endif
