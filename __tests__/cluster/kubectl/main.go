// Command kubectl is what an image with kubectl and a shell has, as one static program; the name that it is called by says
// which of its parts is meant: kubectl, sh or sleep.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "kubectl":
		if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
			util.CheckErr(err)
		}
	case "sh":
		os.Exit(shell(os.Args[1:]))
	case "sleep":
		sleep(os.Args[1:])
	default:
		fail("there is no %s", name)
	}
}

// shell runs sh -c SCRIPT as POSIX says.
func shell(args []string) int {
	if len(args) != 2 || args[0] != "-c" {
		fail("usage: sh -c SCRIPT")
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(args[1]), "sh")
	if err != nil {
		fail("%v", err)
	}
	runner, err := interp.New(interp.StdIO(nil, os.Stdout, os.Stderr))
	if err != nil {
		fail("%v", err)
	}
	err = runner.Run(context.Background(), file)
	var status interp.ExitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	if err != nil {
		fail("%v", err)
	}
	return 0
}

func sleep(args []string) {
	if len(args) != 1 {
		fail("usage: sleep SECONDS")
	}
	duration, err := time.ParseDuration(args[0] + "s")
	if err != nil {
		fail("%v", err)
	}
	time.Sleep(duration)
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(2)
}
