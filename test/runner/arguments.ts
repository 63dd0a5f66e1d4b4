import { parseArgs } from 'node:util'
import { LocalCloudError } from '../../localstack/failure.ts'

const GROUPS = ['checks', 'unit', 'integration'] as const
export type Group = (typeof GROUPS)[number]

/** What of all there is a run is to look at. */
export interface Selection {
  readonly groups: readonly Group[]
  /** A part of a check's name or of a test file's path. */
  readonly pattern?: string
  /** The version of Kafka to start, where it is not the project's own. */
  readonly kafkaVersion?: string
  /** How often all of it is run. */
  readonly repeat: number
}

const MOST_RUNS = 1_000

export const USAGE = `Usage: npm test -- [options] [PATTERN]

Runs the checks, then the unit, property and conformance tests, then the integration tests against Kafka, Valkey and
LocalStack, which it starts on ports of its own. Where KAFKA_BROKERS, REDIS_URL or AWS_ENDPOINT_URL is set, that server
is used.

  PATTERN          only checks and test files whose name or path has this in it
  --only GROUP     ${GROUPS.join(', ')}; may be given more than once
  --kafka VERSION  start this version of Kafka instead, for example 3.9.1
  --repeat N       run all of it N times, each time with new servers, and list what was not the same each time
  --help           show this`

/** What the arguments select; undefined where they ask for help. Throws one sentence where they are wrong. */
export function parseSelection(args: readonly string[]): Selection | undefined {
  const { values, positionals } = parse([...args])
  if (values.help) return undefined
  const wrong = values.only.find(group => !GROUPS.includes(group as Group))
  if (wrong !== undefined)
    throw new LocalCloudError(`--only ${wrong}: it must be one of ${GROUPS.join(', ')}.`)
  if (values.kafka !== undefined && !/^\d+\.\d+\.\d+$/.test(values.kafka))
    throw new LocalCloudError(`--kafka ${values.kafka}: it must be a version, for example 3.9.1.`)
  const repeat = /^\d{1,4}$/.test(values.repeat) ? Number(values.repeat) : 0
  if (repeat < 1 || repeat > MOST_RUNS)
    throw new LocalCloudError(`--repeat ${values.repeat}: it must be a whole number from 1 to ${MOST_RUNS}.`)
  if (positionals.length > 1) throw new LocalCloudError(`One PATTERN at most, not ${positionals.join(' ')}.`)
  const [pattern] = positionals
  const groups = GROUPS.filter(group => values.only.length === 0 || values.only.includes(group))
  return {
    groups,
    repeat,
    ...(pattern === undefined ? {} : { pattern }),
    ...(values.kafka === undefined ? {} : { kafkaVersion: values.kafka }),
  }
}

function parse(args: string[]) {
  const options = {
    only: { type: 'string', multiple: true, default: [] as string[] },
    kafka: { type: 'string' },
    repeat: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  } as const
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true })
  } catch (error) {
    const [reason] = (error as Error).message.split(/\.\s/)
    throw new LocalCloudError(`${reason}. Try: npm test -- --help`)
  }
}
