#!/usr/bin/env python3
"""choose_file.py PID PATH: types a path into the file dialog of a program and accepts it, as a person does.

The dialog is the toolkit's and no part of the page, so WebDriver cannot reach it. Keys go through the display (XTEST); without
a window manager nobody gives the dialog the keyboard but this.
"""

import ctypes
import ctypes.util
import sys
import time

sys.dont_write_bytecode = True
from x_windows import atom, display, first_number, is_seen, windows_of, x  # noqa: E402

SHIFT, CONTROL, RETURN = 0xFFE1, 0xFFE3, 0xFF0D
TO_PARENT = 2
WITHIN_S = 60

test = ctypes.CDLL(ctypes.util.find_library("Xtst") or "libXtst.so.6")
test.XTestFakeKeyEvent.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_ulong]


def dialog(pid):
    """The program's file dialog, once it can be seen."""
    for window in windows_of(pid):
        if first_number(window, "_NET_WM_WINDOW_TYPE") == atom("_NET_WM_WINDOW_TYPE_DIALOG") and is_seen(window):
            return window
    return None


def press(symbol, *held):
    codes = [x.XKeysymToKeycode(display, one) for one in (*held, symbol)]
    for code in codes:
        test.XTestFakeKeyEvent(display, code, True, 0)
    for code in reversed(codes):
        test.XTestFakeKeyEvent(display, code, False, 0)
    x.XSync(display, False)


def write(text):
    for letter in text:
        symbol = ord(letter)
        plain = x.XkbKeycodeToKeysym(display, x.XKeysymToKeycode(display, symbol), 0, 0) == symbol
        press(symbol, *([] if plain else [SHIFT]))


def wait_for(what, look):
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    sys.exit(f"choose_file.py: waited in vain: {what}")


pid, path = int(sys.argv[1]), sys.argv[2]
window = wait_for("the dialog", lambda: dialog(pid))
x.XSetInputFocus(display, window, TO_PARENT, 0)
x.XSync(display, False)
press(ord("a"), CONTROL)
write(path)


def accepted():
    """A first Return may only take what was offered to complete the path."""
    if dialog(pid) is None:
        return True
    press(RETURN)
    time.sleep(0.5)
    return dialog(pid) is None


wait_for("the dialog is gone", accepted)
