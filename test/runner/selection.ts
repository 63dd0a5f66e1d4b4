/** Selects the test files of a run, and their order. */
import { oneOf, text } from '#runtime/settings'
import { readCommandLine } from '../../scripts/command-line.ts'
import { UserError } from '../../scripts/user-error.ts'
import { HOUSES } from '../support/houses.ts'
import { sourceFiles } from './source-files.ts'

/** Patterns of the test files of each group. Files of earlier patterns run first: the longest, so that none is alone at the end. */
const PATTERNS = {
  checks: ['test/checks.test.ts', 'test/package/**/*.test.ts'],
  unit: [
    'packages/msk-trigger/test/unit/source.test.ts',
    'test/simulation/*.test.ts',
    '{test,packages/*/test}/unit/**/*.test.ts',
  ],
  integration: [
    'test/integration/{console-pages,flow}.test.ts',
    '{test,packages/*/test}/integration/**/*.test.ts',
  ],
  long: [
    'test/long/{houses,ledger,rehearsal,typed-pages,start,brokers-lost,generate-broker-away,storage/*}.test.ts',
    '{test,packages/*/test}/long/**/*.test.ts',
  ],
}
type Group = keyof typeof PATTERNS
const GROUPS = Object.keys(PATTERNS) as readonly Group[]

/** Selection of the tests that a run executes. In a whole run, nothing is sampled, and a skipped test counts as a failure. */
export type Selection = NonNullable<ReturnType<typeof parseSelection>>

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
const VERSION = text(/^\d+\.\d+\.\d+$/, 'a version, for example 3.9.1')

/** Parses the arguments. Returns undefined for `--help`. @throws UserError naming all invalid options */
export function parseSelection(args: readonly string[]) {
  const kinds = { only: oneOf(GROUPS), kafka: VERSION }
  const { values, positionals } = readCommandLine('npm test', args, OPTIONS, kinds)
  const { all: isWhole, only, kafka: kafkaVersion, help } = values
  if (help) return undefined
  if (positionals.length > 1)
    throw new UserError(`Specify at most one PATTERN, not ${positionals.join(' ')}.`)
  if (isWhole && only.length > 0) throw new UserError('--all runs all groups. Omit --only.')
  const [pattern = ''] = positionals
  const usual = GROUPS.filter(group => isWhole || pattern !== '' || group !== 'long')
  return { groups: only.length > 0 ? only : usual, pattern, kafkaVersion, isWhole }
}

/** Returns the selected files that need no servers, and those that do, in their order. @throws Error if a group has no files */
export async function selectFiles({ groups, pattern, isWhole }: Selection) {
  // A complete run has the tests of these packages in another form: in an empty project.
  const repeated = isWhole ? Object.values(HOUSES).flat() : []
  const isRepeated = (file: string) => repeated.some(name => file.startsWith(`packages/${name}/test/`))
  const listFiles = async (group: Group) => {
    const found = (await Promise.all(PATTERNS[group].map(pattern => sourceFiles(pattern)))).flat()
    if (found.length === 0) throw new Error(`${group}: no file matches ${PATTERNS[group].join(', ')}`)
    return [...new Set(found)].filter(
      file => groups.includes(group) && file.includes(pattern) && !isRepeated(file),
    )
  }
  return {
    alone: [...(await listFiles('checks')), ...(await listFiles('unit'))],
    besideServers: [...(await listFiles('long')), ...(await listFiles('integration'))],
  }
}
