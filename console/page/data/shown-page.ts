/** Which page an address means. Pure. */

/** Below these paths, a parameter names one thing that has a page of its own. All other parameters only change what a page shows. */
const NAMED_BY: Readonly<Record<string, readonly string[]>> = {
  '/telemetry': ['entity'],
  '/alerts': ['alert'],
  '/alerts/rules': ['rule'],
  '/failures': ['letter'],
  '/failures/operations': ['operation'],
  '/event': ['id', 'trace', 'topic', 'partition', 'offset'],
  '/search': ['for'],
  '/state': ['consumer'],
  '/kafka/topics': ['topic'],
  '/kafka/groups': ['group'],
  '/kafka/schemas': ['subject'],
}

interface ShownPage {
  /** Two addresses with the same key show the same page. */
  readonly key: string
  /** Of the one thing that the page is about; empty for all other pages. */
  readonly name: string
}

export function shownPage(path: string, query: Readonly<Record<string, string>>): ShownPage {
  const names = (NAMED_BY[path] ?? []).map(parameter => query[parameter] ?? '')
  return { key: JSON.stringify([path, ...names]), name: names.filter(Boolean).join(' ') }
}
