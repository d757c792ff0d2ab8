"""Windows of a program on the display, through the X library that the program's own window needs anyway."""

import ctypes
import ctypes.util
import sys

VIEWABLE = 2

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
x.XGetWindowAttributes.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p]
x.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
x.XSetInputFocus.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_ulong]
x.XKeysymToKeycode.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
x.XKeysymToKeycode.restype = ctypes.c_ubyte
x.XkbKeycodeToKeysym.argtypes = [ctypes.c_void_p, ctypes.c_ubyte, ctypes.c_int, ctypes.c_int]
x.XkbKeycodeToKeysym.restype = ctypes.c_ulong
x.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]
x.XFree.argtypes = [ctypes.c_void_p]

display = x.XOpenDisplay(None)
if not display:
    sys.exit("there is no display")


class Attributes(ctypes.Structure):
    """XWindowAttributes as far as it is looked at, with room for the rest."""

    _fields_ = [("before", ctypes.c_char * 92), ("map_state", ctypes.c_int), ("rest", ctypes.c_char * 64)]


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


def is_seen(window):
    attributes = Attributes()
    return bool(x.XGetWindowAttributes(display, window, ctypes.byref(attributes))) and attributes.map_state == VIEWABLE


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


def windows_of(pid):
    """Only a window that a person can see takes part in WM_PROTOCOLS; the toolkit has hidden ones of its own."""
    for window in below(x.XDefaultRootWindow(display)):
        if first_number(window, "_NET_WM_PID") == pid and first_number(window, "WM_PROTOCOLS"):
            yield window
