package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/gin-gonic/gin"
)

func hello(c *gin.Context) {
	name := strings.TrimSpace(c.DefaultQuery("name", "World"))
	c.JSON(http.StatusOK, gin.H{"message": fmt.Sprintf("Hello %s!", name)})
}

func main() {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.GET("/", hello)
	address := net.JoinHostPort(cmp.Or(os.Getenv("HOST"), "127.0.0.1"), cmp.Or(os.Getenv("PORT"), "3000"))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, "gin:", err)
		os.Exit(1)
	}
	fmt.Printf("gin listening on http://%s\n", listener.Addr())
	server := &http.Server{Handler: router.Handler()}
	stop, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		if err := server.Serve(listener); err != http.ErrServerClosed {
			fmt.Fprintln(os.Stderr, "gin:", err)
			os.Exit(1)
		}
	}()
	<-stop.Done()
	_ = server.Shutdown(context.Background())
}
