/**
 * The interface of `npm start` to the reload plugin, which runs with the functions (see `localstack/reload/plugin.ts`).
 */

const LINE = /^watch {2}(.*)$/

/** Variables for `serverless offline`. Without --no-watch, the user's own variables apply. */
export function watchVariables(reloads: boolean): Record<string, string> {
  return reloads ? {} : { SLUICE_WATCH: 'off' }
}

/** The message in a line about a reload; undefined for other lines. */
export function reloadIn(line: string): string | undefined {
  return LINE.exec(line)?.[1]
}
