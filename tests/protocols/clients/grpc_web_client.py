"""Calls grpc_server.py as a browser does, over HTTP/1.1: grpc_web_client.py HOST:PORT. Ends with
an error at the first surprise."""
import http.client
import struct
import sys

connection = http.client.HTTPConnection(sys.argv[1], timeout=20)


def call(method, message, kind="application/grpc-web+proto"):
    frame = struct.pack(">BI", 0, len(message)) + message
    fields = {"content-type": kind, "x-grpc-web": "1", "accept": kind}
    connection.request("POST", "/test.Echo/" + method, frame, fields)
    answer = connection.getresponse()
    return answer, answer.read()


def frames(body):
    while body:
        flags, length = struct.unpack(">BI", body[:5])
        assert len(body) >= 5 + length, (len(body), length)
        yield flags, body[5 : 5 + length]
        body = body[5 + length :]


def trailers(payload):
    lines = payload.decode().split("\r\n")
    assert lines.pop() == "", payload
    return dict(line.split(":", 1) for line in lines)


answer, body = call("Unary", b"hello")
assert answer.status == 200 and answer.getheader("content-type") == "application/grpc-web", answer.headers
assert answer.getheader("x-initial") == "first"
(data, said), (end, last) = frames(body)
assert (data, said, end) == (0, b"echo hello", 0x80), body
last = trailers(last)
assert last["grpc-status"] == "0" and last["x-trailing"] == "last", last

answer, body = call("Unary", b"x" * 1_000_000)
(data, said), (end, last) = frames(body)
assert said == b"echo " + b"x" * 1_000_000

answer, body = call("Unary", b"fail")
(end, last), = frames(body) if body else [(0x80, b"".join(b"%s:%s\r\n" % (k.lower().encode(), v.encode("latin-1")) for k, v in answer.getheaders()))]
assert trailers(last)["grpc-status"] == "9", (answer.headers, body)

answer, body = call("Down", b"1000")
*pieces, (end, last) = frames(body)
assert [piece for _, piece in pieces] == [b"piece %d" % n for n in range(1000)]
assert end == 0x80 and trailers(last)["grpc-status"] == "0"

# Its text form is not translated: the endpoint says that it does not know it.
answer, body = call("Unary", b"hello", "application/grpc-web-text")
assert answer.getheader("content-type") != "application/grpc-web-text", answer.headers
assert b"echo" not in body and answer.getheader("grpc-status") != "0", (answer.status, answer.headers, body)
print("ok")
