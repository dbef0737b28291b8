// Go's net/http with server-sent events, and gorilla/websocket.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
var refusedSockets, refusedEvents int32 = 5, 1

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/events", ticks)
	mux.HandleFunc("/private/events", guard(byHeader, ticks))
	mux.HandleFunc("/busy/events", busy(&refusedEvents, ticks))
	mux.HandleFunc("/stream", answer)
	mux.HandleFunc("/ws", echo)
	mux.HandleFunc("/private", guard(byQuery, echo))
	mux.HandleFunc("/busy", busy(&refusedSockets, echo))
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), cors(mux)); err != nil {
		panic(err)
	}
}

func cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", "retry-after")
		w.Header().Set("Access-Control-Allow-Headers", "last-event-id, authorization, content-type, cache-control")
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func byHeader(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer secret" }
func byQuery(r *http.Request) bool  { return r.URL.Query().Get("token") == "secret" }

func guard(welcome func(*http.Request) bool, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !welcome(r) {
			http.Error(w, "token wanted", http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

func busy(left *int32, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if atomic.AddInt32(left, -1) >= 0 {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		}
		next(w, r)
	}
}

func send(w http.ResponseWriter, format string, values ...any) {
	fmt.Fprintf(w, format, values...)
	w.(http.Flusher).Flush()
}

func ticks(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	n, _ := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	for r.Context().Err() == nil {
		n++
		send(w, "id: %d\nevent: tick\ndata: {\"n\":%d}\n\n", n, n)
		time.Sleep(20 * time.Millisecond)
	}
}

func answer(w http.ResponseWriter, r *http.Request) {
	var question struct{ Prompt string }
	if err := json.NewDecoder(r.Body).Decode(&question); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, word := range strings.Fields(question.Prompt) {
		content, _ := json.Marshal(word + " ")
		send(w, "data: {\"choices\":[{\"delta\":{\"content\":%s}}]}\n\n", content)
		time.Sleep(5 * time.Millisecond)
	}
	send(w, "data: [DONE]\n\n")
}

func echo(w http.ResponseWriter, r *http.Request) {
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer socket.Close()
	for {
		kind, message, err := socket.ReadMessage()
		if err != nil || socket.WriteMessage(kind, message) != nil {
			return
		}
	}
}
