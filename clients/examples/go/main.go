// Command device is a device of Unisono, written by docs/devices.md alone: an example for other languages.
//
// It prints a line of JSON for each complete point, ring, and end of a stream. On its standard input it takes lines
// such as "read ID" and "dismiss ID".
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	pb "unisono/v1"
)

func main() {
	server, device := &Server{Token: os.Getenv("UNISONO_TOKEN")}, &Device{Platform: pb.DevicePlatform_DEVICE_PLATFORM_LINUX}
	flag.StringVar(&server.Target, "target", "127.0.0.1:50051", "host and port of the server")
	flag.StringVar(&server.TokenFile, "token-file", "", "a file with the access token, read anew when that expires")
	flag.StringVar(&server.TokenCommand, "token-command", "", "a shell command that prints the access token")
	flag.StringVar(&server.Authority, "ca", "", "a file with the certificate of the server's issuer")
	flag.StringVar(&device.Store.path, "store", "device.json", "the file in which the device keeps what it holds")
	flag.DurationVar(&device.Heartbeat, "heartbeat", 0, "how long the server may be silent, from 5s to 5m")
	flag.BoolVar(&device.Printer.Trace, "trace", false, "print requests and messages, too")
	endpointID := flag.String("endpoint", "go-"+rand.Text(), "the id of the device, when it is started for the first time")
	flag.Parse()

	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	device.Server = server
	err := device.Load(*endpointID)
	if err == nil {
		device.Commands = commands()
		err = device.Run(ctx)
	}
	if ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "device:", err)
		os.Exit(1)
	}
}

// actions are the commands, and what each asks for.
var actions = map[string]State{
	"read":     {Read: pb.ReadState_READ_STATE_READ},
	"unread":   {Read: pb.ReadState_READ_STATE_UNREAD},
	"dismiss":  {Action: Action{State: pb.UserActionState_USER_ACTION_STATE_DISMISSED}},
	"activate": {Action: Action{State: pb.UserActionState_USER_ACTION_STATE_ACTIVATED}},
}

// commands returns what lines of the standard input ask for, such as "read ID".
func commands() <-chan Command {
	asked := make(chan Command)
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			words := strings.Fields(lines.Text())
			if len(words) == 2 && actions[words[0]] != (State{}) {
				asked <- Command{words[1], actions[words[0]]}
			} else {
				fmt.Fprintln(os.Stderr, "device: say read, unread, dismiss or activate, and an id")
			}
		}
	}()
	return asked
}
