package hello;

import java.util.Map;
import java.util.Optional;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import sun.misc.Signal;

@SpringBootApplication
@RestController
public class Application {

    public static void main(String[] args) {
        var context = SpringApplication.run(Application.class, args);
        for (var name : new String[] {"TERM", "INT"}) {
            Signal.handle(new Signal(name), signal -> System.exit(SpringApplication.exit(context)));
        }
        var environment = context.getEnvironment();
        System.out.printf("spring-boot listening on http://%s:%s%n",
            environment.getProperty("server.address"), environment.getProperty("local.server.port"));
    }

    @GetMapping("/")
    Map<String, String> hello(@RequestParam Optional<String> name) {
        return Map.of("message", "Hello " + name.orElse("World").strip() + "!");
    }
}
