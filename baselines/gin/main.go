package main

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

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
	if err := router.RunListener(listener); err != nil {
		fmt.Fprintln(os.Stderr, "gin:", err)
		os.Exit(1)
	}
}
