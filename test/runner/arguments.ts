import { oneOf, text } from '#runtime/settings'
import { readCommandLine } from '../../scripts/command-line.ts'
import { UserError } from '../../scripts/user-error.ts'

const GROUPS = ['checks', 'unit', 'integration', 'long'] as const
export type Group = (typeof GROUPS)[number]

/** Selection of the tests that a run executes. */
export interface Selection {
  readonly groups: readonly Group[]
  /** Part of a test file's path. */
  readonly pattern?: string
  /** Version of Kafka to start, if it differs from the project's own. */
  readonly kafkaVersion?: string
  /** True for a complete run, in which nothing is sampled and a skipped test counts as a failure. */
  readonly isWhole: boolean
}

const SHORT: readonly Group[] = ['checks', 'unit', 'integration']
const ALL: readonly Group[] = [...SHORT, 'long']

export const USAGE = `Usage: npm test -- [options] [PATTERN]

Without options: the checks, the unit and conformance tests, and the integration tests against Kafka, Valkey and
LocalStack, which are started on free ports. At most six minutes on two quiet cores. Where KAFKA_BROKERS, REDIS_URL or
AWS_ENDPOINT_URL is set, that server is used instead.

  PATTERN          only test files whose path contains it, the long ones included
  --all            also the long tests: ledger, rehearsal, reload, lost brokers …; some 22 minutes. A
                   skipped test is a failure
  --only GROUP     ${GROUPS.join(', ')}; can be repeated
  --kafka VERSION  start this version of Kafka, for example 3.9.1
  --help           show this help`

const OPTIONS = {
  all: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] as string[] },
  kafka: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

const KINDS = {
  only: oneOf(GROUPS),
  kafka: text(/^\d+\.\d+\.\d+$/, 'a version, for example 3.9.1'),
} as const

/** Parses the arguments. Returns undefined for `--help`. @throws UserError naming all invalid options */
export function parseSelection(args: readonly string[]): Selection | undefined {
  const { values, positionals } = readCommandLine('npm test', args, OPTIONS, KINDS)
  const { all, only, kafka, help } = values
  if (help) return undefined
  if (positionals.length > 1)
    throw new UserError(`Specify at most one PATTERN, not ${positionals.join(' ')}.`)
  if (all && only.length > 0) throw new UserError('--all runs all groups. Omit --only.')
  const [pattern] = positionals
  const byDefault = all || pattern !== undefined ? ALL : SHORT
  return {
    groups: only.length === 0 ? byDefault : GROUPS.filter(group => only.includes(group)),
    isWhole: all,
    ...(pattern !== undefined && { pattern }),
    ...(kafka !== undefined && { kafkaVersion: kafka }),
  }
}
