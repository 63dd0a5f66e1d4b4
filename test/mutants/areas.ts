/** The parts of the product, and the unit tests that have to notice the mutants of each. */
import { UserError } from '../../programs/user-error.ts'
import { sourceFiles } from '../runner/source-files.ts'
import type { Passage } from './sample.ts'

export interface Area {
  readonly passages: readonly Passage[]
  /** Fast ones first, because the first failure ends a trial. */
  readonly tests: readonly string[]
}

/** The tests of parts that no folder with the same name in `test/unit/` mirrors. */
const TESTS: readonly (readonly [code: RegExp, tests: string])[] = [
  [/^packages\/runtime\/(pipeline|consumer|testing)\//, 'test/unit/runtime/{pipeline,consumer}/**/*.test.ts'],
  [/^packages\/runtime\//, 'test/unit/runtime/!(pipeline|consumer)/**/*.test.ts'],
  [
    /^lib\/operations\//,
    'test/unit/{operations/**/*,cli/{dlq,grow,replay,reprocess,silence,state}*}.test.ts',
  ],
  [/^lib\/[^/]+$/, 'test/unit/*.test.ts'],
  [/^packages\//, 'test/unit/packages/**/*.test.ts'],
  [/^packages\/msk-trigger\//, 'packages/msk-trigger/test/unit/**/*.test.ts'],
]

/** Tests that try many values or schedules. */
const LONG = /property|same-log|fuzz|many-|applied-offset|chunk-bytes/

/** Groups passages by the tests that have to notice their mutants. @throws UserError for a file of another part */
export async function areasOf(passages: readonly Passage[]): Promise<Area[]> {
  const groups = Map.groupBy(passages, ({ file }) => testsOf(file))
  return Promise.all(
    [...groups].map(async ([tests, those]) => ({ passages: those, tests: await testFiles(tests) })),
  )
}

function testsOf(file: string): string {
  const [, tests] = TESTS.find(([code]) => code.test(file)) ?? []
  const [, feature] = /^lib\/([^/]+)\//.exec(file) ?? []
  if (tests !== undefined) return tests
  if (feature !== undefined) return `test/unit/${feature}/**/*.test.ts`
  throw new UserError(`${file} is not in lib, packages or packages/msk-trigger.`)
}

/** Leaves out the tests of the tests: what they look at is broken on purpose already. */
async function testFiles(pattern: string): Promise<string[]> {
  const files = (await sourceFiles(pattern)).filter(file => !file.includes('sabotage'))
  return files.sort((a, b) => Number(LONG.test(a)) - Number(LONG.test(b)))
}
