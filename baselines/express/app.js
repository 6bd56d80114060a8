import process from "node:process";
import express from "express";

const app = express();
app.disable("x-powered-by");

app.get("/", (request, response) => {
  const { name = "World" } = request.query;
  response.json({ message: `Hello ${String(name).trim()}!` });
});

const server = app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? "127.0.0.1", () => {
  const { address, port } = server.address();
  console.log(`express listening on http://${address}:${port}`);
});

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => process.exit(0));
}
