/** The test files of each group, and how they are run. */
import type { Group, Selection } from './arguments.ts'
import { sourceFiles } from './source-files.ts'

export interface TestGroup {
  readonly group: Group
  readonly title: string
  readonly patterns: readonly string[]
  readonly needsServers: boolean
  /** Number of files that run at once. */
  readonly width: number
}

/** The tests of a package lie beside its code. */
const TRIGGER = 'localstack/msk-trigger/test'

/**
 * The smallest machines have two cores. Files that need servers spend much of their time waiting, so three of them keep both cores
 * busy.
 */
export const TEST_GROUPS: readonly TestGroup[] = [
  {
    group: 'checks',
    title: 'Checks and package',
    patterns: ['test/checks.test.ts', 'test/package/**/*.test.ts'],
    needsServers: false,
    width: 2,
  },
  {
    group: 'unit',
    title: 'Unit, property and conformance tests',
    patterns: ['test/unit/**/*.test.ts', `${TRIGGER}/unit/**/*.test.ts`],
    needsServers: false,
    width: 2,
  },
  {
    group: 'long',
    title: 'Long tests',
    patterns: [
      // The longest begin first, so that none of them runs alone at the end. One framework stands for the matrix.
      'test/long/{ledger,ledger-sabotage,start,brokers-lost,rehearsal}.test.ts',
      `${TRIGGER}/matrix/osls-3.test.ts`,
      'test/long/**/*.test.ts',
      `${TRIGGER}/long/**/*.test.ts`,
    ],
    needsServers: true,
    width: 3,
  },
  {
    group: 'integration',
    title: 'Integration tests',
    patterns: ['test/integration/**/*.test.ts', `${TRIGGER}/integration/**/*.test.ts`],
    needsServers: true,
    width: 3,
  },
  {
    group: 'matrix',
    title: 'The trigger in every framework',
    patterns: [`${TRIGGER}/matrix/**/*.test.ts`],
    needsServers: true,
    width: 2,
  },
]

/** Returns the selected files of a group, in the order of its patterns. @throws Error if the group has no file at all */
export async function filesOf(
  { title, patterns }: TestGroup,
  { pattern = '' }: Selection,
): Promise<string[]> {
  const found = await Promise.all(patterns.map(one => sourceFiles(one)))
  const files = [...new Set(found.flat())]
  if (files.length === 0) throw new Error(`${title}: no file matches ${patterns.join(', ')}`)
  return files.filter(file => file.includes(pattern))
}
