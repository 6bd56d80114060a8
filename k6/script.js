// The same load for every service: k6 run k6/script.js
//
// SCENARIO  a key of scenarios.json (default delay-1s)
// BASE_URL  the service (default http://127.0.0.1:3000)
// SUMMARY   a file to write the summary to, as JSON
// WAIT_S    seconds to wait for the service to come up (default 0)
// SEGMENTED how many k6s share the load, each with its own --execution-segment (default 1)
// CONTRACT  "core" accepts other spellings of the same JSON (default "exact": byte for byte)
// SCENARIOS a file of loads (default scenarios.json beside this script)

import { check, sleep } from "k6";
import exec from "k6/execution";
import http from "k6/http";
import { Counter } from "k6/metrics";
import { FIRST_LOST, FIRST_WRONG, LOAD, PERCENTILES, pages } from "./summary.js";

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
 * @property {boolean} [connection_per_request]
 * @property {object} [stress]
 */

const BASE_URL = (__ENV.BASE_URL || "http://127.0.0.1:3000").replace(/\/$/, "");
const SCENARIO = __ENV.SCENARIO || "delay-1s";
const CONTRACT = __ENV.CONTRACT || "exact";
const SEGMENTS = Number(__ENV.SEGMENTED || "1");
const WAIT_S = Number(__ENV.WAIT_S || "0");
/** Seconds that an answer may take, as under the embedded engine. */
const ANSWER_TIMEOUT_S = 10;

/** @type {Record<string, Load>} */
const scenarios = JSON.parse(open(__ENV.SCENARIOS || "./scenarios.json"));
const load = chosen();
const thinkTime = load.think_time_s ?? 0;
const lost = new Counter("lost_requests");
const wrong = new Counter("wrong_answers");
/** Whether this VU has reported what it saw first. */
const reported = { wrong: false, lost: false };

/**
 * Why a path cannot be read; folders never can.
 * @param {string} path
 */
function refusal(path) {
  try {
    open(path);
    return "";
  } catch (error) {
    // The message names the path, and a path may say anything.
    return String(error).replaceAll(path, "").replaceAll(path.replace(/\/\.?$/, ""), "");
  }
}

/** Refuses a SUMMARY whose folder does not exist: k6 finds out after the load, and then exits with success. */
function checkSummary() {
  const { SUMMARY, PWD } = __ENV;
  // k6 looks for what it opens beside this script, and writes from where it was started.
  const path = !SUMMARY || SUMMARY.startsWith("/") ? SUMMARY : PWD && `${PWD}/${SUMMARY}`;
  if (!path) {
    return;
  }
  if (/no such file/.test(refusal(path.replace(/[^/]*$/, "."))) || /used with directories/.test(refusal(path))) {
    throw new Error(`SUMMARY=${SUMMARY} cannot be written: name a file in a folder that exists`);
  }
}

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
  if (!(WAIT_S >= 0)) {
    throw new Error(`WAIT_S=${__ENV.WAIT_S} is not a number of seconds`);
  }
  if (CONTRACT !== "exact" && CONTRACT !== "core") {
    throw new Error(`CONTRACT=${CONTRACT} is neither exact nor core`);
  }
  checkSummary();
  const found = scenarios[SCENARIO];
  if (found === undefined) {
    throw new Error(`SCENARIO=${SCENARIO} is not one of ${Object.keys(scenarios).join(", ")}`);
  }
  if (found.stress !== undefined) {
    throw new Error(`SCENARIO=${SCENARIO} looks for limits, which k6 does not: cargo compare --scenario ${SCENARIO} does`);
  }
  return found;
}

/** Seconds that a load without a number of requests takes. */
function seconds() {
  return (load.warm_up_s ?? 0) + (load.duration_s ?? 0);
}

/** Requests a second of an open load, over all segments: what so many k6s can offer, where that is less. */
function rate() {
  const asked = load.rate_per_s ?? 1;
  return Math.min(asked, (load.k6_rate_per_s ?? asked) * SEGMENTS);
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

/** What the load is, with the rate that all k6s offer together. */
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

/** @returns {import("k6/options").Options["thresholds"]} */
function thresholds() {
  return {
    // A service that is gone ends the test. k6 looks every 2 s, and not before the delay is over.
    lost_requests: [{ threshold: "count==0", abortOnFail: true, delayAbortEval: "1s" }],
    wrong_answers: ["count==0"],
    checks: ["rate==1"],
    dropped_iterations: ["count==0"],
    // k6 ends with success even when every iteration throws; the count of requests tells.
    [`http_reqs${LOAD}`]: counts(),
    // Never crossed: k6 keeps a metric by tag only where a threshold asks for it.
    [`http_req_duration${LOAD}`]: ["max>=0"],
  };
}

/** @type {import("k6/options").Options} */
export const options = {
  scenarios: { [SCENARIO]: { ...scenario(), gracefulStop: `${ANSWER_TIMEOUT_S + 1}s` } },
  thresholds: thresholds(),
  summaryTrendStats: ["avg", "min", ...PERCENTILES, "max"],
  setupTimeout: `${WAIT_S + 2 * ANSWER_TIMEOUT_S}s`,
  // k6 then asks for the end with each request (connection: close), where hello-bench closes after the answer.
  noConnectionReuse: load.connection_per_request ?? false,
  // A request without an answer throws, where k6 would otherwise log a line for each.
  throw: true,
};

/** Five random letters. */
function randomName() {
  let name = "";
  for (let index = 0; index < 5; index += 1) {
    name += String.fromCharCode(97 + Math.floor(Math.random() * 26));
  }
  return name;
}

/** @typedef {import("k6/http").RefinedResponse<"text">} Answer */

/**
 * Asks for a greeting: the answer, or why there is none.
 * @param {string} greeted
 * @param {string} tag
 * @returns {{ answer?: Answer, cause?: string }}
 */
function ask(greeted, tag) {
  const params = { tags: { name: tag }, timeout: `${ANSWER_TIMEOUT_S}s` };
  try {
    return { answer: http.get(`${BASE_URL}/?name=${greeted}`, params) };
  } catch (error) {
    return { cause: String(error).replace(/^(GoError: )?Get "[^"]*": /, "") };
  }
}

/**
 * What came, in one line.
 * @param {Answer} answer
 */
function shown({ status, headers, body }) {
  return `status ${status}, ${headers["Content-Type"] ?? "no media type"}, body ${JSON.stringify(body?.slice(0, 200) ?? "")}`;
}

/**
 * What makes an answer right.
 * @param {string} greeted
 * @returns {Record<string, (got: Answer) => boolean>}
 */
function checks(greeted) {
  return {
    "status is 200": (got) => got.status === 200,
    "media type is application/json": (got) => /^application\/json *(;|$)/.test(got.headers["Content-Type"] ?? ""),
    "body is the greeting": (got) => greets(String(got.body), greeted),
  };
}

/**
 * Reports to the summary what this VU saw first.
 * @param {"wrong" | "lost"} kind
 * @param {string} text
 */
function report(kind, text) {
  if (!reported[kind]) {
    reported[kind] = true;
    // k6 has no names with two colons side by side.
    check(null, { [text.replaceAll("::", ": :")]: () => false });
  }
}

/** Ends the test before its load, in one line, where there is no service to load. */
export function setup() {
  const end = Date.now() + WAIT_S * 1000;
  let { answer, cause } = ask("World", "setup");
  while (answer === undefined && Date.now() < end) {
    sleep(0.2);
    ({ answer, cause } = ask("World", "setup"));
  }
  if (answer === undefined) {
    exec.test.abort(`${BASE_URL} does not answer (${cause}): start a service, as with cargo run -p svc-axum, or set BASE_URL`);
  } else if (Object.values(checks("World")).some((isRight) => !isRight(answer))) {
    exec.test.abort(`${BASE_URL} does not greet as the contract asks (${shown(answer)}): start a service there that does`);
  }
  return { isReady: true };
}

export default function () {
  if (thinkTime > 0 && exec.vu.iterationInScenario === 0) {
    // Equal sleeps would keep all users in step: the first request comes at a random time within a think time.
    sleep(Math.random() * thinkTime);
  }
  const greeted = randomName();
  const { answer, cause } = ask(greeted, "hello");
  if (answer === undefined) {
    lost.add(1);
    report("lost", FIRST_LOST + cause);
    // A service that is gone need not be asked as fast as it goes.
    sleep(0.1);
  } else if (!check(answer, checks(greeted))) {
    wrong.add(1);
    report("wrong", FIRST_WRONG + shown(answer));
  }
  if (thinkTime > 0) {
    sleep(thinkTime);
  }
}

/**
 * What k6 prints at the end, and the file that SUMMARY names.
 * @param {import("./summary.js").Data} data
 */
export function handleSummary(data) {
  return pages(data, { scenario: SCENARIO, base_url: BASE_URL }, described(), __ENV.SUMMARY);
}
