import { pipe, transform } from 'valibot'
import { type Kind, list, oneOf, wholeNumber } from '#runtime/settings'
import { readOptions as optionsOf } from '../../scripts/command-line.ts'
import { FAULT_NAMES, type FaultName } from './faults.ts'
import type { BrokerCount } from './servers.ts'

const COUNTS = oneOf(['1', '3'])

const BROKERS: Kind<BrokerCount> = {
  allowed: COUNTS.allowed,
  schema: pipe(
    COUNTS.schema,
    transform(text => Number(text) as BrokerCount),
  ),
}

export interface Options {
  readonly events: number
  readonly seed: number
  readonly faults: readonly FaultName[]
  /** Maximum number of events per second. */
  readonly rate: number
  /** How many records are sent for each fault. */
  readonly every: number
  readonly workers: number
  readonly brokers: BrokerCount
  /** Whether another producer sends odd records. */
  readonly fuzz: boolean
  /** The folder in which a failed run is kept. */
  readonly out: string
  /** How long there may be no progress before the flow counts as stuck. */
  readonly patienceMs: number
}

export const USAGE = `Usage: npm run ledger -- [options]

Sends numbered events through several functions on its own Kafka, Lambda (serverless-offline) and Valkey, some of
them through a topic of another application, while it injects faults into all of them. Then counts, with a reference
that shares no code with the project, whether any event was lost, applied twice, or out of order.

  --events N       how many records are sent (20000)
  --seed S         seed of the random numbers (the current time)
  --faults NAMES   all, none, or some, separated by commas (all):
                   ${FAULT_NAMES.slice(0, 7).join(', ')},
                   ${FAULT_NAMES.slice(7).join(', ')}
  --rate N         maximum number of records per second (2000)
  --every N        records that are sent for each fault; each chosen fault comes at least once (5000)
  --workers N      processes that run the functions (2)
  --brokers N      1 or 3 (1)
  --fuzz           also send odd records, each of which must have one outcome
  --out DIR        where the log, partition states and figures of a failed run are kept (.local/ledger)
  --help           show this`

const OPTIONS = {
  events: { type: 'string', default: '20000' },
  seed: { type: 'string' },
  faults: { type: 'string', default: 'all' },
  rate: { type: 'string', default: '2000' },
  every: { type: 'string', default: '5000' },
  workers: { type: 'string', default: '2' },
  brokers: { type: 'string', default: '1' },
  fuzz: { type: 'boolean', default: false },
  out: { type: 'string', default: '.local/ledger' },
  patience: { type: 'string', default: '60' },
  help: { type: 'boolean', default: false },
} as const

const POSITIVE = wholeNumber({ least: 1 })

const NAMES = list(
  name => ['all', 'none', ...FAULT_NAMES].includes(name),
  `all, none, or some of ${FAULT_NAMES.join(', ')}`,
)

const FAULTS: Kind<readonly FaultName[]> = {
  allowed: NAMES.allowed,
  schema: pipe(
    NAMES.schema,
    transform(names => FAULT_NAMES.filter(name => names.includes('all') || names.includes(name))),
  ),
}

const KINDS = {
  events: POSITIVE,
  seed: POSITIVE,
  faults: FAULTS,
  rate: POSITIVE,
  every: POSITIVE,
  workers: POSITIVE,
  brokers: BROKERS,
  patience: POSITIVE,
} as const

/** Undefined where they ask for help. @throws Error that names every option that is wrong */
export function readOptions(args: readonly string[]): Options | undefined {
  const { help, patience, ...given } = optionsOf('npm run ledger', args, OPTIONS, KINDS)
  const { seed = Date.now() % 1_000_000 } = given
  return help ? undefined : { ...given, seed, patienceMs: patience * 1_000 }
}

/** The command that repeats the run. */
export function formatCommand(options: Options): string {
  const { patienceMs: _, out: __, faults, fuzz, ...others } = options
  const given = {
    ...others,
    faults: faults.length === FAULT_NAMES.length ? 'all' : faults.join(',') || 'none',
  }
  const words = Object.entries(given).map(([name, value]) => `--${name} ${value}`)
  return `npm run ledger -- ${words.join(' ')}${fuzz ? ' --fuzz' : ''}`
}
