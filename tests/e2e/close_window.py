#!/usr/bin/env python3
"""close_window.py PID: asks the windows of a program to close, as the cross in their frame does.

WebDriver's own way ends the program by force. The display has no window manager under test, so the request that one
would send (ICCCM, WM_DELETE_WINDOW) is sent from here.
"""

import ctypes
import sys

sys.dont_write_bytecode = True
from x_windows import atom, display, windows_of, x  # noqa: E402

CLIENT_MESSAGE = 33


class ClientMessage(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int), ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong), ("message_type", ctypes.c_ulong), ("format", ctypes.c_int), ("data", ctypes.c_long * 5),
    ]


class Event(ctypes.Union):
    _fields_ = [("client", ClientMessage), ("pad", ctypes.c_long * 24)]


asked = 0
for window in windows_of(int(sys.argv[1])):
    event = Event()
    event.client.type, event.client.window, event.client.format = CLIENT_MESSAGE, window, 32
    event.client.message_type = atom("WM_PROTOCOLS")
    event.client.data[0] = atom("WM_DELETE_WINDOW")
    x.XSendEvent(display, window, False, 0, ctypes.byref(event))
    asked += 1
x.XSync(display, False)
if not asked:
    sys.exit("close_window.py: the program has no window")
