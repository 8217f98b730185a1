#!/usr/bin/env bash
# mcp 2.3.0: a server on standard input and output does not end at Ctrl-C as long as its client keeps the pipe open.
#
# One would expect SIGINT to end `server.run()`, as it ends the same server over HTTP.
# The server cancels its tasks and then waits for the thread that reads standard input. Nothing wakes that thread. The
# process stays, deaf also to the second signal, until the client closes the pipe, and then prints a traceback.
#
# A user meets this if a host hangs and somebody wants to end the server alone: only SIGKILL does it. This project
# therefore hears the signals itself, ends the work, and leaves.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mcp==2.3.0
cd "$folder"
cat > server.py <<'PY'
from mcp.server.mcpserver import MCPServer

MCPServer("deaf").run()
PY
"$folder/venv/bin/python" - <<'PY'
import json
import signal
import subprocess
import sys

hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
server = subprocess.Popen(
    [sys.executable, "server.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
)
server.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}).encode() + b"\n")
server.stdin.flush()
assert b'"deaf"' in server.stdout.readline()
for number in (1, 2):
    server.send_signal(signal.SIGINT)
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        print(f"five seconds after signal {number}: still there")
assert server.poll() is None
server.stdin.close()
print("exit code once the pipe is closed:", server.wait(30))
assert b"KeyboardInterrupt" in server.stderr.read()
PY
