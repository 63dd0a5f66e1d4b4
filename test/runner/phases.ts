/** The test files by group. */
import type { Group } from './arguments.ts'
import { laneOf, longestFirst } from './longest.ts'
import { sourceFiles } from './source-files.ts'
import type { TestFile } from './tests.ts'

export interface Phase {
  readonly title: string
  readonly group: Group
  readonly files: readonly string[]
  readonly needsServers?: true
  /** How long a file may take; five minutes by default. */
  readonly fileTimeoutMs?: number
}

/** What of a phase is to run. */
export interface Selected {
  readonly files: readonly TestFile[]
  readonly needsServers: boolean
  /** Patterns of the phase if no file matches any of them, whatever is selected. */
  readonly missing: readonly string[]
}

/** The tests of a package lie beside its code. */
const TRIGGER = 'localstack/msk-trigger/test'

const FILE_TIMEOUT_MS = 5 * 60_000

export const PHASES: readonly Phase[] = [
  { group: 'checks', title: 'Package', files: ['test/package/**/*.test.ts'] },
  {
    group: 'unit',
    title: 'Unit, property and conformance tests',
    files: ['test/{unit,property,conformance}/**/*.test.ts', `${TRIGGER}/unit/**/*.test.ts`],
  },
  {
    group: 'integration',
    title: 'Integration tests',
    files: ['test/integration/**/*.test.ts', `${TRIGGER}/integration/**/*.test.ts`],
    needsServers: true,
  },
  {
    // Alone: it takes two minutes so, and more than twice that beside others. It starts its own servers.
    group: 'rehearsal',
    title: 'Rehearsal of a deployment',
    files: ['test/rehearsal/**/*.test.ts'],
    fileTimeoutMs: 10 * 60_000,
  },
  {
    group: 'matrix',
    title: 'The trigger in every framework',
    files: [`${TRIGGER}/matrix/**/*.test.ts`],
    needsServers: true,
    // Installing a framework takes minutes where npm has not downloaded it before.
    fileTimeoutMs: 20 * 60_000,
  },
]

/** The files of the phase in the order in which they are begun; undefined if its group is not selected. */
export async function filesOf(
  { group, files: patterns, needsServers, fileTimeoutMs: timeoutMs = FILE_TIMEOUT_MS }: Phase,
  groups: readonly Group[],
  wanted: (path: string) => boolean,
): Promise<Selected | undefined> {
  if (!groups.includes(group)) return undefined
  const found = await sourceFiles(...patterns)
  const files = found.filter(wanted).map(path => ({ path, timeoutMs, ...laneOf(path) }))
  return {
    files: longestFirst(files),
    needsServers: needsServers === true && files.length > 0,
    missing: found.length === 0 ? patterns : [],
  }
}
