import { either } from '#runtime/settings'
import { type Filter, nameField, optionField, SOME_TEXT, TIME_OR_AGO } from '../../control/questions/field.ts'
import { openSource } from '../../control/recordings/replay/recording-file.ts'
import { readRulesAt } from '../../control/trials/rules-at-path.ts'
import { readRecording } from '../../control/trials/try-rules/recorded-readings.ts'
import {
  type RulesOnTrial,
  type Tried,
  type TriedAlert,
  type TriedRule,
  tryOnRecording,
  tryRules,
} from '../../control/trials/try-rules/try-rules.ts'
import { dataReader } from '../../lib/app/data/data-reader.ts'
import { count } from '../../lib/support/count.ts'
import { durationText } from '../../lib/support/duration.ts'
import { utcSecond } from '../../lib/support/time-text.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { showLineLater, showProgress } from '../output/progress.ts'
import { formatTable, type PrintedColumn } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'
import { withHistory } from '../servers/history.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport, resolvePath, type Terminal } from '../terminal.ts'

/** Maximum number of alerts. The output of `--json` contains all alerts. */
const SHOWN = 200
/** Delay after which the start of the readings counts as a missing beginning, in milliseconds. */
const LATE_MS = 10 * 60_000

const RULES: readonly PrintedColumn[] = [
  { heading: 'RULE', least: 10 },
  ...['WOULD FIRE', 'ENTITIES', 'STILL FIRING', 'FIRED'].map(
    heading => ({ heading, align: 'right' }) satisfies PrintedColumn,
  ),
]
const ALERTS: readonly PrintedColumn[] = [
  { heading: 'RULE', least: 10 },
  { heading: 'ENTITY', least: 12, cut: 'start' },
  { heading: 'WOULD FIRE' },
  { heading: 'FOR', align: 'right' },
  { heading: 'VALUE', align: 'right', leaveOut: 1 },
]

const OPTIONS = {
  rules: optionField(
    '<path>',
    'a rule file, or a folder with rule files (default: RULES_DIR, else "config/rules")',
  ),
  until: optionField('<time>', 'end of the range (default: now)', TIME_OR_AGO),
  entity: optionField('<text>', 'only entities whose name contains this text'),
  json: JSON_OPTION,
  env: environment('to read'),
}

const SOURCE = either<number | string>(TIME_OR_AGO, SOME_TEXT)

export default command({
  about: `Try alert rules on the readings of the past: a range of time, or a recording.

The alerting function itself evaluates the readings of the history, followed by those that only the topics contain,
with the same clock and timers as in a deployment. The same rules therefore give the same alerts. For each rule, the
number of alerts that really fired is shown beside them. Nothing is changed or published.`,
  more: `
Readings before the range are evaluated as well, as far back as the durations of the rules require. Rules that
evaluate groups of entities, tables, or events that are not readings, are not tried.

Examples:
  sluice rules try 30d
  sluice rules try 2026-10-01T00:00:00Z --until 2026-11-01T00:00:00Z --rules next-rules --json
  sluice rules try events/streams/heatwave.jsonl`,
  fields: {
    source: nameField(
      'start of the range, a time or a duration before now; or the file of a recording',
      SOURCE,
    ),
    ...OPTIONS,
  },
  run: (values, terminal) =>
    run(values, terminal).catch(error => {
      // If the user has stopped the command, there is no result, because the range has not been read completely.
      if (!terminal.stop.aborted) throw error
    }),
})

type Options = Filter<typeof OPTIONS> & { readonly source: number | string }

async function run(options: Options, terminal: Terminal): Promise<void> {
  const { source, until, json, env, entity = '' } = options
  if (typeof source === 'string' && until !== undefined)
    throw usageFailure('--until cannot be used with a recording, which is evaluated as a whole.')
  const config = resolveConfig(terminal, env)
  const named = options.rules ?? config.rulesDir
  const rules = await readRulesAt(config.families, resolvePath(terminal, named), named)
  const trial = { rules, settings: config, entity, reader: dataReader(config) }
  const result =
    typeof source === 'string'
      ? await tryOnRecording(
          await readRecording(config.families, await openSource(source, terminal), trial.reader),
          trial,
          terminal.stop,
        )
      : await tryOnRange(trial, config, { sinceMs: source, untilMs: until ?? Date.now() }, terminal)
  if (result.readings === 0)
    throw new CliFailure(
      `No readings between ${new Date(result.sinceMs).toISOString()} and ${new Date(result.untilMs).toISOString()}: choose another range.`,
    )
  printReport(terminal, result, json, formatTrial)
}

async function tryOnRange(
  trial: RulesOnTrial,
  config: ReturnType<typeof resolveConfig>,
  range: { readonly sinceMs: number; readonly untilMs: number },
  terminal: Terminal,
): Promise<Tried> {
  if (range.sinceMs >= range.untilMs) throw usageFailure('The start of the range must be before --until.')
  return withHistory(config, terminal, async places => {
    const { onProgress, hide } = showProgress(terminal, 'records read', showLineLater)
    return tryRules(places, trial, range, terminal.stop, onProgress).finally(hide)
  })
}

function formatTrial(result: Tried, columns?: number): string {
  const { rules, alerts } = result
  const rest = alerts.length > SHOWN ? `and ${alerts.length - SHOWN} more: --json has all` : ''
  const parts = [
    formatSummary(result),
    formatTable(RULES, rules.map(toRuleRow), columns),
    alerts.length > 0 ? formatTable(ALERTS, alerts.slice(0, SHOWN).map(toAlertRow), columns) : 'No alerts.',
    rest,
    ...formatNotes(result),
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function toRuleRow({ rule, left, alerts, entities, firing, fired }: TriedRule): readonly string[] {
  const counts = left ? ['-', '-', '-'] : [alerts, entities, firing].map(String)
  return [rule, ...counts, fired === null ? '-' : String(fired)]
}

function toAlertRow({ rule, entity, fromMs, toMs, value = '-' }: TriedAlert): readonly string[] {
  const length = toMs === null ? 'still firing' : durationText(toMs - fromMs)
  return [rule, entity, utcSecond(fromMs), length, String(value)]
}

function formatSummary({ sinceMs, untilMs, readings, duplicates, failed, alerts }: Tried): string {
  const repeated = duplicates > 0 ? `, ${count(duplicates, 'duplicate')} left out` : ''
  const refused = failed > 0 ? `, ${count(failed, 'record')} rejected` : ''
  const range = `${utcSecond(sinceMs)} to ${utcSecond(untilMs)}`
  return `${count(readings, 'reading')}${repeated}${refused}, ${range}: ${count(alerts.length, 'alert')} would fire.`
}

function formatNotes({ missing, rules, warmFromMs, beginsMs, sinceMs }: Tried): readonly string[] {
  const isLate = beginsMs !== null && beginsMs > warmFromMs + LATE_MS
  const untried = rules.filter(({ left }) => left === 'beyond-readings').map(({ rule }) => escapeText(rule))
  return [
    untried.length > 0
      ? `Not tried, because they evaluate more than readings of one entity: ${untried.join(', ')}.`
      : '',
    isLate
      ? `The readings begin at ${utcSecond(beginsMs)}. The state before is unknown, so rules with a duration may fire late at first.`
      : warmFromMs < sinceMs
        ? `Readings since ${utcSecond(warmFromMs)} were evaluated for the state at the start. The state before is unknown.`
        : 'The state before the first reading is unknown.',
    ...missing.map(
      ({ topic, partition, fromOffset, toOffset }) =>
        `Missing in the history and in the log: offsets ${fromOffset} to ${toOffset} of ${topic}/${partition}.`,
    ),
  ]
}
