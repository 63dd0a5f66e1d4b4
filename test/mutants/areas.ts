/** The parts of the product, and the unit tests that have to notice the mutants of each. */
import { UserError } from '../../programs/user-error.ts'
import { sourceFiles } from '../runner/source-files.ts'
import type { Passage } from './sample.ts'

export interface Area {
  readonly passages: readonly Passage[]
  /** Fast ones first, because the first failure ends a trial. */
  readonly tests: readonly string[]
}

/** Tests that try many values or schedules. */
const LONG = /property|same-log|fuzz|sabotage|many-|applied-offset|chunk-bytes/

/** Tests of a part outside the folder that mirrors it. The commands show what operations do. */
const MORE: Readonly<Record<string, readonly string[]>> = { 'lib/operations': ['test/unit/cli/**/*.test.ts'] }

/** Groups passages by the part of the product. @throws UserError for a file outside */
export async function areasOf(passages: readonly Passage[]): Promise<Area[]> {
  const groups = Map.groupBy(passages, ({ file }) => areaOf(file))
  return Promise.all(
    [...groups].map(async ([area, those]) => ({ passages: those, tests: await testsOf(area) })),
  )
}

function areaOf(file: string): string {
  const [area] = /^(packages|localstack\/msk-trigger|lib(\/[^/]+(?=\/))?)(?=\/)/.exec(file) ?? []
  if (area === undefined) throw new UserError(`${file} is not in lib, packages or localstack/msk-trigger.`)
  return area
}

async function testsOf(area: string): Promise<string[]> {
  const [, folder] = area.split('/')
  const mirrored =
    area === 'lib'
      ? 'test/unit/*.test.ts'
      : `${area.startsWith('localstack') ? `${area}/test/unit` : `test/unit/${folder ?? area}`}/**/*.test.ts`
  const files = await sourceFiles(mirrored, ...(MORE[area] ?? []))
  return files.sort((a, b) => Number(LONG.test(a)) - Number(LONG.test(b)))
}
