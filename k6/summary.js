// What k6 prints at the end of script.js, and the file that it writes.

/** The tag of the load's requests, which that of setup() lacks. */
export const LOAD = "{name:hello}";
export const PERCENTILES = ["p(50)", "p(90)", "p(95)", "p(99)", "p(99.9)"];
/** How the name of a check begins that tells what a VU saw first: VUs share no other text with the summary. */
export const FIRST_WRONG = "first wrong answer: ";
export const FIRST_LOST = "first request without an answer: ";

/**
 * What handleSummary gets, as far as it is used.
 * @typedef {object} Data
 * @property {Record<string, { values: Record<string, number>, thresholds?: Record<string, { ok: boolean }> }>} metrics
 * @property {{ checks: { name: string, passes: number, fails: number }[] }} root_group
 * @property {{ isReady: boolean }} [setup_data]
 */

/**
 * The checks that failed and what was seen first, a line each.
 * @param {Data} data
 */
function faults(data) {
  const all = data.root_group.checks;
  const first = [FIRST_WRONG, FIRST_LOST].map((start) => all.find(({ name }) => name.startsWith(start))?.name);
  const failed = all.filter(({ name, fails }) => fails > 0 && !name.startsWith("first "));
  return [
    ...failed.map(({ name, passes, fails }) => `failed       ${name}: ${fails} of ${passes + fails}`),
    ...first.filter((line) => line !== undefined),
  ];
}

/** @param {Data} data */
function broken(data) {
  const all = Object.entries(data.metrics).flatMap(([metric, { thresholds }]) =>
    Object.entries(thresholds ?? {}).flatMap(([threshold, { ok }]) => (ok ? [] : [`${metric} ${threshold}`])),
  );
  return all.length === 0 ? "all kept" : `broken: ${all.join(", ")}`;
}

/**
 * The summary of a load as text.
 * @param {Data} data
 * @param {string} title
 */
function text(data, title) {
  const values = (/** @type {string} */ metric) => data.metrics[metric]?.values ?? {};
  const count = (/** @type {string} */ metric) => values(metric).count ?? 0;
  const [sent, latency] = [values(`http_reqs${LOAD}`), values(`http_req_duration${LOAD}`)];
  const [requests, wrong, lost] = [sent.count ?? 0, count("wrong_answers"), count("lost_requests")];
  const milliseconds = PERCENTILES.map((name) => `${name} ${(latency[name] ?? NaN).toFixed(3)}`).join("  ");
  const lines = [
    title,
    `requests     ${requests}, ${(sent.rate ?? 0).toFixed(1)} a second`,
    `latency ms   ${milliseconds}  max ${(latency.max ?? NaN).toFixed(3)}`,
    `answers      ${requests - wrong - lost} right, ${wrong} wrong, ${lost} never came`,
    ...faults(data),
    `thresholds   ${broken(data)}`,
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * What to print, and what to write to a file; nothing where setup() ended the test.
 * @param {Data} data
 * @param {{ scenario: string, base_url: string }} load
 * @param {string} about
 * @param {string | undefined} file
 * @returns {Record<string, string>}
 */
export function pages(data, load, about, file) {
  if (!data.setup_data?.isReady) {
    return {};
  }
  /** @type {Record<string, string>} */
  const written = { stdout: text(data, `${load.scenario}: ${about}`) };
  if (file) {
    written[file] = JSON.stringify({ ...load, ...data }, null, 2);
  }
  return written;
}
