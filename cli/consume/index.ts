import { existsSync } from 'node:fs'
import type { AnyRule } from '../../lib/alerting/patterns/pattern.ts'
import { type DeclaredFunction, readFunctions, topicsRead } from '../../lib/app/functions.ts'
import { fromKind } from '../../lib/operations/log-position.ts'
import { allRulesAt } from '../../lib/operations/rule-files.ts'
import { topicOf } from '../../lib/operations/state-keys.ts'
import { oneOf } from '../../packages/runtime/settings/values.ts'
import {
  command,
  environment,
  flag,
  option,
  POSITIVE,
  requiredOption,
  SOME_TEXT,
  short,
  type ValuesOf,
} from '../command.ts'
import { configOf } from '../connections.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { MAPPING, readerWith } from '../mapping-option.ts'
import { pathIn, type Terminal } from '../terminal.ts'
import { consume } from './consume.ts'
import type { OutputMode } from './output.ts'

/** Placeholder for the name of an environment. It must not be a character that occurs in names of functions. */
const ANY_ENV = '*'

/** Returns the function to which a group belongs in any environment; undefined for other groups. */
export function functionOfGroup(group: string, functions: readonly DeclaredFunction[]): string | undefined {
  const isOwn = (own: string) => {
    const [before = '', after] = own.split(ANY_ENV)
    if (after === undefined) return group === before
    const env = group.slice(before.length, group.length - after.length)
    return group.startsWith(before) && group.endsWith(after) && /^[a-z0-9-]+$/.test(env)
  }
  return functions.find(declared => topicsRead(declared, ANY_ENV).some(read => isOwn(read.group)))?.name
}

type ConsumeOptions = ValuesOf<typeof OPTIONS>

const OPTIONS = {
  topic: requiredOption('<topic>', 'signal, or full name of a topic', SOME_TEXT),
  group: option('<id>', 'join this consumer group', SOME_TEXT),
  commit: option(
    '<when>',
    'when offsets are committed (default: auto; needs --group)',
    oneOf(['auto', 'manual']),
  ),
  batch: flag('process records in batches of 100 or 5.0 s'),
  quiet: flag('print one line per hundred records'),
  from: option(
    '<position>',
    'where to start: start, end, an RFC 3339 time, or a duration before now; with --group only start or end, for partitions without a committed offset (default: start)',
    fromKind(Date.now()),
  ),
  count: short('n', option('<n>', 'end after this many records', POSITIVE)),
  rules: option(
    '<path>',
    'rule file, or folder of them (default: RULES_DIR, else "config/rules")',
    SOME_TEXT,
  ),
  mapping: MAPPING,
  force: flag("join a group of Sluice's own functions, which then miss records"),
  json: flag('print one JSON document per record'),
  env: environment('of a signal'),
}

export default command({
  about: `Consume a topic like a script with a Kafka consumer: existing records, then new ones, until Ctrl-C.

The command prints a line for each record, followed by the alerts that the record would fire. With --quiet it prints
one line per hundred records, such as "Processed 100 messages | 5 alerts", where alerts is the number of records that
would fire one. With --batch it processes records in batches of 100, or of those that arrived within 5.0 s, and prints
a line for each batch. Nothing is published: alerts are only counted.

Without --group it reads from the first record on, and commits no offsets. With --group it is a member of that
consumer group, starts at the committed offsets of the group, and commits offsets: auto every 5 s and at the end,
manual after each processed batch.`,
  more: `
Alerts are evaluated in the same way as by the alerting function, with the rules that are not paused and the readings
that this command has read. Alerts that only passing time can fire, such as one for a silent sensor, are not counted,
nor are rules over several entities.

A consumer group divides the partitions among its members. The groups of Sluice's functions are rejected, because the
functions would lose records to this command.

Examples:
  sluice consume --topic readings
  sluice consume --topic readings --from end --quiet
  sluice consume --topic orders --group order-checks --commit manual --batch`,
  options: OPTIONS,
  async run(options, terminal) {
    const config = configOf(terminal, options.env)
    const { group, commit, count = Number.POSITIVE_INFINITY, json } = options
    if (commit !== undefined && group === undefined)
      throw usageFailure('--commit needs --group: offsets are committed for a group.')
    if (group !== undefined && !options.force) requireForeign(group)
    const rules = (await rulesOf(options, terminal)).filter(({ paused }) => !paused)
    const topic = topicOf(options, config.env)
    const reader = await readerWith(config, options.mapping, terminal)
    const plan = { topic, group, commit: commit ?? 'auto', count, json, rules, reader }
    await consume({ ...plan, mode: modeOf(options), from: fromOf(options) }, config, terminal)
  },
})

/**
 * Checks that the group is not the consumer group of a function.
 *
 * @throws CliFailure
 */
function requireForeign(group: string): void {
  const own = functionOfGroup(group, readFunctions())
  if (own === undefined) return
  throw new CliFailure(
    `${group} is the consumer group of the function ${own}, which would lose records to this command. ` +
      'Choose another --group, or omit it. To join it anyway, use --force.',
  )
}

function modeOf({ batch, quiet, json }: ConsumeOptions): OutputMode {
  const [first, second] = Object.entries({ batch, quiet, json }).flatMap(([name, is]) => (is ? [name] : []))
  if (second !== undefined) throw usageFailure(`--${first} and --${second} cannot be used together.`)
  if (batch) return 'batches'
  return quiet ? 'summary' : 'records'
}

function fromOf({ from = 'start', group }: ConsumeOptions): 'start' | 'end' | { readonly timeMs: number } {
  if (typeof from === 'object' && 'offset' in from)
    throw usageFailure(
      '--from must be start, end, a time or a duration. It must not be an offset, because each partition counts its own offsets.',
    )
  if (typeof from === 'object' && group !== undefined)
    throw usageFailure(
      '--from with a time cannot be used with --group: a group starts at its committed offsets.',
    )
  return from
}

const RULES = 'config/rules'

/**
 * Returns the rules. If no rules are specified and the default folder is missing, alerts are not counted, and a message is shown.
 */
async function rulesOf({ rules }: ConsumeOptions, terminal: Terminal): Promise<readonly AnyRule[]> {
  const named = rules ?? terminal.environment.RULES_DIR
  if (named) return allRulesAt(pathIn(terminal, named), named)
  if (existsSync(pathIn(terminal, RULES))) return allRulesAt(pathIn(terminal, RULES), RULES)
  terminal.stderr.write(
    `The folder "${RULES}" does not exist here, so alerts are not counted. Use --rules to specify another one.\n`,
  )
  return []
}
