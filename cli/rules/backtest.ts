import type { AnyRule } from '../../lib/alerting/patterns/pattern.ts'
import { topicName, topicsOf } from '../../lib/app/topics.ts'
import { type Backtest, backtest, backtestRecording } from '../../lib/operations/backtest/backtest.ts'
import { readRecording } from '../../lib/operations/backtest/recording.ts'
import { settingsOf } from '../../lib/operations/backtest/settings.ts'
import { OperationFailure } from '../../lib/operations/failure.ts'
import { sourceOf } from '../../lib/operations/replay/source.ts'
import { allRulesAt } from '../../lib/operations/rule-files.ts'
import type { TopicReach } from '../../lib/queries/topics.ts'
import { isUnreadable, Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import {
  argument,
  command,
  environment,
  JSON_OPTION,
  option,
  SOME_TEXT,
  TIME_OR_AGO,
  type ValuesOf,
} from '../command.ts'
import { CommandConnections } from '../command-connections.ts'
import { configOf } from '../connections.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { historyOf } from '../history/store.ts'
import { MAPPING, readerWith } from '../mapping-option.ts'
import { showLineLater, showProgress } from '../progress.ts'
import { pathIn, printReport, type Terminal } from '../terminal.ts'
import { reachOf } from '../topics.ts'
import { backtestText } from './backtest-text.ts'

const DAY_MS = 86_400_000

const OPTIONS = {
  since: option(
    '<time>',
    'start of the range: an RFC 3339 time, or a duration before now (default: 30d)',
    TIME_OR_AGO,
  ),
  until: option('<time>', 'end of the range (default: now)', TIME_OR_AGO),
  against: option('<path>', 'compare with the alerts of these rules, instead of those that fired', SOME_TEXT),
  file: option('<file>', 'evaluate a recording instead of the history', SOME_TEXT),
  mapping: MAPPING,
  json: JSON_OPTION,
  env: environment('to read'),
}

export default command({
  about: `Try alert rules on the readings of the past, and compare their alerts with those that fired.

The alerting function itself evaluates the readings of the history, followed by those that only the topics contain,
with the same clock and timers as in a deployment. The same rules therefore give the same alerts. Nothing is changed
or published.`,
  more: `
Readings before the range are evaluated as well, as far back as the durations of the rules require. Alerts that began
even earlier are marked. Rules that evaluate groups of entities, or events that are not readings, are not tried.

A recording has no alerts that fired: with --file, the alerts are compared only with those of --against.

Examples:
  sluice rules backtest rules --since 30d
  sluice rules backtest rules --since 2026-10-01T00:00:00Z --until 2026-11-01T00:00:00Z --json
  sluice rules backtest next-rules --against rules --file events/streams/heatwave.jsonl`,
  args: { rules: argument('a rule file, or a folder with rule files', SOME_TEXT) },
  options: OPTIONS,
  run: (values, terminal) =>
    run(values, terminal).catch(error => {
      // If the user has stopped the command, there is no result, because the range has not been read completely.
      if (!terminal.stop.aborted) throw error
    }),
})

type Options = ValuesOf<typeof OPTIONS> & { readonly rules: string }

async function run({ rules: named, ...options }: Options, terminal: Terminal): Promise<void> {
  const { against: other, file, since, until } = options
  if (file !== undefined && (since !== undefined || until !== undefined))
    throw usageFailure(
      '--file cannot be used together with --since or --until: the whole recording is evaluated.',
    )
  const rules = await allRulesAt(pathIn(terminal, named), named)
  const against = other === undefined ? undefined : await allRulesAt(pathIn(terminal, other), other)
  const result =
    file === undefined
      ? await ofHistory(rules, against, options, terminal)
      : await ofRecording(rules, against, file, options, terminal)
  if (result.readings === 0)
    throw new CliFailure(
      `No readings between ${new Date(result.sinceMs).toISOString()} and ${new Date(result.untilMs).toISOString()}: choose another range with --since and --until.`,
    )
  const compared = other ?? (file === undefined ? 'fired' : undefined)
  printReport(terminal, result, options.json, (all, columns) => backtestText(all, compared, columns))
}

async function ofRecording(
  rules: readonly AnyRule[],
  against: readonly AnyRule[] | undefined,
  file: string,
  { mapping, env }: Pick<Options, 'mapping' | 'env'>,
  terminal: Terminal,
): Promise<Backtest> {
  const config = configOf(terminal, env)
  const source = await sourceOf(file, terminal)
  const readings = await readRecording(source, await readerWith(config, mapping, terminal))
  // A reading arrives at its own time here, so that it is never ahead of the log.
  const settings = { ...(await settingsOf(config)), futureToleranceMs: Number.MAX_SAFE_INTEGER }
  return backtestRecording(readings, { rules, against: against ?? [], settings }, terminal.stop)
}

async function ofHistory(
  rules: readonly AnyRule[],
  against: readonly AnyRule[] | undefined,
  { since, until, mapping, env }: Pick<Options, 'since' | 'until' | 'mapping' | 'env'>,
  terminal: Terminal,
): Promise<Backtest> {
  const config = configOf(terminal, env)
  const untilMs = until ?? Date.now()
  const sinceMs = since ?? untilMs - 30 * DAY_MS
  if (sinceMs >= untilMs) throw usageFailure('--since must be before --until.')
  const reader = await readerWith(config, mapping, terminal)
  const settings = await settingsOf(config, reader)
  const store = await historyOf(config, terminal)
  if (!store)
    terminal.stderr.write(
      'HISTORY_BUCKET is not set: only the readings that the topics still contain are used.\n',
    )
  const connections = new CommandConnections(config)
  const { onProgress, hide } = showProgress(terminal, 'records read', showLineLater)
  try {
    const log = {
      reader: await connections.log(),
      reach: async (topic: string, sinceMs: number) =>
        (await reachOf(connections, config, [topic], sinceMs)).get(topic) as TopicReach,
    }
    const topics = topicsOf(['readings']).map(signal => topicName(signal, config.env))
    const range = { sinceMs, untilMs, topics }
    return await backtest({ store, log }, { rules, against, settings }, range, terminal.stop, onProgress)
  } catch (error) {
    throw error instanceof Unavailable || isUnreadable(error)
      ? new OperationFailure(error.message, { cause: error })
      : error
  } finally {
    hide()
    store?.close?.()
    await connections.close()
  }
}
