import { randomUUID } from 'node:crypto'
import { createKind, instant, text } from '#runtime/settings/index.ts'
import { type AlertMatch, matchText } from '../../lib/notification/alert-match.ts'
import { findFaults, newSilence, type SilenceFault } from '../../lib/notification/new-silence.ts'
import { isSeverity } from '../../lib/notification/parse-routes.ts'
import { type Silence, withSilence } from '../../lib/notification/silences.ts'
import { silencesTooLarge } from '../../lib/notification/silences-changed.ts'
import { userOfMachine } from '../../scripts/machine-user.ts'
import {
  command,
  DURATION,
  environment,
  JSON_OPTION,
  option,
  optionList,
  requiredOption,
  type ValuesOf,
} from '../command.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { printReport } from '../terminal.ts'
import { changeSilences } from './change-silences.ts'
import { toReport } from './text.ts'

type AddOptions = ValuesOf<typeof OPTIONS>

const MATCHER = text(/^.{1,256}$/su, 'a text of 1 to 256 characters, in which * stands for any')
const SEVERITY = createKind(
  given => (isSeverity(given) ? given : undefined),
  'critical, warning or info, or a text with * that matches one',
)
const LABEL = createKind(
  given => /^([A-Za-z][A-Za-z0-9_]*)=(.{1,256})$/su.exec(given)?.slice(1) as [string, string] | undefined,
  'NAME=TEXT, such as team=infra',
)
const REMARK = text(/^(?=.*\S).{1,1000}$/su, 'a text of 1 to 1,000 characters')

const OPTIONS = {
  rule: optionList('<name>', 'alerts of this rule', MATCHER),
  severity: optionList('<severity>', 'alerts of this severity', SEVERITY),
  label: optionList('<name=text>', 'alerts with this label', LABEL),
  source: optionList('<source>', 'alerts of entities with this source, such as /greenhouse/north', MATCHER),
  entity: optionList('<subject>', 'alerts of entities with this subject, such as a sensor id', MATCHER),
  start: option('<time>', 'start of the silence, RFC 3339 (default: now)', instant()),
  for: option('<duration>', 'duration of the silence', DURATION),
  until: option('<time>', 'end of the silence, RFC 3339, instead of --for', instant()),
  author: option('<name>', 'author of the silence (default: the user of this machine)', REMARK),
  comment: requiredOption('<text>', 'why', REMARK),
  json: JSON_OPTION,
  env: environment('of the alerts'),
}

export default command({
  about: `Silence matching alerts: they cause no notifications for a while.

An alert must match every given kind of matcher; of several matchers of the same kind, one must match. \`*\` matches any
characters. When the silence is over, alerts that still fire cause notifications. The resolution of an alert that was
sent before is always sent.`,
  more: `
The silence takes effect within seconds. Its author and comment are visible in the log.

Examples:
  sluice silence add --rule TOO_HOT --source /greenhouse/north --for 2h --comment 'new sensors'
  sluice silence add --label team=infra --severity warning --start 2026-03-02T20:00:00Z --for 4h --comment upgrade`,
  options: OPTIONS,
  conflicts: [['for', 'until']],
  requiresOneOf: [['for', 'until']],
  async run(options, terminal) {
    const silence = buildSilence(options, options.author ?? userOfMachine(), Date.now())
    const operation = {
      action: 'silence add',
      filter: { id: silence.id, match: matchText(silence.match) },
    } as const
    await changeSilences(terminal, options.env, operation, (set, nowMs) => {
      const next = withSilence(set, silence, nowMs)
      const tooLarge = silencesTooLarge(next, nowMs)
      if (tooLarge) throw new CliFailure(`Nothing was changed: ${tooLarge}.`)
      return next
    })
    const added = toReport(silence, Date.now())
    printReport(
      terminal,
      added,
      options.json,
      ({ id, endsAt, startsAt }) =>
        `Silence ${id} for ${matchText(silence.match)}, from ${startsAt} until ${endsAt}.\n`,
    )
  },
})

/**
 * Returns the silence that the options describe.
 *
 * @throws CliFailure if options are invalid. The message lists all errors.
 */
function buildSilence(options: AddOptions, author: string, nowMs: number): Silence {
  const match = buildMatch(options)
  const { start: startMs = nowMs, comment } = options
  const wanted = { match, startMs, endMs: options.until ?? startMs + (options.for ?? 0) }
  const faults = findFaults(wanted, nowMs)
  if (faults.length > 0) throw usageFailure(faults.map(fault => FAULTS[fault]).join('\n'))
  return newSilence({ ...wanted, id: randomUUID().slice(0, 8), author, comment }, nowMs)
}

const FAULTS: Readonly<Record<SilenceFault, string>> = {
  'matches-all':
    'Use at least one of --rule, --severity, --label, --source and --entity: without them, all alerts would be silenced.',
  'ends-before-it-begins': '--until must be later than the start.',
  'too-late': 'A silence must end before the year 10000.',
  'over-already': 'The silence would already have ended.',
}

function buildMatch({ rule, severity, label, source, entity }: AddOptions): AlertMatch {
  const byName = Object.groupBy(label, ([name]) => name)
  const labels = Object.entries(byName).map(([name, pairs = []]) => [name, pairs.map(([, text]) => text)])
  const matchers = Object.entries({ rule, severity, source, entity }).filter(([, texts]) => texts.length > 0)
  return { ...Object.fromEntries(matchers), ...(label.length > 0 && { labels: Object.fromEntries(labels) }) }
}
