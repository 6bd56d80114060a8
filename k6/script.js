// The same load for every service: k6 run k6/script.js
//
// SCENARIO  a key of scenarios.json (default delay-1s)
// BASE_URL  the service (default http://127.0.0.1:3000)

import { check, sleep } from "k6";
import http from "k6/http";

const BASE_URL = __ENV.BASE_URL || "http://127.0.0.1:3000";
const SCENARIO = __ENV.SCENARIO || "delay-1s";

const scenarios = JSON.parse(open("./scenarios.json"));
const load = scenarios[SCENARIO];
if (load === undefined) {
  throw new Error(`SCENARIO=${SCENARIO} is not one of ${Object.keys(scenarios).join(", ")}`);
}

/** The load as k6 names it. */
function executor() {
  if (load.model === "open") {
    return {
      executor: "constant-arrival-rate",
      rate: load.rate_per_s,
      timeUnit: "1s",
      duration: `${load.warm_up_s + load.duration_s}s`,
      preAllocatedVUs: load.connections,
    };
  }
  if (load.requests !== undefined) {
    return { executor: "shared-iterations", vus: load.connections, iterations: load.requests, maxDuration: "10m" };
  }
  return { executor: "constant-vus", vus: load.connections, duration: `${load.warm_up_s + load.duration_s}s` };
}

const thresholds = { checks: ["rate==1"], http_req_failed: ["rate==0"] };
if (load.requests !== undefined) {
  // k6 ends with success even when every iteration throws; only the count tells.
  thresholds.http_reqs = [`count==${load.requests}`];
}

export const options = {
  scenarios: { [SCENARIO]: executor() },
  thresholds,
  summaryTrendStats: ["avg", "min", "p(50)", "p(90)", "p(95)", "p(99)", "p(99.9)", "max"],
};

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Five random letters. */
function randomName() {
  let name = "";
  for (let index = 0; index < 5; index += 1) {
    name += LETTERS[Math.floor(Math.random() * LETTERS.length)];
  }
  return name;
}

let started = false;

export default function () {
  if (!started && load.think_time_s > 0) {
    // Equal sleeps would keep all users in step: the first request comes at a random time of the first second.
    sleep(Math.random() * load.think_time_s);
  }
  started = true;
  const name = randomName();
  const response = http.get(`${BASE_URL}/?name=${name}`, { tags: { name: "hello" } });
  check(response, {
    "status is 200": (got) => got.status === 200,
    "media type is application/json": (got) => got.headers["Content-Type"] === "application/json",
    "body is the greeting": (got) => got.body === `{"message":"Hello ${name}!"}`,
  });
  if (load.think_time_s > 0) {
    sleep(load.think_time_s);
  }
}
