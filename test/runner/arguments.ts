import { oneOf, text, wholeNumber } from '../../lib/runtime/settings/values.ts'
import { readCommandLine } from '../../programs/options.ts'
import { UserError } from '../../programs/user-error.ts'

const GROUPS = ['checks', 'unit', 'integration', 'rehearsal', 'matrix'] as const
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

/** Too slow for every run. */
const ON_REQUEST: readonly Group[] = ['matrix']

const MOST_RUNS = 1_000

export const USAGE = `Usage: npm test -- [options] [PATTERN]

Runs the checks, then the unit, property and conformance tests, then the integration tests against Kafka, Valkey and
LocalStack, which it starts on ports of its own, and beside them the rehearsal of a deployment. Where KAFKA_BROKERS,
REDIS_URL or AWS_ENDPOINT_URL is set, the integration tests use that server.

  PATTERN          only checks and test files whose name or path has this in it
  --only GROUP     ${GROUPS.join(', ')}; may be given more than once. The matrix runs only when it is named: it tries
                   the Kafka trigger with every framework, in minutes, and downloads them
  --kafka VERSION  start this version of Kafka instead, for example 3.9.1
  --repeat N       run all of it N times, each time with new servers, and list what was not the same each time
  --help           show this`

const OPTIONS = {
  only: { type: 'string', multiple: true, default: [] as string[] },
  kafka: { type: 'string' },
  repeat: { type: 'string', default: '1' },
  help: { type: 'boolean', default: false },
} as const

const KINDS = {
  only: oneOf(GROUPS),
  kafka: text(/^\d+\.\d+\.\d+$/, 'a version, for example 3.9.1'),
  repeat: wholeNumber({ least: 1, most: MOST_RUNS }),
} as const

/** What the arguments select; undefined where they ask for help. @throws Error that names every option that is wrong */
export function parseSelection(args: readonly string[]): Selection | undefined {
  const { values, positionals } = readCommandLine('npm test', args, OPTIONS, KINDS)
  const { only, kafka, repeat, help } = values
  if (help) return undefined
  if (positionals.length > 1) throw new UserError(`One PATTERN at most, not ${positionals.join(' ')}.`)
  const [pattern] = positionals
  return {
    groups: GROUPS.filter(group => (only.length === 0 ? !ON_REQUEST.includes(group) : only.includes(group))),
    repeat,
    ...(pattern === undefined ? {} : { pattern }),
    ...(kafka === undefined ? {} : { kafkaVersion: kafka }),
  }
}
