// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Looks into objects that were read.
 */
#ifndef WMIO_PROPERTY_H
#define WMIO_PROPERTY_H

#include "wire/wmio.h"

/** Property of that name (ASCII case ignored, as WMI does), NULL when there is none. */
const WmioProperty *wmio_property(const WmioObject *object, const char *name);

#endif
