"""A worker without Blender that misbehaves on demand: run as a script, it speaks the protocol of the pool."""

import json
import os
import signal
import sys
from pathlib import Path


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    hello = json.loads(sys.stdin.readline())
    mode = hello.get("mode", "")
    if mode == "never ready":
        sys.exit("no licence for this machine")
    say(json.dumps({"ready": True}))
    served = 0
    for line in sys.stdin:
        request = json.loads(line)
        deed = request.get("deed", "work")
        marker = Path(request["marker"]) if "marker" in request else None
        if marker is not None:
            if marker.exists():
                deed = "work"  # it misbehaves only the first time
            marker.touch()
        if deed == "die":
            sys.stderr.write("Segmentation fault (core dumped)\n")
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGSEGV)
        if deed == "hang":
            with Path(hello["hung"]).open("a") as file:
                file.write(f"{os.getpid()}\n")
            sys.stdin.read()  # until the pool ends it, or is gone
        if deed == "garbage":
            say("Fra:1 Mem:12M | Saved: somewhere\n[1, 2]\n{broken")
        if deed == "other id":
            say(json.dumps({"id": -5, "square": 0}))
        if deed == "error":
            say(json.dumps({"id": request["id"], "error": "KeyError: no such appearance"}))
            continue
        served += 1
        answer = {"id": request["id"], "square": request["n"] ** 2, "pid": os.getpid(), "served": served}
        say(json.dumps(answer | {"rss_mb": request.get("rss_mb", 100)}))


if __name__ == "__main__":
    main()
