// SPDX-License-Identifier: Apache-2.0

// chat-http is http/server.js with Go's net/http.
// usage: chat-http PORT
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
)

var (
	mutex   sync.Mutex
	streams = map[http.ResponseWriter]bool{}
)

func everyone(text string) {
	mutex.Lock()
	defer mutex.Unlock()
	for stream := range streams {
		io.WriteString(stream, text)
		stream.(http.Flusher).Flush()
	}
}

func listen(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	mutex.Lock()
	io.WriteString(w, "retry: 100000\n\n")
	w.(http.Flusher).Flush()
	streams[w] = true
	mutex.Unlock()
	<-r.Context().Done()
	mutex.Lock()
	delete(streams, w)
	mutex.Unlock()
}

func answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	publishes := r.Method == "POST" && strings.HasPrefix(r.URL.Path, "/api/send")
	refused := strings.HasPrefix(string(body), "refuse")
	if publishes && !refused {
		everyone("id: 1\ndata: " + string(body) + "\n\n")
	}
	switch {
	case refused:
		w.WriteHeader(http.StatusUnprocessableEntity)
	case publishes:
		w.WriteHeader(http.StatusCreated)
	}
	io.WriteString(w, "{")
	if len(body)%3 == 0 { // in chunks, else with its length
		w.(http.Flusher).Flush()
	}
	io.WriteString(w, "\"done\":true}")
}

func command(line []byte) {
	var asked struct {
		Do    string
		Count int
	}
	if json.Unmarshal(line, &asked) != nil {
		os.Exit(2)
	}
	switch asked.Do {
	case "beat":
		for i := 0; i < asked.Count; i++ {
			everyone(": beat\n\n")
		}
	case "retry":
		everyone("retry: 5000\n\n")
	}
	fmt.Println("{}")
}

func main() {
	http.HandleFunc("/events", listen)
	http.HandleFunc("/", answer)
	go func() {
		fmt.Fprintln(os.Stderr, http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
		os.Exit(1)
	}()
	for {
		if answer, err := http.Get("http://127.0.0.1:" + os.Args[1] + "/up"); err == nil {
			answer.Body.Close()
			break
		}
	}
	fmt.Println("{}")
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		command(input.Bytes())
	}
}
