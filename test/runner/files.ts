/** Selects the test files of each group, and their order. */
import type { Group, Selection } from './arguments.ts'
import { sourceFiles } from './source-files.ts'

export interface TestGroup {
  readonly group: Group
  /** Patterns of the files. Files of earlier patterns run first. */
  readonly patterns: readonly string[]
  readonly needsServers: boolean
}

export const TEST_GROUPS: readonly TestGroup[] = [
  {
    group: 'checks',
    patterns: ['test/checks.test.ts', 'test/package/**/*.test.ts'],
    needsServers: false,
  },
  {
    group: 'unit',
    patterns: [
      'packages/msk-trigger/test/unit/source.test.ts',
      'test/unit/**/*.test.ts',
      'test/simulation/*.test.ts',
      'packages/*/test/unit/**/*.test.ts',
    ],
    needsServers: false,
  },
  {
    group: 'long',
    patterns: [
      // Start the longest files first, so that none of them runs alone at the end.
      'test/long/{houses,ledger,rehearsal,typed-pages,start,brokers-lost,generate-broker-away,storage/*}.test.ts',
      'test/long/**/*.test.ts',
      'packages/*/test/long/**/*.test.ts',
    ],
    needsServers: true,
  },
  {
    group: 'integration',
    patterns: [
      'test/integration/{console-pages,flow}.test.ts',
      'test/integration/**/*.test.ts',
      'packages/*/test/integration/**/*.test.ts',
    ],
    needsServers: true,
  },
]

/** Packages that are carried away together. test/long/houses.test.ts runs their tests in an empty project. */
export const HOUSES = {
  trigger: ['kafka-records', 'local-servers', 'msk-trigger', 'packaging', 'schema-registry', 'test-kit'],
  engine: ['kafka-records', 'local-servers', 'packaging', 'runtime', 'schema-registry', 'test-kit'],
} as const

/** Folders whose tests a complete run has in another form: in an empty project. */
const REPEATED = [...new Set(Object.values(HOUSES).flat())].map(name => `packages/${name}/test/`)

/** Returns the selected files of a group, in the order of its patterns. @throws Error if the group has no files */
export async function readFiles(
  { group, patterns }: TestGroup,
  { pattern = '', isWhole }: Selection,
): Promise<string[]> {
  const found = await Promise.all(patterns.map(pattern => sourceFiles(pattern)))
  const files = [...new Set(found.flat())]
  if (files.length === 0) throw new Error(`${group}: no file matches ${patterns.join(', ')}`)
  const isRepeated = (file: string) => isWhole && REPEATED.some(path => file.startsWith(path))
  return files.filter(file => file.includes(pattern) && !isRepeated(file))
}
