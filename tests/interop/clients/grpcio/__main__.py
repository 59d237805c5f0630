"""A client on grpcio and the stubs alone; its options are those of every client."""

import argparse
import sys

import grpc

from tests.interop.clients.expectations import CaseFailed
from tests.interop.clients.grpcio.cases import CASES
from tests.interop.clients.grpcio.service import Service


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", action="version", version=f"grpcio {grpc.__version__}")
    parser.add_argument("--address", required=True)
    parser.add_argument("--case", required=True, choices=CASES)
    asked = parser.parse_args()
    try:
        CASES[asked.case](Service(asked.address, ping=asked.case == "keepalive-10s"))
    except CaseFailed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    except grpc.RpcError as error:
        sys.stderr.write(f"{error.code().name}: {error.details()}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
