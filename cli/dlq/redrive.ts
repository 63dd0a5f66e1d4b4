import { MAPPINGS, readSettings } from '../../lib/app/settings/index.ts'
import { mappingsOfTopics } from '../../lib/app/topic-mappings.ts'
import type { FoundDeadLetter } from '../../lib/failures/dlq-record.ts'
import { OPERATION } from '../../lib/operations/dead-letters/operation.ts'
import { type Patch, readPatch } from '../../lib/operations/dead-letters/patch.ts'
import { type Chooser, redriveChooser } from '../../lib/operations/dead-letters/redriving.ts'
import { mapped, text } from '../../packages/runtime/settings/values.ts'
import {
  command,
  environment,
  flag,
  JSON_OPTION,
  option,
  optionalArguments,
  SOME_TEXT,
  type ValuesOf,
} from '../command.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { inputBytes } from '../input.ts'
import type { Terminal } from '../terminal.ts'
import { FILTERS } from './filters.ts'
import { handle } from './handling.ts'

type RedriveOptions = ValuesOf<typeof OPTIONS>

/** Kind for a number of dead letters per second. */
const RATE = mapped(text(/^[1-9]\d{0,6}(\/s)?$/, 'a number a second, as 100/s'), rate =>
  Number.parseInt(rate, 10),
)

const OPTIONS = {
  ...FILTERS,
  patch: option(
    '<file>',
    'a change of the event or of plain JSON: a file with JSON, or the JSON itself',
    SOME_TEXT,
  ),
  rate: option('<n/s>', 'how many a second at most', RATE),
  again: flag('also those that were redriven or dropped before'),
  yes: flag('do it'),
  resume: option('<operation>', 'continue a stopped operation', OPERATION),
  json: JSON_OPTION,
  env: environment('of the dead letters'),
}

export default command({
  about: `Return dead letters to the consumers that failed: each to its original topic and partition, with its bytes, and only
for that consumer.

Without --yes, the command only shows the effect. Specify dead letters by AT or id, or select them with options.
Quarantined ones are skipped unless they are specified.`,
  more: `
Ctrl-C finishes the current batch and prints the command that continues. This also works after a crash: the dlq topic
itself records handled dead letters, and --resume skips them, together with all that were written since the operation
started. A dead letter that is redriven twice is applied once.

Afterwards, the command waits for at most 30 seconds until the consumers have processed the redriven records, and
reports how many failed again; its exit status is 1 if any did.

--patch changes the event: a JSON merge patch (RFC 7396) of it in the JSON event format, or with a specversion a whole event in its place, for one
dead letter. Of a record that is not an event it changes the JSON, by the mappings of its topic, for all consumers that failed on that record.
Each patched event must fit its schema, or nothing is redriven. The history of the record says that it was patched, and by whom.
JSON on the command line goes into the audit event; of a file, only its name does.

Examples:
  sluice dlq redrive 2@17
  sluice dlq redrive --consumer alerting --code timer-failed --since 1d --rate 100/s --yes
  sluice dlq redrive 2@17 --patch '{"data":{"temperature":28}}' --yes`,
  args: {
    at: optionalArguments('positions as shown by `sluice dlq list`, or ids', SOME_TEXT),
  },
  options: OPTIONS,
  run: ({ at, ...options }, terminal) => redriven(at, options, terminal),
})

async function redriven(
  ats: readonly string[],
  { patch: given, rate, again, ...options }: RedriveOptions,
  terminal: Terminal,
): Promise<void> {
  if (again && ats.length === 0)
    throw usageFailure(
      '--again needs specified dead letters. Otherwise, it would redrive all dead letters that ever failed.',
    )
  const patch = given === undefined ? undefined : await patchOf(given, terminal)
  if (patch?.isWhole && ats.length !== 1)
    throw usageFailure('A whole event can replace only one record: specify one dead letter.')
  const refusals: string[] = []
  const onRefused = ({ partition, offset }: FoundDeadLetter, why: string) => {
    if (refusals.length < SHOWN) refusals.push(`  ${partition}@${offset}  ${why}`)
  }
  await handle(
    {
      command: 'redrive',
      ats,
      options,
      others: { patch: given, rate: rate === undefined ? undefined : `${rate}/s`, again: again || undefined },
      perSecond: rate,
      isPatched: patch !== undefined,
      looksFirst: patch !== undefined || rate !== undefined || ats.length > 0,
      chooser: (topics, by) => {
        const choose = redriveChooser({
          topics,
          by,
          nowMs: Date.now,
          patch,
          again,
          onRefused,
        })
        return patch ? choose : warning(choose, terminal)
      },
      check: () => requirePatchable(refusals),
    },
    terminal,
  )
}

/**
 * Returns a chooser that prints a warning once for each permanent failure code. Records with such a code fail again after a redrive
 * unless the cause has been removed.
 */
function warning(choose: Chooser, { stderr }: Terminal): Chooser {
  const said = new Set<string>()
  return {
    ...choose,
    byRow: (row, isNamed) => {
      const because = choose.byRow(row, isNamed)
      const { code, class: kind } = row
      if (because === undefined && kind === 'permanent' && !said.has(code)) {
        said.add(code)
        stderr.write(
          `${code} is permanent: the same record fails again, unless the cause was fixed or --patch changes the record.\n`,
        )
      }
      return because
    },
  }
}

const SHOWN = 5

function requirePatchable(refusals: readonly string[]): void {
  if (refusals.length > 0)
    throw new CliFailure(
      `Nothing was redriven: some events would be invalid after the patch.\n${refusals.join('\n')}`,
    )
}

async function patchOf(given: string, terminal: Terminal): Promise<Patch> {
  const isJson = given.trimStart().startsWith('{')
  const patch = readPatch(isJson ? given : String(await inputBytes(given, terminal)))
  if (typeof patch === 'string') throw usageFailure(`--patch: ${isJson ? '' : `${given}: `}${patch}`)
  return { ...patch, mappingsOf: await mappingsOfTopics(readSettings([MAPPINGS], terminal.environment)) }
}
