"""Exit 0 when this container's web server answers 200 on the given path. Called by the healthcheck of `web`."""

import os
import sys
from http import HTTPStatus
from http.client import HTTPConnection


def main() -> int:
    host = os.environ["PRM_ALLOWED_HOSTS"].split(",")[0].strip().lstrip(".")
    server = HTTPConnection("127.0.0.1", 8000, timeout=5)
    server.request("GET", sys.argv[1], headers={"Host": host})
    return int(server.getresponse().status != HTTPStatus.OK)


if __name__ == "__main__":
    sys.exit(main())
