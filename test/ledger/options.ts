import { parseArgs } from 'node:util'
import { LocalCloudError } from '../../localstack/failure.ts'
import { BROKER_COUNTS, type BrokerCount } from '../../localstack/services/kafka-data.ts'
import { FAULT_NAMES, type FaultName } from './faults.ts'

export interface Options {
  readonly events: number
  readonly seed: number
  readonly faults: readonly FaultName[]
  /** Events a second at most. */
  readonly rate: number
  readonly workers: number
  readonly brokers: BrokerCount
  /** Where what is needed to run it again is kept, should it fail. */
  readonly out: string
  /** What is broken on purpose; empty for nothing. */
  readonly sabotage: string
  /** So long nothing may move before it is held to stand still. */
  readonly patienceMs: number
}

export const USAGE = `Usage: npm run ledger -- [options]

Sends numbered events through two functions on Kafka, Lambda (serverless-offline) and Valkey of its own, strikes all of
these with faults, and counts afterwards, by a reference that shares no code with the project, whether any event was lost,
applied twice, or out of order.

  --events N       how many records are sent (20000)
  --seed S         what chance follows from (the present time)
  --faults NAMES   all, none, or some, separated by commas (all):
                   ${FAULT_NAMES.slice(0, 7).join(', ')},
                   ${FAULT_NAMES.slice(7).join(', ')}
  --rate N         records a second at most (2000)
  --workers N      processes that run the functions (2)
  --brokers N      1 or 3 (1)
  --out DIR        where a run that fails leaves its log, slots and figures (.local/ledger)
  --help           show this`

/** Not in the usage: nobody needs it but those who doubt the ledger. */
export const SABOTAGES = ['mark', 'ids', 'outbox', 'gap', 'stop', 'timers'] as const

const OPTIONS = {
  events: { type: 'string', default: '20000' },
  seed: { type: 'string' },
  faults: { type: 'string', default: 'all' },
  rate: { type: 'string', default: '2000' },
  workers: { type: 'string', default: '2' },
  brokers: { type: 'string', default: '1' },
  out: { type: 'string', default: '.local/ledger' },
  sabotage: { type: 'string', default: '' },
  patience: { type: 'string', default: '60' },
  help: { type: 'boolean', default: false },
} as const

/** Undefined where they ask for help. Throws one sentence where they are wrong. */
export function readOptions(args: readonly string[]): Options | undefined {
  const given = parsed(args)
  if (given.help) return undefined
  const brokers = whole('brokers', given.brokers)
  if (!BROKER_COUNTS.includes(brokers as BrokerCount))
    throw new LocalCloudError(`--brokers ${brokers}: it must be one of ${BROKER_COUNTS.join(', ')}.`)
  if (given.sabotage !== '' && !(SABOTAGES as readonly string[]).includes(given.sabotage))
    throw new LocalCloudError(`--sabotage ${given.sabotage}: it must be one of ${SABOTAGES.join(', ')}.`)
  return {
    events: whole('events', given.events),
    seed: whole('seed', given.seed ?? String(Date.now() % 1_000_000)),
    faults: faultsOf(given.faults),
    rate: whole('rate', given.rate),
    workers: whole('workers', given.workers),
    brokers: brokers as BrokerCount,
    out: given.out,
    sabotage: given.sabotage,
    patienceMs: whole('patience', given.patience) * 1_000,
  }
}

/** The command that runs it again. */
export function commandOf({ events, seed, faults, rate, workers, brokers, sabotage }: Options): string {
  const names = faults.length === FAULT_NAMES.length ? 'all' : faults.join(',') || 'none'
  const given = { events, seed, faults: names, rate, workers, brokers, ...(sabotage ? { sabotage } : {}) }
  const words = Object.entries(given).map(([name, value]) => `--${name} ${value}`)
  return `npm run ledger -- ${words.join(' ')}`
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values
  } catch (error) {
    const [reason] = (error as Error).message.split('. ')
    throw new LocalCloudError(`${reason}. Try: npm run ledger -- --help`)
  }
}

function faultsOf(text: string): readonly FaultName[] {
  if (text === 'all') return FAULT_NAMES
  const names = text === 'none' ? [] : text.split(',')
  const wrong = names.find(name => !(FAULT_NAMES as readonly string[]).includes(name))
  if (wrong !== undefined)
    throw new LocalCloudError(`--faults ${wrong}: it must be all, none, or of ${FAULT_NAMES.join(', ')}.`)
  return names as FaultName[]
}

function whole(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new LocalCloudError(`--${name} ${text}: it must be a whole number from 1 on.`)
}
