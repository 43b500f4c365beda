// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/interfaces.h"

#include "names/interfaces-dcom.h"

// Sources: MS-WMI, MS-DCOM, MS-OAUT, MS-IOI, the Windows SDK's IDL files. IWbemLoginClientIDEx is in none of them; it
// is what newer Windows clients send beside IWbemLoginClientID.
// clang-format off
static const Interface interfaces[] = {
    {{0xf309ad18, 0xd86a, 0x11d0, {0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}}, "IWbemLevel1Login", FAMILY_WMI},
    {{0xd4781cd6, 0xe5d3, 0x44df, {0xad, 0x94, 0x93, 0x0e, 0xfe, 0x48, 0xa8, 0x87}}, "IWbemLoginClientID", FAMILY_WMI},
    {{0x9f6c78ef, 0xfce5, 0x42fa, {0xab, 0xea, 0x3e, 0x7d, 0xf9, 0x19, 0x21, 0xdc}}, "IWbemLoginClientIDEx", FAMILY_WMI},
    {{0x541679ab, 0x2e5f, 0x11d3, {0xb3, 0x4e, 0x00, 0x10, 0x4b, 0xcc, 0x4b, 0x4a}}, "IWbemLoginHelper", FAMILY_WMI},
    {{0x9556dc99, 0x828c, 0x11cf, {0xa3, 0x7e, 0x00, 0xaa, 0x00, 0x32, 0x40, 0xc7}}, "IWbemServices", FAMILY_WMI},
    {{0x027947e1, 0xd731, 0x11ce, {0xa3, 0x57, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01}}, "IEnumWbemClassObject", FAMILY_WMI},
    {{0x44aca675, 0xe8fc, 0x11d0, {0xa0, 0x7c, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}}, "IWbemCallResult", FAMILY_WMI},
    {{0x1c1c45ee, 0x4395, 0x11d2, {0xb6, 0x0b, 0x00, 0x10, 0x4b, 0x70, 0x3e, 0xfd}}, "IWbemFetchSmartEnum", FAMILY_WMI},
    {{0x423ec01e, 0x2e35, 0x11d2, {0xb6, 0x04, 0x00, 0x10, 0x4b, 0x70, 0x3e, 0xfd}}, "IWbemWCOSmartEnum", FAMILY_WMI},
    {{0x7c857801, 0x7381, 0x11cf, {0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}}, "IWbemObjectSink", FAMILY_WMI},
    {{0xdc12a681, 0x737f, 0x11cf, {0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}}, "IWbemClassObject", FAMILY_WMI},
    {{0x44aca674, 0xe8fc, 0x11d0, {0xa0, 0x7c, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}}, "IWbemContext", FAMILY_WMI},
    {{0xc49e32c7, 0xbc8b, 0x11d2, {0x85, 0xd4, 0x00, 0x10, 0x5a, 0x1f, 0x83, 0x04}}, "IWbemBackupRestore", FAMILY_WMI},
    {{0xa359dec5, 0xe813, 0x4834, {0x8a, 0x2a, 0xba, 0x7f, 0x1d, 0x77, 0x7d, 0x76}}, "IWbemBackupRestoreEx", FAMILY_WMI},
    {{0x2c9273e0, 0x1dc3, 0x11d3, {0xb3, 0x64, 0x00, 0x10, 0x5a, 0x1f, 0x81, 0x77}}, "IWbemRefreshingServices", FAMILY_WMI},
    {{0xf1e9c5b2, 0xf59b, 0x11d2, {0xb3, 0x62, 0x00, 0x10, 0x5a, 0x1f, 0x81, 0x77}}, "IWbemRemoteRefresher", FAMILY_WMI},
    {{0xb7b31df9, 0xd515, 0x11d3, {0xa1, 0x1c, 0x00, 0x10, 0x5a, 0x1f, 0x51, 0x5a}}, "IWbemShutdown", FAMILY_WMI},
    {{0x1cfaba8c, 0x1523, 0x11d1, {0xad, 0x79, 0x00, 0xc0, 0x4f, 0xd8, 0xfd, 0xff}}, "IUnsecuredApartment", FAMILY_WMI},
    {{0x31739d04, 0x3471, 0x4cf4, {0x9a, 0x7c, 0x57, 0xa4, 0x4a, 0xe7, 0x19, 0x56}}, "IWbemUnsecuredApartment", FAMILY_WMI},
    {{0xd8ec9cb1, 0xb135, 0x4f10, {0x8b, 0x1b, 0xc7, 0x18, 0x8b, 0xb0, 0xd1, 0x86}}, "IWbemConnectorLogin", FAMILY_WMI},
    {{0xe7d35cfa, 0x348b, 0x485e, {0xb5, 0x24, 0x25, 0x27, 0x25, 0xd6, 0x97, 0xca}}, "IWbemObjectSinkEx", FAMILY_WMI},
    {{0x3ae0080a, 0x7e3a, 0x4366, {0xbf, 0x89, 0x0f, 0xee, 0xdc, 0x93, 0x16, 0x59}}, "IWbemEventSink", FAMILY_WMI},
    {{0xe246107b, 0xb06e, 0x11d0, {0xad, 0x61, 0x00, 0xc0, 0x4f, 0xd8, 0xfd, 0xff}}, "IWbemUnboundObjectSink", FAMILY_WMI},
    {{0xce61e841, 0x65bc, 0x11d0, {0xb6, 0xbd, 0x00, 0xaa, 0x00, 0x32, 0x40, 0xc7}}, "IWbemPropertyProvider", FAMILY_WMI},
    {{0xe245105b, 0xb06e, 0x11d0, {0xad, 0x61, 0x00, 0xc0, 0x4f, 0xd8, 0xfd, 0xff}}, "IWbemEventProvider", FAMILY_WMI},
    {{0x580acaf8, 0xfa1c, 0x11d0, {0xad, 0x72, 0x00, 0xc0, 0x4f, 0xd8, 0xfd, 0xff}}, "IWbemEventProviderQuerySink", FAMILY_WMI},
    {{0x631f7d96, 0xd993, 0x11d2, {0xb3, 0x39, 0x00, 0x10, 0x5a, 0x1f, 0x4a, 0xaf}}, "IWbemEventProviderSecurity", FAMILY_WMI},
    {{0x631f7d97, 0xd993, 0x11d2, {0xb3, 0x39, 0x00, 0x10, 0x5a, 0x1f, 0x4a, 0xaf}}, "IWbemProviderIdentity", FAMILY_WMI},
    {{0xe246107a, 0xb06e, 0x11d0, {0xad, 0x61, 0x00, 0xc0, 0x4f, 0xd8, 0xfd, 0xff}}, "IWbemEventConsumerProvider", FAMILY_WMI},
    {{0x1be41571, 0x91dd, 0x11d1, {0xae, 0xb2, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}}, "IWbemProviderInitSink", FAMILY_WMI},
    {{0x1be41572, 0x91dd, 0x11d1, {0xae, 0xb2, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}}, "IWbemProviderInit", FAMILY_WMI},
    {{0xdc12a680, 0x737f, 0x11cf, {0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}}, "IWbemQualifierSet", FAMILY_WMI},
    {{0xdc12a687, 0x737f, 0x11cf, {0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}}, "IWbemLocator", FAMILY_WMI},
    {{0x49353c9a, 0x516b, 0x11d1, {0xae, 0xa6, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}}, "IWbemObjectAccess", FAMILY_WMI},
    {{0x49353c99, 0x516b, 0x11d1, {0xae, 0xa6, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}}, "IWbemRefresher", FAMILY_WMI},
    {{0x49353c92, 0x516b, 0x11d1, {0xae, 0xa6, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}}, "IWbemConfigureRefresher", FAMILY_WMI},
    {{0x2705c288, 0x79ae, 0x11d2, {0xb3, 0x48, 0x00, 0x10, 0x5a, 0x1f, 0x81, 0x77}}, "IWbemHiPerfEnum", FAMILY_WMI},
    {{0x49353c93, 0x516b, 0x11d1, {0xae, 0xa6, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}}, "IWbemHiPerfProvider", FAMILY_WMI},
    {{0xeb87e1bc, 0x3233, 0x11d2, {0xae, 0xc9, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}}, "IWbemStatusCodeText", FAMILY_WMI},
    {{0xbfbf883a, 0xcad7, 0x11d3, {0xa1, 0x1b, 0x00, 0x10, 0x5a, 0x1f, 0x51, 0x5a}}, "IWbemObjectTextSrc", FAMILY_WMI},
    {{0x6daf974e, 0x2e37, 0x11d2, {0xae, 0xc9, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}}, "IMofCompiler", FAMILY_WMI},
    {{0x1005cbcf, 0xe64f, 0x4646, {0xbc, 0xd3, 0x3a, 0x08, 0x9d, 0x8a, 0x84, 0xb4}}, "IWbemDecoupledRegistrar", FAMILY_WMI},
    {{0x86336d20, 0xca11, 0x4786, {0x9e, 0xf1, 0xbc, 0x8a, 0x94, 0x6b, 0x42, 0xfc}}, "IWbemDecoupledBasicEventProvider", FAMILY_WMI},
    {{0x553fe584, 0x2156, 0x11d0, {0xb6, 0xae, 0x00, 0xaa, 0x00, 0x32, 0x40, 0xc7}}, "IWbemTransport", FAMILY_WMI},
    {{0xf7ce2e11, 0x8c90, 0x11d1, {0x9e, 0x7b, 0x00, 0xc0, 0x4f, 0xc3, 0x24, 0xa8}}, "IWbemClientTransport", FAMILY_WMI},
    {{0xf7ce2e12, 0x8c90, 0x11d1, {0x9e, 0x7b, 0x00, 0xc0, 0x4f, 0xc3, 0x24, 0xa8}}, "IWbemAddressResolution", FAMILY_WMI},
    {{0xa889c72a, 0xfcc1, 0x4a9e, {0xaf, 0x61, 0xed, 0x07, 0x13, 0x33, 0xfb, 0x5b}}, "IWbemClientConnectionTransport", FAMILY_WMI},
    {{0x9ef76194, 0x70d5, 0x11d1, {0xad, 0x90, 0x00, 0xc0, 0x4f, 0xd8, 0xfd, 0xff}}, "IWbemConstructClassObject", FAMILY_WMI},
    {{0x000001a0, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "ISystemActivator", FAMILY_ACTIVATION},
    {{0x4d9f4ab8, 0x7d1c, 0x11cf, {0x86, 0x1e, 0x00, 0x20, 0xaf, 0x6e, 0x7c, 0x57}}, "IRemoteActivation", FAMILY_ACTIVATION},
    {{0x99fcfec4, 0x5260, 0x101b, {0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21, 0x34, 0x7a}}, "IOXIDResolver", FAMILY_ACTIVATION},
    {{0x000001a2, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IActivationPropertiesIn", FAMILY_ACTIVATION},
    {{0x000001a3, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IActivationPropertiesOut", FAMILY_ACTIVATION},
    {{0x000001c0, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IContext", FAMILY_ACTIVATION},
    {{0x00000136, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "ISCMLocalActivator", FAMILY_ACTIVATION},
    {{0x00000140, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IClassActivator", FAMILY_ACTIVATION},
    {{0xc6f3ee72, 0xce7e, 0x11d1, {0xb7, 0x1e, 0x00, 0xc0, 0x4f, 0xc3, 0x11, 0x1a}}, "IMachineLocalActivator", FAMILY_ACTIVATION},
    {{0xe60c73e6, 0x88f9, 0x11cf, {0x9a, 0xf1, 0x00, 0x20, 0xaf, 0x6e, 0x72, 0xf4}}, "ILocalObjectExporter", FAMILY_ACTIVATION},
    {{0x00000000, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IUnknown", FAMILY_OBJECT},
    {{0x00000131, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IRemUnknown", FAMILY_OBJECT},
    {{0x00000143, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IRemUnknown2", FAMILY_OBJECT},
    {{0x00000001, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IClassFactory", FAMILY_OBJECT},
    {{0xb196b28f, 0xbab4, 0x101a, {0xb6, 0x9c, 0x00, 0xaa, 0x00, 0x34, 0x1d, 0x07}}, "IClassFactory2", FAMILY_OBJECT},
    {{0xaf86e2e0, 0xb12d, 0x4c6a, {0x9c, 0x5a, 0xd7, 0xaa, 0x65, 0x10, 0x1e, 0x90}}, "IInspectable", FAMILY_OBJECT},
    {{0x00000003, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IMarshal", FAMILY_OBJECT},
    {{0x0000000c, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IStream", FAMILY_OBJECT},
    {{0xc3fcc19e, 0xa970, 0x11d2, {0x8b, 0x5a, 0x00, 0xa0, 0xc9, 0xb7, 0xc9, 0xc4}}, "IManagedObject", FAMILY_OBJECT},
    {{0x8165b19e, 0x8d3a, 0x4d0b, {0x80, 0xc8, 0x97, 0xde, 0x31, 0x0d, 0xb5, 0x83}}, "IServicedComponentInfo", FAMILY_OBJECT},
    {{0x97199110, 0xdb2e, 0x11d1, {0xa2, 0x51, 0x00, 0x00, 0xf8, 0x05, 0xca, 0x53}}, "ITransactionStream", FAMILY_OBJECT},
    {{0x00020400, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IDispatch", FAMILY_AUTOMATION},
    {{0x00020401, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "ITypeInfo", FAMILY_AUTOMATION},
    {{0x00020412, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "ITypeInfo2", FAMILY_AUTOMATION},
    {{0x00020402, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "ITypeLib", FAMILY_AUTOMATION},
    {{0x00020411, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "ITypeLib2", FAMILY_AUTOMATION},
    {{0x00020403, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "ITypeComp", FAMILY_AUTOMATION},
    {{0x00020404, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IEnumVARIANT", FAMILY_AUTOMATION},
    {{0x0000002f, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}}, "IRecordInfo", FAMILY_AUTOMATION},
    {{0xb196b283, 0xbab4, 0x101a, {0xb6, 0x9c, 0x00, 0xaa, 0x00, 0x34, 0x1d, 0x07}}, "IProvideClassInfo", FAMILY_AUTOMATION},
    {{0xa6ef9860, 0xc720, 0x11d0, {0x93, 0x37, 0x00, 0xa0, 0xc9, 0x0d, 0xca, 0xa9}}, "IDispatchEx", FAMILY_AUTOMATION},
    {{0x6619a740, 0x8154, 0x43be, {0xa1, 0x86, 0x03, 0x19, 0x57, 0x8e, 0x02, 0xdb}}, "IRemoteDispatch", FAMILY_AUTOMATION},
    {{0xb4c1d279, 0x966e, 0x44e9, {0xa9, 0xc5, 0xcc, 0xaf, 0x4a, 0x77, 0x02, 0x3d}}, "IWaaSRemediationEx", FAMILY_AUTOMATION},
};

// QueryInterface, AddRef and Release (0 to 2) are the same for every object and stand in `unknown_methods`.
static const Method methods[] = {
    {"IWbemLevel1Login", 3, "EstablishPosition", STAGE_LOGIN},
    {"IWbemLevel1Login", 4, "RequestChallenge", STAGE_LOGIN},
    {"IWbemLevel1Login", 5, "WBEMLogin", STAGE_LOGIN},
    {"IWbemLevel1Login", 6, "NTLMLogin", STAGE_LOGIN},
    {"IWbemLoginClientID", 3, "SetClientInfo", STAGE_LOGIN},
    {"IWbemLoginClientIDEx", 3, "SetClientInfoEx", STAGE_LOGIN},
    {"IWbemLoginHelper", 3, "SetEvent", STAGE_LOGIN},
    {"IWbemConnectorLogin", 3, "ConnectorLogin", STAGE_LOGIN},
    {"IWbemServices", 3, "OpenNamespace", STAGE_LOGIN},
    {"IWbemServices", 4, "CancelAsyncCall", STAGE_CONTROL},
    {"IWbemServices", 5, "QueryObjectSink", STAGE_WRITE},
    {"IWbemServices", 6, "GetObject", STAGE_READ},
    {"IWbemServices", 7, "GetObjectAsync", STAGE_READ},
    {"IWbemServices", 8, "PutClass", STAGE_WRITE},
    {"IWbemServices", 9, "PutClassAsync", STAGE_WRITE},
    {"IWbemServices", 10, "DeleteClass", STAGE_DELETE},
    {"IWbemServices", 11, "DeleteClassAsync", STAGE_DELETE},
    {"IWbemServices", 12, "CreateClassEnum", STAGE_ENUMERATE},
    {"IWbemServices", 13, "CreateClassEnumAsync", STAGE_ENUMERATE},
    {"IWbemServices", 14, "PutInstance", STAGE_WRITE},
    {"IWbemServices", 15, "PutInstanceAsync", STAGE_WRITE},
    {"IWbemServices", 16, "DeleteInstance", STAGE_DELETE},
    {"IWbemServices", 17, "DeleteInstanceAsync", STAGE_DELETE},
    {"IWbemServices", 18, "CreateInstanceEnum", STAGE_ENUMERATE},
    {"IWbemServices", 19, "CreateInstanceEnumAsync", STAGE_ENUMERATE},
    {"IWbemServices", 20, "ExecQuery", STAGE_QUERY},
    {"IWbemServices", 21, "ExecQueryAsync", STAGE_QUERY},
    {"IWbemServices", 22, "ExecNotificationQuery", STAGE_SUBSCRIBE},
    {"IWbemServices", 23, "ExecNotificationQueryAsync", STAGE_SUBSCRIBE},
    {"IWbemServices", 24, "ExecMethod", STAGE_EXECUTE},
    {"IWbemServices", 25, "ExecMethodAsync", STAGE_EXECUTE},
    {"IEnumWbemClassObject", 3, "Reset", STAGE_ENUMERATE},
    {"IEnumWbemClassObject", 4, "Next", STAGE_ENUMERATE},
    {"IEnumWbemClassObject", 5, "NextAsync", STAGE_ENUMERATE},
    {"IEnumWbemClassObject", 6, "Clone", STAGE_ENUMERATE},
    {"IEnumWbemClassObject", 7, "Skip", STAGE_ENUMERATE},
    {"IWbemCallResult", 3, "GetResultObject", STAGE_READ},
    {"IWbemCallResult", 4, "GetResultString", STAGE_READ},
    {"IWbemCallResult", 5, "GetResultServices", STAGE_LOGIN},
    {"IWbemCallResult", 6, "GetCallStatus", STAGE_CONTROL},
    {"IWbemFetchSmartEnum", 3, "GetSmartEnum", STAGE_ENUMERATE},
    {"IWbemWCOSmartEnum", 3, "Next", STAGE_ENUMERATE},
    {"IWbemObjectSink", 3, "Indicate", STAGE_READ},
    {"IWbemObjectSink", 4, "SetStatus", STAGE_CONTROL},
    {"IWbemObjectSinkEx", 3, "Indicate", STAGE_READ},
    {"IWbemObjectSinkEx", 4, "SetStatus", STAGE_CONTROL},
    {"IWbemObjectSinkEx", 5, "WriteMessage", STAGE_CONTROL},
    {"IWbemObjectSinkEx", 6, "WriteError", STAGE_CONTROL},
    {"IWbemObjectSinkEx", 7, "PromptUser", STAGE_CONTROL},
    {"IWbemObjectSinkEx", 8, "WriteProgress", STAGE_CONTROL},
    {"IWbemObjectSinkEx", 9, "WriteStreamParameter", STAGE_CONTROL},
    {"IWbemRefreshingServices", 3, "AddObjectToRefresher", STAGE_READ},
    {"IWbemRefreshingServices", 4, "AddObjectToRefresherByTemplate", STAGE_READ},
    {"IWbemRefreshingServices", 5, "AddEnumToRefresher", STAGE_ENUMERATE},
    {"IWbemRefreshingServices", 6, "RemoveObjectFromRefresher", STAGE_CONTROL},
    {"IWbemRefreshingServices", 7, "GetRemoteRefresher", STAGE_CONTROL},
    {"IWbemRefreshingServices", 8, "ReconnectRemoteRefresher", STAGE_CONTROL},
    {"IWbemRemoteRefresher", 3, "RemoteRefresh", STAGE_READ},
    {"IWbemRemoteRefresher", 4, "StopRefreshing", STAGE_CONTROL},
    {"IWbemRemoteRefresher", 5, "Opnum5NotUsedOnWire", STAGE_CONTROL},
    {"IWbemShutdown", 3, "Shutdown", STAGE_CONTROL},
    {"IUnsecuredApartment", 3, "CreateObjectStub", STAGE_CONTROL},
    {"IWbemUnsecuredApartment", 3, "CreateObjectStub", STAGE_CONTROL},
    {"IWbemUnsecuredApartment", 4, "CreateSinkStub", STAGE_CONTROL},
    {"IWbemBackupRestore", 3, "Backup", STAGE_READ},
    {"IWbemBackupRestore", 4, "Restore", STAGE_WRITE},
    {"IWbemBackupRestoreEx", 3, "Backup", STAGE_READ},
    {"IWbemBackupRestoreEx", 4, "Restore", STAGE_WRITE},
    {"IWbemBackupRestoreEx", 5, "Pause", STAGE_CONTROL},
    {"IWbemBackupRestoreEx", 6, "Resume", STAGE_CONTROL},
    {"ISystemActivator", 0, "Opnum0NotUsedOnWire", STAGE_CONTROL},
    {"ISystemActivator", 1, "Opnum1NotUsedOnWire", STAGE_CONTROL},
    {"ISystemActivator", 2, "Opnum2NotUsedOnWire", STAGE_CONTROL},
    {"ISystemActivator", 3, "RemoteGetClassObject", STAGE_CONTROL},
    {"ISystemActivator", 4, "RemoteCreateInstance", STAGE_CONTROL},
    {"IRemoteActivation", 0, "RemoteActivation", STAGE_CONTROL},
    {"IOXIDResolver", 0, "ResolveOxid", STAGE_CONTROL},
    {"IOXIDResolver", 1, "SimplePing", STAGE_CONTROL},
    {"IOXIDResolver", 2, "ComplexPing", STAGE_CONTROL},
    {"IOXIDResolver", 3, "ServerAlive", STAGE_CONTROL},
    {"IOXIDResolver", 4, "ResolveOxid2", STAGE_CONTROL},
    {"IOXIDResolver", 5, "ServerAlive2", STAGE_CONTROL},
    {"IRemUnknown", 3, "RemQueryInterface", STAGE_CONTROL},
    {"IRemUnknown", 4, "RemAddRef", STAGE_CONTROL},
    {"IRemUnknown", 5, "RemRelease", STAGE_CONTROL},
    {"IRemUnknown2", 3, "RemQueryInterface", STAGE_CONTROL},
    {"IRemUnknown2", 4, "RemAddRef", STAGE_CONTROL},
    {"IRemUnknown2", 5, "RemRelease", STAGE_CONTROL},
    {"IRemUnknown2", 6, "RemQueryInterface2", STAGE_CONTROL},
    {"IClassFactory", 3, "RemoteCreateInstance", STAGE_CONTROL},
    {"IClassFactory", 4, "RemoteLockServer", STAGE_CONTROL},
    {"IDispatch", 3, "GetTypeInfoCount", STAGE_READ},
    {"IDispatch", 4, "GetTypeInfo", STAGE_READ},
    {"IDispatch", 5, "GetIDsOfNames", STAGE_READ},
    {"IDispatch", 6, "Invoke", STAGE_EXECUTE},
};

static const Method unknown_methods[] = {
    {"IUnknown", 0, "QueryInterface", STAGE_CONTROL},
    {"IUnknown", 1, "AddRef", STAGE_CONTROL},
    {"IUnknown", 2, "Release", STAGE_CONTROL},
};
// clang-format on

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

static int compare_guids(const Guid *a, const Guid *b)
{
    if (a->data1 != b->data1)
        return a->data1 < b->data1 ? -1 : 1;
    if (a->data2 != b->data2)
        return a->data2 < b->data2 ? -1 : 1;
    if (a->data3 != b->data3)
        return a->data3 < b->data3 ? -1 : 1;
    return memcmp(a->data4, b->data4, sizeof(a->data4));
}

static const DcomInterface *dcom_find(const Guid *uuid)
{
    size_t low = 0, high = dcom_interfaces_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_guids(&dcom_interfaces[middle].interface.uuid, uuid);
        if (order == 0)
            return &dcom_interfaces[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const Interface *interface_find(const Guid *uuid)
{
    for (size_t i = 0; i < N_ELEMENTS(interfaces); i++)
        if (guid_equal(&interfaces[i].uuid, uuid))
            return &interfaces[i];
    const DcomInterface *other = dcom_find(uuid);
    return other ? &other->interface : NULL;
}

const Interface *interface_by_name(const char *name)
{
    for (size_t i = 0; i < N_ELEMENTS(interfaces); i++)
        if (strcmp(interfaces[i].name, name) == 0)
            return &interfaces[i];
    return NULL;
}

/** Its row among the interfaces of other services, NULL for one of the table above. */
static const DcomInterface *dcom_of(const Interface *interface)
{
    bool own = interface >= interfaces && interface < interfaces + N_ELEMENTS(interfaces);
    return own ? NULL : dcom_find(&interface->uuid);
}

static const Method *find_row(const char *interface, uint16_t opnum)
{
    for (size_t i = 0; i < N_ELEMENTS(methods); i++)
        if (methods[i].opnum == opnum && strcmp(methods[i].interface, interface) == 0)
            return &methods[i];
    return NULL;
}

const Method *method_find(const Interface *interface, uint16_t opnum)
{
    if (interface->family != FAMILY_ACTIVATION && opnum < N_ELEMENTS(unknown_methods))
        return &unknown_methods[opnum];
    const DcomInterface *other = dcom_of(interface);
    if (other)
        return interface->family == FAMILY_AUTOMATION && opnum < other->first_opnum ? find_row("IDispatch", opnum)
                                                                                    : NULL;
    return find_row(interface->name, opnum);
}

size_t method_name_find(const Interface *interface, uint16_t opnum, const char **name)
{
    const DcomInterface *other = dcom_of(interface);
    if (!other || opnum < other->first_opnum)
        return 0;
    const char *at = other->methods;
    for (unsigned i = other->first_opnum; i < opnum && *at; i++) {
        at += strcspn(at, " ");
        at += *at == ' ';
    }
    *name = at;
    return strcspn(at, " ");
}

bool interface_lacks_method(const Interface *interface, uint16_t opnum)
{
    const char *name;
    if (dcom_of(interface))
        return !method_find(interface, opnum) && method_name_find(interface, opnum, &name) == 0;
    bool any = false;
    for (size_t i = 0; i < N_ELEMENTS(methods); i++) {
        if (strcmp(methods[i].interface, interface->name) != 0)
            continue;
        any = true;
        if (methods[i].opnum >= opnum)
            return false;
    }
    return any && interface->family != FAMILY_AUTOMATION && opnum >= N_ELEMENTS(unknown_methods);
}
