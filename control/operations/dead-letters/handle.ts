/** Operations that redrive and drop dead letters. */
import { setTimeout as pause } from 'node:timers/promises'
import { mapKind, text } from '#runtime/settings'
import { INTAKE } from '../../../lib/intake/input.ts'
import { count } from '../../../lib/support/count.ts'
import { durationText } from '../../../lib/support/duration.ts'
import { OperationFailure } from '../../../lib/support/operation-failure.ts'
import { formatProgress } from '../../../lib/support/progress-text.ts'
import { type Command, findLeftOutReason } from '../../queries/dead-letters/redrive-decision.ts'
import { readSavedFiles, type SavedFile } from '../../queries/saved-files.ts'
import { DEAD_LETTER_FIELDS, describeMissing, toDeadLetterFilter } from '../../questions/dead-letters.ts'
import { type Filter, flagField, listField, optionalNameField, textField } from '../../questions/field.ts'
import { type ChangedEnvironment, operation, PartlyDone, type Planning, type Running } from '../operation.ts'
import { readEligibleLetters } from './eligible-letters.ts'
import {
  excludeLater,
  formatContinueCommand,
  formatRequest,
  type Handling,
  type HandlingRequest,
  prepareHandling,
} from './handling.ts'
import { ACTIONS, describeResult, type HandlingResult, Tally } from './result.ts'
import { runHandling } from './run.ts'

/** Kind for a number of dead letters per second. */
const RATE = mapKind(text(/^[1-9]\d{0,6}(\/s)?$/, 'a number a second, as 100/s'), rate =>
  Number.parseInt(rate, 10),
)

const SELECTION_FIELDS = {
  at: listField(optionalNameField('positions as shown by `sluice dlq list`, or ids')),
  ...DEAD_LETTER_FIELDS,
}

const CONDITIONS = Object.keys(DEAD_LETTER_FIELDS) as (keyof typeof DEAD_LETTER_FIELDS)[]

/** Dead letters are either named, or selected by conditions. */
const SELECTION_RULES = {
  conflicts: [['at', ...CONDITIONS]],
  requiresOneOf: [['at', ...CONDITIONS]],
} as const

/** Interval at which files that are not in force are looked at, in milliseconds. */
const LOOK_MS = 1_000

interface Plan {
  readonly env: string
  readonly handling: Handling
  readonly result: HandlingResult
  /** True if the run waits until saved files are in force. */
  readonly waits: boolean
  readonly lines: readonly string[]
}

interface Result extends HandlingResult {
  readonly isStopped: boolean
  readonly elapsedMs: number
}

const DONE = { redrive: 'Redriven', drop: 'Dropped' } as const

/** Members that both operations share. */
const HANDLING = {
  describe: ({ lines }: Plan) => lines,
  asks: ({ handling, result }: Plan) =>
    `${handling.request.command === 'redrive' ? 'Redrive' : 'Drop'} ${count(result.taken, 'dead letter')}?`,
  // If the time was too short, there may be more than the plan counts.
  isEmpty: ({ handling, result }: Plan) => result.taken === 0 && !handling.stop.aborted,
  toDocument: ({ env, handling, result }: Plan) => ({
    env,
    request: formatRequest(handling.request),
    ...result,
  }),
  toAudit: ({ handling }: Plan) => formatRequest(handling.request),
  toAgreement: ({ handling: { request, rows } }: Plan) => {
    const meant = rows.filter(row => findLeftOutReason(row, request) === undefined)
    return { ...formatRequest(request), letters: String(meant.length) }
  },
  carryOut: handleDeadLetters,
  describeResult: (result: Result, { handling }: Plan) => [
    `${DONE[handling.request.command]}: ${count(result.taken, 'dead letter')}, in ${durationText(result.elapsedMs)}.`,
    ...describeResult({ ...result, permanent: [] }),
  ],
  describeRest: ({ handling, result: planned }: Plan, result: Result | null) => {
    const { taken, leftOut } = result ?? planned
    const isOpen = Object.keys(leftOut).some(reason => reason !== 'handled')
    return taken === 0 && isOpen ? `Nothing to ${handling.request.command}: see above.` : undefined
  },
  afterStop: ({ env, handling }: Plan) => `To continue: ${formatContinueCommand(handling.request, env)}`,
}

export const REDRIVE = operation({
  ...HANDLING,
  about: `Return dead letters to the consumers that failed: each to its original topic and partition, with its bytes, and only
for that consumer.

Specify dead letters by AT or id, or select them with options, such as --since 365d for all. Quarantined ones are skipped
unless they are specified.`,
  more: `
Ctrl-C finishes the current batch and prints the command that continues. After a crash, run the command again, with
--until and the time at which it began: the dlq topic itself records handled dead letters. A dead letter that is redriven
twice is applied once.

Examples:
  sluice dlq redrive 2@17
  sluice dlq redrive --consumer alerting --code unexpected-error --since 1d --rate 100/s --yes`,
  fields: {
    ...SELECTION_FIELDS,
    rate: textField('dead letters per second at most, such as 100/s', '100/s', RATE),
    again: flagField('also those that were redriven or dropped before'),
    wait: { ...flagField('first wait until saved families and mappings are in force'), only: 'terminal' },
  },
  rules: { ...SELECTION_RULES, needs: [['again', 'at']] },
  plan: (environment, { rate: perSecond, again, wait, ...selection }, planning) => {
    const request = { command: 'redrive', perSecond, again, ...toSelection(selection) } as const
    return planHandling(environment, request, planning, wait)
  },
})

export const DROP = operation({
  ...HANDLING,
  about: `Mark dead letters as handled: they are no longer listed or redriven.

Specify dead letters by AT or id, or select them with options, such as --since 365d for all. Dropped dead letters stay in
the topic until their retention ends; to redrive one anyway, use \`sluice dlq redrive AT --again\`.`,
  more: `
Examples:
  sluice dlq drop 2@17 --yes
  sluice dlq drop --code schema-violated --until 7d`,
  fields: SELECTION_FIELDS,
  rules: SELECTION_RULES,
  plan: (environment, selection, planning) =>
    planHandling(environment, { command: 'drop', ...toSelection(selection) }, planning),
})

function toSelection({ at = [], ...conditions }: Filter<typeof SELECTION_FIELDS>) {
  return { ats: at, filter: toDeadLetterFilter(conditions) }
}

/** @throws OperationFailure if a dead letter that is named does not exist */
async function planHandling(
  environment: ChangedEnvironment,
  request: HandlingRequest,
  { stop, nowMs, isCounted }: Planning,
  waits = false,
): Promise<Plan> {
  const { env } = environment.config
  const handling = await prepareHandling(environment, excludeLater(request, nowMs), stop)
  if (handling.missing.length > 0)
    throw new OperationFailure(describeMissing(environment, handling.missing), { isMissing: true })
  const tally = isCounted ? await previewHandling(handling) : new Tally()
  const result = tally.toResult(request.command)
  const isOfInputs = handling.rows.some(row => row.kind === 'letter' && row.consumer === INTAKE)
  const awaited = request.command === 'redrive' && isOfInputs ? readAwaited(environment) : []
  const lines = [
    ...describePlan(environment, handling, result, tally.decided),
    ...(result.taken > 0 ? awaited.map(file => describeAwaited(file, waits)) : []),
  ]
  return { env, handling, result, waits, lines }
}

/** Returns the saved files that decide how inputs are read, and are not in force. */
function readAwaited({ config }: ChangedEnvironment): readonly SavedFile[] {
  return readSavedFiles(config.savedFiles).filter(({ kind }) => ['family', 'input', 'code'].includes(kind))
}

/** Says which file is not in force, and why. Pure. */
export function describeAwaited({ path, reason }: SavedFile, waits: boolean): string {
  const todo = waits
    ? 'The redrive waits for it.'
    : 'Without it, records can fail again. In the terminal, --wait waits for it.'
  return `${path} is not in force: ${reason}. ${todo}`
}

function describePlan(
  { config }: ChangedEnvironment,
  { request: { command }, stop }: Handling,
  result: HandlingResult,
  looked: number,
): string[] {
  const { taken, leftOut, codes, consumers, topics } = result
  if (taken === 0 && Object.keys(leftOut).length === 0)
    return [`Nothing to ${command}: no dead letter in "${config.env}" meets these conditions.`]
  const formatCounts = (counts: readonly (readonly [name: string, count: number])[]) =>
    counts.map(([name, count]) => `${name} ${count}`).join(', ')
  const bySignal = Object.entries(topics).map(
    ([name, count]) => [name, config.names.signalNamed(name, config.env), count] as const,
  )
  const own = bySignal.flatMap(([, signal, count]) => (signal ? [[signal, count] as const] : []))
  const inputs = bySignal.flatMap(([name, signal, count]) => (signal ? [] : [[name, count] as const]))
  const isRedrive = command === 'redrive'
  const facts = [
    `  codes: ${formatCounts(Object.entries(codes))}`,
    `  consumers: ${formatCounts(Object.entries(consumers))}`,
    ...(own.length > 0 ? [`  ${isRedrive ? 'to topics' : 'topics'}: ${formatCounts(own)}`] : []),
    ...(inputs.length > 0
      ? [
          `  records of inputs: ${formatCounts(inputs)}${isRedrive ? '. Nothing is written to an input.' : ''}`,
        ]
      : []),
  ]
  const part = `Only ${count(looked, 'dead letter')} could be examined in time. All that match will be ${ACTIONS[command]}.`
  return [
    `Would ${command} ${count(taken, 'dead letter')}.`,
    ...(taken === 0 ? [] : facts),
    ...describeResult(result),
    ...(stop.aborted ? [part] : []),
  ]
}

/** @throws PartlyDone if it stopped early */
async function handleDeadLetters(
  environment: ChangedEnvironment,
  { handling: planned, waits }: Plan,
  { by, id, counts, stop, openPublisher, showProgress }: Running,
): Promise<Result> {
  const { request } = planned
  const handling = { ...planned, stop }
  const { config } = environment
  const { command } = request
  const tally = new Tally()
  const startedMs = handling.nowMs()
  const measureMs = () => handling.nowMs() - startedMs
  const toResult = (isStopped: boolean) => ({
    ...tally.toResult(command),
    ...{ isStopped, elapsedMs: measureMs() },
  })
  for (let files = readAwaited(environment); waits && files.length > 0 && !stop.aborted; ) {
    const [{ path, reason }] = files as [SavedFile]
    showProgress(() => `waiting for ${path}: ${reason}`)
    await pause(LOOK_MS, undefined, { signal: stop }).catch(() => {})
    files = readAwaited(environment)
  }
  showProgress(() => formatHandlingProgress(command, handling.rows.length, tally, measureMs()))
  try {
    await runHandling(handling, tally, { by, operation: id, config, publisher: await openPublisher() })
    return toResult(stop.aborted)
  } catch (error) {
    throw tally.handledCount === 0 ? error : new PartlyDone(toResult(true), error)
  } finally {
    Object.assign(counts, tally.toAuditCounts(command))
  }
}

/**
 * Returns the progress as one line, such as `[=====>        ]  45 %  3270 of 7267 redriven, 5400/s, 12 s left; 12 left out`.
 *
 * @param selected number of selected dead letters, including those that were left out
 */
export function formatHandlingProgress(
  command: Command,
  selected: number,
  { handledCount, leftOutCount }: Pick<Tally, 'handledCount' | 'leftOutCount'>,
  elapsedMs: number,
): string {
  const progress = { done: handledCount, total: selected - leftOutCount, elapsedMs }
  const line = formatProgress(progress, ACTIONS[command])
  return leftOutCount > 0 ? `${line}; ${leftOutCount} left out` : line
}

/** Counts what a run would do, without changing anything. If it is stopped, only a part is counted. */
async function previewHandling(handling: Handling): Promise<Tally> {
  const tally = new Tally()
  for await (const group of readEligibleLetters(handling, tally, '')) {
    for (const { row } of group) tally.addHandled(row)
    if (handling.stop.aborted) break
  }
  return tally
}
