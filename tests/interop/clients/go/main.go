// Interop is a client on grpc-go and the stubs alone; its options are those of every client.
package main

import (
	"flag"
	"fmt"
	"os"

	"google.golang.org/grpc"
)

func main() {
	version := flag.Bool("version", false, "print the library's name and version")
	address := flag.String("address", "", "HOST:PORT")
	name := flag.String("case", "", "which case")
	flag.Parse()
	if *version {
		fmt.Println("grpc-go", grpc.Version)
		return
	}
	if err := run(*address, *name); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(address, name string) error {
	try, known := cases[name]
	if !known {
		return fmt.Errorf("there is no case %q", name)
	}
	service, err := connect(address, name == "keepalive-10s")
	if err != nil {
		return err
	}
	defer service.Close()
	return try(service)
}
