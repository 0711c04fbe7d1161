"""Calls each kind of method of grpc_server.py at TARGET, over TLS when a file of those who
sign is given: grpc_client.py TARGET [CA [NAME]]. Ends with an error at the first surprise."""
import queue
import sys

import grpc

target = sys.argv[1]
if len(sys.argv) > 2:
    credentials = grpc.ssl_channel_credentials(open(sys.argv[2], "rb").read())
    options = [("grpc.ssl_target_name_override", sys.argv[3])] if len(sys.argv) > 3 else []
    channel = grpc.secure_channel(target, credentials, options)
else:
    channel = grpc.insecure_channel(target)

unary = channel.unary_unary("/test.Echo/Unary")
response, call = unary.with_call(b"hello", timeout=20)
assert response == b"echo hello", response
assert ("x-initial", "first") in call.initial_metadata(), call.initial_metadata()
trailing = dict(call.trailing_metadata())
assert trailing["x-trailing"] == "last" and trailing["x-bin-bin"] == b"\x00\xff", trailing

large = b"x" * 3_000_000
assert unary(large, timeout=20) == b"echo " + large

try:
    unary(b"fail", timeout=20)
    raise SystemExit("an error was expected")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
    assert error.details() == "as you wish: ü", error

try:
    unary(b"slow", timeout=0.5)
    raise SystemExit("the deadline was expected")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error

pieces = list(channel.unary_stream("/test.Echo/Down")(b"1000", timeout=20))
assert pieces == [b"piece %d" % n for n in range(1000)], len(pieces)

total = channel.stream_unary("/test.Echo/Up")((b"y" * 1000 for _ in range(500)), timeout=20)
assert total == b"500000", total

# One at a time: each is sent only after the answer to the one before it.
outbox = queue.Queue()
answers = channel.stream_stream("/test.Echo/Both")(iter(outbox.get, None), timeout=20)
for n in range(50):
    outbox.put(b"%d" % n)
    assert next(answers) == b"echo %d" % n
outbox.put(None)
assert list(answers) == []

try:
    channel.unary_unary("/test.Echo/Nothing")(b"", timeout=20)
    raise SystemExit("an error was expected")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error
print("ok")
