#!/usr/bin/env python3
"""close_window.py PID: asks the windows of a program to close, as the cross in their frame does.

WebDriver's own way ends the program by force. The display has no window manager under test, so the request that one
would send (ICCCM, WM_DELETE_WINDOW) is sent from here, through the X library that the program's window needs anyway.
"""

import ctypes
import ctypes.util
import sys

CLIENT_MESSAGE = 33


class ClientMessage(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int), ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong), ("message_type", ctypes.c_ulong), ("format", ctypes.c_int), ("data", ctypes.c_long * 5),
    ]


class Event(ctypes.Union):
    _fields_ = [("client", ClientMessage), ("pad", ctypes.c_long * 24)]


x = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
x.XOpenDisplay.restype = ctypes.c_void_p
x.XOpenDisplay.argtypes = [ctypes.c_char_p]
x.XDefaultRootWindow.restype = ctypes.c_ulong
x.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
x.XInternAtom.restype = ctypes.c_ulong
x.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
x.XQueryTree.argtypes = [ctypes.c_void_p, ctypes.c_ulong] + [ctypes.c_void_p] * 4
x.XGetWindowProperty.argtypes = (
    [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_long, ctypes.c_long, ctypes.c_int, ctypes.c_ulong]
    + [ctypes.c_void_p] * 5
)
x.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
x.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]
x.XFree.argtypes = [ctypes.c_void_p]

display = x.XOpenDisplay(None)
if not display:
    sys.exit("close_window.py: no display")


def atom(name):
    return x.XInternAtom(display, name.encode(), False)


def first_number(window, name):
    """The first number of a property, or None."""
    kind, form, count, rest = ctypes.c_ulong(), ctypes.c_int(), ctypes.c_ulong(), ctypes.c_ulong()
    data = ctypes.POINTER(ctypes.c_ulong)()
    x.XGetWindowProperty(
        display, window, atom(name), 0, 8, False, 0,
        *map(ctypes.byref, (kind, form, count, rest, data)),
    )
    found = data[0] if count.value and form.value == 32 else None
    if data:
        x.XFree(data)
    return found


def below(window):
    root, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
    children = ctypes.POINTER(ctypes.c_ulong)()
    x.XQueryTree(display, window, *map(ctypes.byref, (root, parent, children, count)))
    found = list(children[: count.value]) if children else []
    if children:
        x.XFree(children)
    for child in found:
        yield child
        yield from below(child)


asked = 0
for window in below(x.XDefaultRootWindow(display)):
    # Only a window that a person can see takes part in WM_PROTOCOLS; the toolkit has hidden ones of its own.
    if first_number(window, "_NET_WM_PID") == int(sys.argv[1]) and first_number(window, "WM_PROTOCOLS"):
        event = Event()
        event.client.type, event.client.window, event.client.format = CLIENT_MESSAGE, window, 32
        event.client.message_type = atom("WM_PROTOCOLS")
        event.client.data[0] = atom("WM_DELETE_WINDOW")
        x.XSendEvent(display, window, False, 0, ctypes.byref(event))
        asked += 1
x.XSync(display, False)
if not asked:
    sys.exit("close_window.py: the program has no window")
