// Command image writes an image of one static program as an OCI archive, without any container tool:
//
//	image -name REFERENCE -out TAR [-env NAME=VALUE]... [-link NAME]... PROGRAM [ARGUMENT]...
//
// Both "ctr images import" and "kind load image-archive" take it.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
)

const oci = "application/vnd.oci.image."

type object = map[string]any

type entry struct {
	name    string
	mode    int64
	content []byte
	link    string
}

func main() {
	log.SetFlags(0)
	name := flag.String("name", "", "the image's full reference")
	out := flag.String("out", "", "the archive to write")
	env := []string{}
	flag.Func("env", "a variable of the image, NAME=VALUE", func(v string) error { env = append(env, v); return nil })
	links := []string{}
	flag.Func("link", "another name of the program", func(v string) error { links = append(links, v); return nil })
	flag.Parse()
	if *name == "" || *out == "" || flag.NArg() == 0 {
		log.Fatal("usage: image -name REFERENCE -out TAR [-env NAME=VALUE]... [-link NAME]... PROGRAM [ARGUMENT]...")
	}
	program, err := os.ReadFile(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	inside := "/" + filepath.Base(flag.Arg(0))
	archive := image(*name, program, append([]string{inside}, flag.Args()[1:]...), env, links)
	if err := os.WriteFile(*out, archive, 0o644); err != nil {
		log.Fatal(err)
	}
}

func image(name string, program []byte, entrypoint, env, links []string) []byte {
	files := []entry{{name: entrypoint[0][1:], mode: 0o755, content: program}}
	for _, link := range links {
		files = append(files, entry{name: link, mode: 0o777, link: entrypoint[0]})
	}
	layer := pack(files...)
	config := encode(object{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config":       object{"Entrypoint": entrypoint, "Env": env, "User": "65534:65534"},
		// The layer is not compressed, so it has one digest for both of its names.
		"rootfs": object{"type": "layers", "diff_ids": []string{digest(layer)}},
	})
	manifest := encode(object{
		"schemaVersion": 2,
		"mediaType":     oci + "manifest.v1+json",
		"config":        descriptor("config.v1+json", config),
		"layers":        []object{descriptor("layer.v1.tar", layer)},
	})
	listed := descriptor("manifest.v1+json", manifest)
	listed["annotations"] = object{"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}
	index := encode(object{"schemaVersion": 2, "mediaType": oci + "index.v1+json", "manifests": []object{listed}})
	return pack(
		entry{name: "oci-layout", mode: 0o644, content: []byte(`{"imageLayoutVersion":"1.0.0"}`)},
		entry{name: "index.json", mode: 0o644, content: index},
		blob(config), blob(manifest), blob(layer),
	)
}

func descriptor(kind string, content []byte) object {
	return object{"mediaType": oci + kind, "digest": digest(content), "size": len(content)}
}

func blob(content []byte) entry {
	return entry{name: fmt.Sprintf("blobs/sha256/%x", sha256.Sum256(content)), mode: 0o644, content: content}
}

func digest(content []byte) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(content))
}

func encode(value object) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		log.Fatal(err)
	}
	return text
}

func pack(entries ...entry) []byte {
	var buffer bytes.Buffer
	archive := tar.NewWriter(&buffer)
	for _, e := range entries {
		header := tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.content))}
		if e.link != "" {
			header.Typeflag, header.Linkname = tar.TypeSymlink, e.link
		}
		err := archive.WriteHeader(&header)
		if err == nil {
			_, err = archive.Write(e.content)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		log.Fatal(err)
	}
	return buffer.Bytes()
}
