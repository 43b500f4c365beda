# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds packet captures of remote WMI, of other DCOM and of other RPC: bytes first, conversations on top of them.

From the bottom: `ndr`, `objref`, `orpc` (what stands in stubs), `wmio` (CIM objects), `activation`, `wmi` (stubs of
calls), `asn1`, `spnego`, `kerberos`, `ntlm`, `security` (authentication), `dcerpc` (PDUs), `ip`, `tcp` (packets and what
happens to them on the way), `rpc` (a conversation that remembers what it carried and where), `capture` (files),
`scenario` (whole sessions).

A capture is made in a `Lab`, which keeps the clock, the random bytes and the packets; the same seed gives the same
bytes:

    lab = Lab(seed=1)
    session = scenario.wmi_session(lab, sealed=False)       # activation, object connection, login
    call = session.create_process("notepad.exe")            # ExecMethod of Win32_Process.Create
    capture = lab.capture()
    capture.number(call.requests[0])                        # the frame that completes the request
    capture.numbers(session.rpc.tcp.packets)                # all frames of the object connection
    capture.write("case.pcapng")
"""
