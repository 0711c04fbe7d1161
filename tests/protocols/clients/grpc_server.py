"""A gRPC server without descriptions: methods take and give bytes. With a certificate and its
key as arguments it speaks TLS. Prints its port."""
import sys
import time
from concurrent import futures

import grpc


def unary(request, context):
    context.send_initial_metadata((("x-initial", "first"),))
    context.set_trailing_metadata((("x-trailing", "last"), ("x-bin-bin", b"\x00\xff")))
    if request == b"fail":
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "as you wish: ü")
    if request == b"slow":
        time.sleep(30)
    return b"echo " + request


def down(request, context):
    for n in range(int(request)):
        yield b"piece %d" % n


def up(requests, context):
    return b"%d" % sum(len(request) for request in requests)


def both(requests, context):
    for request in requests:
        yield b"echo " + request


class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        return {
            "/test.Echo/Unary": grpc.unary_unary_rpc_method_handler(unary),
            "/test.Echo/Down": grpc.unary_stream_rpc_method_handler(down),
            "/test.Echo/Up": grpc.stream_unary_rpc_method_handler(up),
            "/test.Echo/Both": grpc.stream_stream_rpc_method_handler(both),
        }.get(details.method)


server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), handlers=(Handler(),))
if len(sys.argv) > 2:
    pair = (open(sys.argv[2], "rb").read(), open(sys.argv[1], "rb").read())
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
else:
    port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
