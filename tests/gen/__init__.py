# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds packet captures of remote WMI, of other DCOM and of other RPC: bytes first, conversations on top of them.

From the bottom: `ndr`, `objref`, `orpc` (what stands in stubs), `wmio` (CIM objects), `activation`, `wmi`, `automation`
(stubs of calls), `asn1`, `kerberos`, `ntlm`, `security` (authentication), `dcerpc` (PDUs), `ip`, `tcp` (packets), `rpc`
(a conversation that remembers what it carried and where), `capture` (files), `scenario` (whole sessions).
"""
