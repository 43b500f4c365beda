// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/worth.h"

Worth record_worth(const Record *record)
{
    Worth worth = record->calls->len > 0 ? WORTH_CALLED : WORTH_ASKED;
    for (guint i = 0; i < record->interfaces->len && worth == WORTH_ASKED; i++) {
        if (g_array_index(record->interfaces, OfferedInterface, i).accepted == ANSWER_YES)
            worth = WORTH_CALLED;
    }
    for (guint i = 0; i < record->calls->len; i++) {
        const RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        if (call->stage >= STAGE_DELETE)
            return WORTH_DONE;
        if (call->response_frame)
            worth = WORTH_ANSWERED;
    }
    return worth;
}
