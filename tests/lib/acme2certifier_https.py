"""Serves acme2certifier over TLS: PORT CERTIFICATE KEY. Its configuration is what ACME_SRV_CONFIGFILE names."""
import importlib.util
import os
import socketserver
import ssl
import sys
import wsgiref.simple_server

import acme2certifier

PORT, CERTIFICATE, KEY = int(sys.argv[1]), sys.argv[2], sys.argv[3]


class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


# Its application lies beside its modules, as an example for web servers.
path = os.path.join(os.path.dirname(acme2certifier.__file__), "share", "acme2certifier_wsgi.py")
spec = importlib.util.spec_from_file_location("acme2certifier_wsgi", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

server = wsgiref.simple_server.make_server("127.0.0.1", PORT, module.application, server_class=Server)
# Or its addresses begin with http.
server.base_environ["HTTPS"] = "on"
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(CERTIFICATE, KEY)
server.socket = tls.wrap_socket(server.socket, server_side=True)
server.serve_forever()
