// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/basis.h"

static Basis source_basis(const char *kind)
{
    if (g_str_has_prefix(kind, "wire:SetClientInfo"))
        return BASIS_CLIENT;
    return g_str_equal(kind, "wire:ExecMethod") ? BASIS_SEEN : BASIS_INFERRED;
}

Basis process_basis(const Process *process)
{
    bool logged = process->log_sources && process->log_sources->len > 0;
    return logged && !process->inferred ? BASIS_LOG : wire_basis(process);
}

Basis wire_basis(const Process *process)
{
    if (process->inferred)
        return BASIS_INFERRED;
    return process->sources->len ? source_basis(g_array_index(process->sources, ProcessSource, 0).kind) : BASIS_UNKNOWN;
}

Basis host_basis(const Record *record, const RecordEnd *end)
{
    if (!end->host && !end->fqdn)
        return BASIS_UNKNOWN;
    if (end->host_inferred || end->fqdn_inferred)
        return BASIS_INFERRED;
    if (record->frames.first == 0)
        return BASIS_LOG;
    return end == &record->client ? BASIS_CLIENT : BASIS_SEEN;
}

Basis auth_basis(const Auth *auth)
{
    if (!auth->user)
        return BASIS_UNKNOWN;
    return auth->user_log ? BASIS_LOG : user_source_basis(auth->user_source);
}

Basis call_basis(const RecordCall *call)
{
    if (call->content_source)
        return BASIS_LOG;
    bool told = call->query || call->object_path || call->class_name || call->wmi_method || call->command_line ||
                call->properties;
    return told ? BASIS_SEEN : BASIS_UNKNOWN;
}
