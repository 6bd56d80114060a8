import express from "express";

const app = express();
app.disable("x-powered-by");

app.get("/", (request, response) => {
  const { name = "World" } = request.query;
  response.json({ message: `Hello ${String(name).trim()}!` });
});

const host = Deno.env.get("HOST") ?? "127.0.0.1";
const server = app.listen(Number(Deno.env.get("PORT") ?? 3000), host, () => {
  console.log(`deno listening on http://${host}:${server.address().port}`);
});

for (const signal of ["SIGTERM", "SIGINT"]) {
  Deno.addSignalListener(signal, () => Deno.exit(0));
}
