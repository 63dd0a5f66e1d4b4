/**
 * The test files that take longest, longest first: they are begun first, so that at the end of a run none is left for one lane alone.
 * One of them runs beside short ones, because two that start functions and servers would slow each other down beyond what they allow.
 */

interface Long {
  readonly file: string
  /** For most of its time it waits: until a killed server is back, a session has expired, a process has started. */
  readonly waits?: true
}

export const LONGEST: readonly Long[] = [
  { file: 'test/integration/ledger.test.ts' },
  { file: 'test/integration/ledger-sabotage.test.ts', waits: true },
  { file: 'test/integration/consumers-page.test.ts' },
  { file: 'test/integration/brokers-lost.test.ts', waits: true },
  { file: 'test/integration/localstack/reload.test.ts' },
  { file: 'test/integration/recorded.test.ts' },
  { file: 'test/integration/reprocess.test.ts' },
  { file: 'test/integration/localstack/start.test.ts' },
  { file: 'test/integration/captured.test.ts' },
  { file: 'test/integration/redis-forgets.test.ts' },
  { file: 'test/integration/ledger-run.test.ts' },
  { file: 'test/package/refusals.test.ts' },
  { file: 'test/integration/valkey-killed.test.ts', waits: true },
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

/** How a file is run: see `inLanes`. */
export function laneOf(path: string): { readonly isLong: boolean; readonly waits: boolean } {
  const waits = WAITING.has(path)
  return { isLong: PLACES.has(path) && !waits, waits }
}
