/** The test files by group, and which groups run together. */
import type { Group } from './arguments.ts'
import { longestFirst, mostlyWaits } from './longest.ts'
import { sourceFiles } from './source-files.ts'
import type { TestFile } from './tests.ts'

interface Part {
  readonly group: Group
  readonly files: readonly string[]
  readonly needsServers?: true
  /** How long a file may take; five minutes by default. */
  readonly fileTimeoutMs?: number
}

export interface Phase {
  readonly title: string
  readonly parts: readonly Part[]
}

/** What of a phase is to run. */
export interface Selected {
  readonly files: readonly TestFile[]
  readonly needsServers: boolean
  /** Patterns of a part that no file matches, whatever is selected. */
  readonly missing: readonly string[]
}

/** The tests of a package lie beside its code. */
const TRIGGER = 'localstack/msk-trigger/test'

const FILE_TIMEOUT_MS = 5 * 60_000

export const PHASES: readonly Phase[] = [
  { title: 'Package', parts: [{ group: 'checks', files: ['test/package/**/*.test.ts'] }] },
  {
    title: 'Unit, property and conformance tests',
    parts: [
      {
        group: 'unit',
        files: ['test/{unit,property,conformance}/**/*.test.ts', `${TRIGGER}/unit/**/*.test.ts`],
      },
    ],
  },
  {
    title: 'Integration tests, and a deployment rehearsed',
    parts: [
      {
        group: 'integration',
        files: ['test/integration/**/*.test.ts', `${TRIGGER}/integration/**/*.test.ts`],
        needsServers: true,
      },
      // It starts its own servers.
      { group: 'rehearsal', files: ['test/rehearsal/**/*.test.ts'], fileTimeoutMs: 10 * 60_000 },
    ],
  },
  {
    title: 'The trigger in every framework',
    parts: [
      {
        group: 'matrix',
        files: [`${TRIGGER}/matrix/**/*.test.ts`],
        needsServers: true,
        // Installing a framework takes minutes where npm has not downloaded it before.
        fileTimeoutMs: 20 * 60_000,
      },
    ],
  },
]

/** The files of the phase in the order in which they are begun; undefined if none of its groups is selected. */
export async function filesOf(
  { parts }: Phase,
  groups: readonly Group[],
  wanted: (path: string) => boolean,
): Promise<Selected | undefined> {
  const selected = parts.filter(({ group }) => groups.includes(group))
  if (selected.length === 0) return undefined
  const found = await Promise.all(
    selected.map(async part => ({ ...part, paths: await sourceFiles(...part.files) })),
  )
  const chosen = found.map(part => ({ ...part, paths: part.paths.filter(wanted) }))
  const files = chosen.flatMap(({ paths, fileTimeoutMs: timeoutMs = FILE_TIMEOUT_MS }) =>
    paths.map(path => ({ path, timeoutMs, waits: mostlyWaits(path) })),
  )
  return {
    files: longestFirst(files),
    needsServers: chosen.some(({ needsServers, paths }) => needsServers === true && paths.length > 0),
    missing: found.flatMap(({ paths, files: patterns }) => (paths.length === 0 ? patterns : [])),
  }
}
