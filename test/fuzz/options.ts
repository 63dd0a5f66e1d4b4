import { duration } from '../../lib/app/settings/duration.ts'
import { wholeNumber } from '../../packages/runtime/settings/values.ts'
import { readOptions as optionsOf } from '../../programs/options.ts'

export interface Options {
  readonly seed: number
  readonly forMs: number
  /** Maximum number of records; undefined if only the time limits it. */
  readonly records?: number
  /** Maximum number of records per second. */
  readonly rate: number
  /** Kinds of records to leave out, and the only kinds to send; empty for all. */
  readonly without: readonly string[]
  readonly only: readonly string[]
  /** How long there may be no progress before a partition counts as stuck. */
  readonly patienceMs: number
  /** The folder in which the output of a failed run is kept. */
  readonly out: string
}

export const USAGE = `Usage: npm run fuzz -- [options]

Writes every kind of record that Kafka accepts to a topic of readings, with Kafka's own Java client, while another producer
writes good readings and the functions of \`npm start\` consume them. It starts its own servers. When all records are decided,
it accounts for each of them: every consumer has one outcome, each failed record has one failure record and one dead letter,
and no partition is stuck. Then each function reads the same topic alone, to measure its memory.

  --for TIME       how long: 90s, 10m, 1h (10m)
  --records N      maximum number of records (no limit but the time)
  --seed S         seed of the random numbers (the current time)
  --rate N         maximum number of records per second (100: compression bombs keep two processors busy)
  --without KINDS  kinds to leave out, separated by commas: bomb, many-headers, deep …; for transactions: aborted,
                   open-transaction
  --only KINDS     send only these kinds
  --out DIR        where the results of a failed run are kept (.local/fuzz)
  --help           show this`

const OPTIONS = {
  for: { type: 'string', default: '10m' },
  records: { type: 'string' },
  seed: { type: 'string' },
  rate: { type: 'string', default: '100' },
  without: { type: 'string', default: '' },
  only: { type: 'string', default: '' },
  patience: { type: 'string', default: '90s' },
  out: { type: 'string', default: '.local/fuzz' },
  help: { type: 'boolean', default: false },
} as const

const POSITIVE = wholeNumber({ least: 1 })
const KINDS = {
  for: duration(),
  records: POSITIVE,
  seed: POSITIVE,
  rate: POSITIVE,
  patience: duration(),
} as const

/** Undefined where they ask for help. @throws Error that names every option that is wrong */
export function readOptions(args: readonly string[]): Options | undefined {
  const given = optionsOf('npm run fuzz', args, OPTIONS, KINDS)
  if (given.help) return undefined
  return {
    seed: given.seed ?? Date.now() % 1_000_000,
    forMs: given.for,
    ...(given.records === undefined ? {} : { records: given.records }),
    rate: given.rate,
    without: names(given.without),
    only: names(given.only),
    patienceMs: given.patience,
    out: given.out,
  }
}

/** The command that repeats the run. */
export function commandOf({ seed, forMs, records, rate, without, only }: Options): string {
  const kinds = Object.entries({ without, only }).filter(([, chosen]) => chosen.length > 0)
  const words = kinds.map(([name, chosen]) => ` --${name} ${chosen.join(',')}`)
  const most = records === undefined ? '' : ` --records ${records}`
  return `npm run fuzz -- --for ${forMs / 1_000}s --seed ${seed}${most} --rate ${rate}${words.join('')}`
}

function names(text: string): string[] {
  return text.split(',').filter(name => name !== '')
}
