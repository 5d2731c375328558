"""End a process when its parent has died, even by SIGKILL, so that nothing goes on without a supervisor."""

import multiprocessing
import os
import signal
import sys
import threading


def exit_with_parent() -> None:
    """Exit as soon as the parent dies. Do nothing in a process that multiprocessing did not start."""
    parent = multiprocessing.parent_process()

    def wait_for_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait_for_parent, daemon=True).start()


def stop_at_eof() -> None:
    """Interrupt this process when standard input ends: its writer, the supervisor, has died or wants it to stop."""

    def read_until_eof() -> None:
        while os.read(sys.stdin.fileno(), 1024):  # a reader of Python would be locked when the interpreter ends
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=read_until_eof, daemon=True).start()
