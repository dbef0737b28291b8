// nhooyr.io/websocket; refuses by close codes after the handshake.
package main

import (
	"net/http"
	"os"
	"sync/atomic"

	"nhooyr.io/websocket"
)

var refused int32 = 1

func main() {
	http.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) { serve(w, r, 0, "") })
	http.HandleFunc("/private", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("token") == "secret" {
			serve(w, r, 0, "")
		} else {
			serve(w, r, 4401, "token wanted")
		}
	})
	http.HandleFunc("/busy", func(w http.ResponseWriter, r *http.Request) {
		if atomic.AddInt32(&refused, -1) >= 0 {
			serve(w, r, websocket.StatusTryAgainLater, `{"retry_ms":500}`)
		} else {
			serve(w, r, 0, "")
		}
	})
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {
		panic(err)
	}
}

func serve(w http.ResponseWriter, r *http.Request, refusal websocket.StatusCode, reason string) {
	socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	if refusal != 0 {
		socket.Close(refusal, reason)
		return
	}
	defer socket.Close(websocket.StatusInternalError, "")
	for {
		kind, message, err := socket.Read(r.Context())
		if err != nil || socket.Write(r.Context(), kind, message) != nil {
			return
		}
	}
}
