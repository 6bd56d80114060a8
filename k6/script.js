// The same load for every service: k6 run k6/script.js
//
// SCENARIO  a key of scenarios.json (default delay-1s)
// BASE_URL  the service (default http://127.0.0.1:3000)
// SUMMARY   a file to write the summary to, as JSON
// SEGMENTED how many k6s share the load, each with its own --execution-segment (default 1)
// CONTRACT  "core" accepts other spellings of the same JSON (default "exact": byte for byte)
// SCENARIOS a file of loads (default scenarios.json beside this script)

import { check, fail, sleep } from "k6";
import exec from "k6/execution";
import http from "k6/http";

/**
 * A load of scenarios.json.
 * @typedef {object} Load
 * @property {string} about
 * @property {"closed" | "open"} model
 * @property {number} connections
 * @property {number} [think_time_s]
 * @property {number} [rate_per_s]
 * @property {number} [k6_rate_per_s]
 * @property {number} [warm_up_s]
 * @property {number} [duration_s]
 * @property {number} [requests]
 */

const BASE_URL = (__ENV.BASE_URL || "http://127.0.0.1:3000").replace(/\/$/, "");
const SCENARIO = __ENV.SCENARIO || "delay-1s";
const CONTRACT = __ENV.CONTRACT || "exact";
const SEGMENTS = Number(__ENV.SEGMENTED || "1");
const PERCENTILES = ["p(50)", "p(90)", "p(95)", "p(99)", "p(99.9)"];

/** @type {Record<string, Load>} */
const scenarios = JSON.parse(open(__ENV.SCENARIOS || "./scenarios.json"));
const load = chosen();
const thinkTime = load.think_time_s ?? 0;

/**
 * The load that SCENARIO names.
 * @returns {Load}
 */
function chosen() {
  if (!/^https?:\/\/[^/\s]+$/.test(BASE_URL)) {
    throw new Error(`BASE_URL=${BASE_URL} is not of the form http://HOST:PORT`);
  }
  if (!Number.isInteger(SEGMENTS) || SEGMENTS < 1) {
    throw new Error(`SEGMENTED=${__ENV.SEGMENTED} is not a number of k6s`);
  }
  if (CONTRACT !== "exact" && CONTRACT !== "core") {
    throw new Error(`CONTRACT=${CONTRACT} is neither exact nor core`);
  }
  const found = scenarios[SCENARIO];
  if (found === undefined) {
    throw new Error(`SCENARIO=${SCENARIO} is not one of ${Object.keys(scenarios).join(", ")}`);
  }
  return found;
}

/** Seconds that a load without a number of requests takes. */
function seconds() {
  return (load.warm_up_s ?? 0) + (load.duration_s ?? 0);
}

/** Requests a second of an open load: what one k6 can offer, where that is less. */
function rate() {
  return load.k6_rate_per_s ?? load.rate_per_s ?? 1;
}

/** How many requests there must be, or 0 where time alone says when to end. */
function expected() {
  return load.model === "open" ? Math.round(rate() * seconds()) : (load.requests ?? 0);
}

/**
 * The number of requests as thresholds. It is exact where requests are counted out; a clock may give one less, and some
 * more until it is stopped; and the share of a segment is a whole number near the exact one.
 * @returns {string[]}
 */
function counts() {
  const share = expected() / SEGMENTS;
  if (share === 0) {
    return ["count>0"];
  }
  const least = `count>=${Math.floor(share) - 1}`;
  if (load.model === "open") {
    return [least];
  }
  return SEGMENTS === 1 ? [`count==${share}`] : [least, `count<=${Math.ceil(share) + 1}`];
}

/**
 * Whether a body greets this name, as the contract asks.
 * @param {string} body
 * @param {string} name
 */
function greets(body, name) {
  const message = `Hello ${name}!`;
  if (CONTRACT === "exact") {
    return body === `{"message":"${message}"}`;
  }
  try {
    return JSON.parse(body).message === message;
  } catch {
    return false;
  }
}

/** What the load is, with the rate that this k6 offers. */
function described() {
  return load.model === "open" ? `${rate()} requests a second, ${load.about}` : load.about;
}

/**
 * The load as k6 names it.
 * @returns {import("k6/options").Scenario}
 */
function scenario() {
  const vus = load.connections;
  if (load.model === "open") {
    const duration = `${seconds()}s`;
    return { executor: "constant-arrival-rate", rate: rate(), timeUnit: "1s", duration, preAllocatedVUs: vus };
  }
  if (load.requests !== undefined) {
    return { executor: "shared-iterations", vus, iterations: load.requests, maxDuration: "10m" };
  }
  return { executor: "constant-vus", vus, duration: `${seconds()}s` };
}

/** @returns {Record<string, string[]>} */
function thresholds() {
  return {
    checks: ["rate==1"],
    http_req_failed: ["rate==0"],
    dropped_iterations: ["count==0"],
    // k6 ends with success even when every iteration throws; the count of requests tells.
    http_reqs: counts(),
  };
}

/** @type {import("k6/options").Options} */
export const options = {
  scenarios: { [SCENARIO]: scenario() },
  thresholds: thresholds(),
  summaryTrendStats: ["avg", "min", ...PERCENTILES, "max"],
};

/** Five random letters. */
function randomName() {
  let name = "";
  for (let index = 0; index < 5; index += 1) {
    name += String.fromCharCode(97 + Math.floor(Math.random() * 26));
  }
  return name;
}

export default function () {
  if (thinkTime > 0 && exec.vu.iterationInScenario === 0) {
    // Equal sleeps would keep all users in step: the first request comes at a random time within a think time.
    sleep(Math.random() * thinkTime);
  }
  const name = randomName();
  const response = http.get(`${BASE_URL}/?name=${name}`, { tags: { name: "hello" } });
  const right = check(response, {
    "status is 200": (got) => got.status === 200,
    "media type is application/json": (got) => /^application\/json *(;|$)/.test(got.headers["Content-Type"] ?? ""),
    "body is the greeting": (got) => greets(String(got.body), name),
  });
  if (!right && response.status === 0) {
    fail(`no answer from ${BASE_URL}: ${response.error}`);
  }
  if (thinkTime > 0) {
    sleep(thinkTime);
  }
}

/**
 * What k6 prints at the end, and the file that SUMMARY names.
 * @param {{ metrics: Record<string, { values: Record<string, number>, thresholds?: Record<string, { ok: boolean }> }> }} data
 * @returns {Record<string, string>}
 */
export function handleSummary(data) {
  const values = (/** @type {string} */ metric) => data.metrics[metric]?.values ?? {};
  const latency = values("http_req_duration");
  const milliseconds = PERCENTILES.map((name) => `${name} ${(latency[name] ?? NaN).toFixed(3)}`).join("  ");
  const broken = Object.entries(data.metrics).flatMap(([metric, { thresholds: all }]) =>
    Object.entries(all ?? {}).flatMap(([threshold, { ok }]) => (ok ? [] : [`${metric} ${threshold}`])),
  );
  const lines = [
    `${SCENARIO}: ${described()}`,
    `requests     ${values("http_reqs").count ?? 0}, ${(values("http_reqs").rate ?? 0).toFixed(1)} a second`,
    `latency ms   ${milliseconds}  max ${(latency.max ?? NaN).toFixed(3)}`,
    `right        ${((values("checks").rate ?? 0) * 100).toFixed(2)} % of the checks`,
    broken.length === 0 ? "thresholds   all kept" : `thresholds   broken: ${broken.join(", ")}`,
  ];
  /** @type {Record<string, string>} */
  const written = { stdout: `${lines.join("\n")}\n` };
  if (__ENV.SUMMARY) {
    written[__ENV.SUMMARY] = JSON.stringify({ scenario: SCENARIO, base_url: BASE_URL, ...data }, null, 2);
  }
  return written;
}
