/** What `npm start` has to do with the reloading that goes on beside the functions (see `localstack/reload/plugin.ts`). */

const LINE = /^watch {2}(.*)$/

/** Variables for `serverless offline`. Without --no-watch, those that the person has set stand. */
export function watchVariables(reloads: boolean): Record<string, string> {
  return reloads ? {} : { SLUICE_WATCH: 'off' }
}

/** What a line of the functions' log says of a reload; undefined where it says nothing of one. */
export function reloadIn(line: string): string | undefined {
  return LINE.exec(line)?.[1]
}
