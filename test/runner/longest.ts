/**
 * The test files that take longest, of a whole run on two processors, longest first. They are begun first: at the end of a run, both
 * processors have something to do until the last file has ended.
 */

interface Long {
  readonly file: string
  /** Less than half a processor while it runs: it waits for servers that come back, for sessions that expire, for processes that start. */
  readonly waits?: true
}

export const LONGEST: readonly Long[] = [
  { file: 'test/integration/ledger.test.ts', waits: true },
  { file: 'test/integration/ledger-sabotage.test.ts', waits: true },
  { file: 'test/integration/consumers-page.test.ts' },
  { file: 'test/integration/localstack/reload.test.ts' },
  { file: 'test/integration/localstack/start.test.ts' },
  { file: 'test/integration/brokers-lost.test.ts', waits: true },
  { file: 'test/integration/recorded.test.ts' },
  { file: 'test/rehearsal/deploy-rehearsal.test.ts' },
  { file: 'test/integration/reprocess.test.ts' },
  { file: 'test/integration/captured.test.ts' },
  { file: 'test/package/refusals.test.ts' },
  { file: 'test/integration/ledger-run.test.ts', waits: true },
  { file: 'test/unit/cli/new-consumer.test.ts' },
  { file: 'test/package/package.test.ts' },
  { file: 'test/unit/app/kafka-consumer.test.ts' },
  { file: 'test/unit/mutants/run.test.ts' },
  { file: 'test/unit/docs/detection.test.ts' },
  { file: 'test/unit/telemetry/simulator-labels.test.ts' },
]

const PLACES = new Map(LONGEST.map(({ file }, place) => [file, place]))
const WAITING = new Set(LONGEST.filter(({ waits }) => waits).map(({ file }) => file))

/** The longest first, then the others as they come. */
export function longestFirst<T extends { readonly path: string }>(files: readonly T[]): T[] {
  const place = ({ path }: T) => PLACES.get(path) ?? LONGEST.length
  return [...files].sort((a, b) => place(a) - place(b))
}

export function mostlyWaits(path: string): boolean {
  return WAITING.has(path)
}
