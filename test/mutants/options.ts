import { wholeNumber } from '../../lib/runtime/settings/values.ts'
import { readCommandLine } from '../../programs/options.ts'

export interface Options {
  /** Files and folders, relative to the project. */
  readonly paths: readonly string[]
  readonly sample: number
  readonly seed: number
  /** How many of the sample, from its beginning, are not tried. */
  readonly skip: number
  readonly jobs: number
}

/** By default, the code that processes records: the steps, the scripts, and the processes. */
const PATHS = [
  'lib/runtime/pipeline',
  'lib/runtime/adapters/redis/lua',
  'lib/activity',
  'lib/alerting',
  'lib/analytics',
  'lib/failures',
  'lib/views',
]

export const USAGE = `Usage: npm run mutants -- [options] [PATH ...]

Changes one small thing in the code at a time (an operator, a condition, a constant, a statement), runs the tests that
execute it, and lists the changes that no test notices. test/mutants/survivors.json lists the known survivors, each with a
reason. Fails if another one survives, or more than 5 %. Nothing changes on the disk.

  PATH         files or folders with .ts or .lua files (${PATHS.join(', ')})
  --sample N   how many changes are tried (400)
  --seed S     seed of the sample (1)
  --skip N     leaves out the first N of the sample, to continue a run that was stopped after N (0)
  --jobs N     how many are tried at once (1)
  --help       show this`

const OPTIONS = {
  sample: { type: 'string', default: '400' },
  seed: { type: 'string', default: '1' },
  skip: { type: 'string', default: '0' },
  jobs: { type: 'string', default: '1' },
  help: { type: 'boolean', default: false },
} as const

const POSITIVE = wholeNumber({ least: 1 })
const KINDS = { sample: POSITIVE, seed: POSITIVE, skip: wholeNumber({ least: 0 }), jobs: POSITIVE } as const

/** Undefined where they ask for help. @throws Error that names every option that is wrong */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values, positionals } = readCommandLine('npm run mutants', args, OPTIONS, KINDS)
  const { help, sample, seed, skip, jobs } = values
  if (help) return undefined
  return { paths: positionals.length > 0 ? positionals : PATHS, sample, seed, skip, jobs }
}
