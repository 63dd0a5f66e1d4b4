/**
 * Common part of `dlq redrive` and `dlq drop`: checking the selection, running the operation, reporting the result, and showing the
 * command that resumes it.
 */
import { Afterwards } from '../../lib/operations/dead-letters/afterwards.ts'
import type { RedriveTopics } from '../../lib/operations/dead-letters/decide.ts'
import { isExpected } from '../../lib/operations/dead-letters/errors.ts'
import {
  audited,
  done,
  type Outcome,
  Run,
  surveyed,
  type Work,
} from '../../lib/operations/dead-letters/handle.ts'
import { newOperation, type Operation } from '../../lib/operations/dead-letters/operation.ts'
import type { Chooser } from '../../lib/operations/dead-letters/redriving.ts'
import { type Command, filterTexts, resumeCommand } from '../../lib/operations/dead-letters/request.ts'
import type { Tally } from '../../lib/operations/dead-letters/selection.ts'
import { consumersNow } from '../../lib/operations/dead-letters/topics.ts'
import { workOf } from '../../lib/operations/dead-letters/work.ts'
import type { ReadTopic } from '../../lib/queries/lag.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import { configOf, reasonOf } from '../connections.ts'
import { CliFailure, StoppedByUser, usageFailure } from '../failure.ts'
import { operatorOf } from '../person.ts'
import { showLine } from '../progress.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { conditionsOf, type FilterOptions, filterOf } from './filters.ts'
import { type HandlingReport, handlingText, progressText } from './handling-text.ts'
import { askDlq } from './read.ts'
import { readersIn } from './readers.ts'
import { summaryOf } from './report.ts'

interface HandlingOptions extends FilterOptions {
  readonly yes: boolean
  readonly resume?: Operation
  readonly json: boolean
  readonly env?: string
}

/** Parameters of `handle` that differ between a redrive and a drop. */
export interface Handling {
  readonly command: Command
  readonly ats: readonly string[]
  readonly options: HandlingOptions
  /** Further options, for the audit event and for the command that resumes the operation. */
  readonly others: Readonly<Record<string, string | true | undefined>>
  readonly perSecond?: number | undefined
  readonly isPatched: boolean
  /** True if all selected dead letters must be checked before anything is written. */
  readonly looksFirst: boolean
  readonly chooser: (topics: RedriveTopics, by: string) => Chooser
  /** Throws an error if the selected dead letters must not be handled. */
  readonly check?: (outcome: Outcome) => void
}

/** State of one run of the command. */
export interface HandlingRun {
  readonly handling: Handling
  readonly work: Work
  readonly env: string
  readonly readers: readonly ReadTopic[]
  readonly terminal: Terminal
}

/**
 * Handles dead letters.
 *
 * @throws CliFailure if the selection is ambiguous, a specified dead letter does not exist, or not all were handled
 */
export async function handle(handling: Handling, terminal: Terminal): Promise<void> {
  const { options, ats, command, isPatched, chooser } = handling
  requireLimits(handling)
  const filter = filterOf(options)
  const operation = options.resume ?? newOperation(Date.now())
  const config = configOf(terminal, options.env)
  const readers = readersIn(config.env)
  await askDlq(config, async (letters, connections) => {
    const by = await operatorOf(config)
    const work = await workOf(
      { command, ats, filter, operation, by, isPatched, chooser: topics => chooser(topics, by) },
      { config, connections, letters, stop: terminal.stop, readers },
    )
    const run = { handling, work, env: config.env, readers, terminal }
    // An operation can be resumed, so each part of it writes its own audit event.
    if (options.yes) await connections.writing(() => carriedOut(run))
    else await reported(run, await looked(run))
  })
}

/**
 * Checks that dead letters are selected in exactly one way.
 *
 * @throws CliFailure if they are not selected, or selected in several ways
 */
function requireLimits({ ats, options, command }: Handling): void {
  const filters = Object.keys(filterTexts(conditionsOf(options)))
  if (ats.length > 0 && filters.length > 0)
    throw usageFailure(`Specify dead letters or limit them with --${filters[0]}, but not both.`)
  if (ats.length === 0 && filters.length === 0)
    throw usageFailure(
      `No dead letters are selected. Specify them, or limit them with options such as --code. To ${command} all, use --since 365d.`,
    )
  if (options.resume && !options.yes) throw usageFailure('--resume continues an operation: add --yes.')
}

async function carriedOut(run: HandlingRun): Promise<void> {
  const { handling, work, terminal } = run
  const { operation, connections } = work
  const startedAt = instant(Date.now())
  const expected = handling.looksFirst ? (await looked(run)).tally.taken : undefined
  const after = work.command === 'redrive' ? await Afterwards.from(run) : undefined
  if (!terminal.stop.aborted) terminal.stderr.write(`Operation ${operation.id}\n`)
  const outcome = await doneWithProgress(run, expected)
  const filter = { ...filterTexts(filterOf(handling.options)), ...textsOf(handling) }
  let { error } = outcome
  if (outcome.tally.taken > 0)
    try {
      await audited(await connections.publisher(), work, outcome, filter, startedAt)
    } catch (caught) {
      error ??= caught
      terminal.stderr.write(`The audit event of ${operation.id} was not written: ${reasonOf(caught)}\n`)
    }
  const ended = error === undefined ? outcome : { ...outcome, error }
  if (error === undefined && !terminal.stop.aborted) requireNamed(ended, run)
  const isStopped = terminal.stop.aborted
  const failedAgain =
    isStopped || error !== undefined || !after ? null : await failedAgainOf(after, outcome.tally, terminal)
  await reported(run, ended, { isStopped, failedAgain })
  const next = resumeCommand(work.command, operation.id, work.ats, {
    ...filterTexts(filterOf(handling.options)),
    ...handling.others,
    env: handling.options.env,
  })
  if (error !== undefined) throw failed(error, `To continue: ${next}`)
  if (isStopped) terminal.stderr.write(`Stopped. To continue: ${next}\n`)
  if (failedAgain && failedAgain.count > 0)
    throw new CliFailure(`${failedAgain.count} failed again: see above.`)
}

/** Returns the redriven records that failed again; null if no record was redriven. */
async function failedAgainOf(
  after: Afterwards,
  tally: Tally,
  terminal: Terminal,
): Promise<HandlingReport['failedAgain']> {
  if (tally.taken === 0) return null
  const hide = showLine(
    terminal,
    () => 'Redriven. Waiting until the consumers have processed the records. Press Ctrl-C to stop waiting.',
  )
  const { failed, isDecided, letters } = await after.aftermath(tally, terminal.stop).finally(hide)
  return { count: failed, isDecided, letters: letters.map(summaryOf) }
}

/** Runs the operation and shows its progress. @param expected expected number of dead letters; undefined if unknown */
async function doneWithProgress(
  { handling, work, terminal }: HandlingRun,
  expected: number | undefined,
): Promise<Outcome> {
  const { command } = work
  const run = new Run()
  const hide = showLine(terminal, () => {
    const { tally, decided, total = 0, elapsedMs } = run
    const part = expected === undefined ? decided / (total || 1) : tally.taken / (expected || 1)
    const counts = { taken: tally.taken, leftOut: tally.met - tally.taken }
    return progressText({ command, ...counts, part: Math.min(1, part), elapsedMs })
  })
  return done(work, run, { perSecond: handling.perSecond }).finally(hide)
}

/**
 * Determines what the operation would do with the selected dead letters, without changing anything.
 *
 * @throws CliFailure if they must not be handled
 * @throws StoppedByUser if the evaluation was stopped
 */
export async function looked(run: HandlingRun): Promise<Outcome> {
  const { terminal, work, handling } = run
  const outcome = await surveyed(work)
  if (terminal.stop.aborted) {
    terminal.stderr.write('Stopped before anything was changed.\n')
    throw new StoppedByUser()
  }
  requireNamed(outcome, run)
  handling.check?.(outcome)
  return outcome
}

/**
 * Checks that all specified dead letters exist.
 *
 * @throws CliFailure if one of them does not exist
 */
function requireNamed({ missing }: Outcome, { env }: HandlingRun): void {
  if (missing.length > 0)
    throw new CliFailure(
      `No dead letter ${missing.join(', ')} in "${env}": \`sluice dlq list\` lists the dead letters.`,
    )
}

/** Prints the report. @param end result of the run; absent in a dry run */
async function reported(
  run: HandlingRun,
  outcome: Outcome,
  end?: { readonly isStopped: boolean; readonly failedAgain: HandlingReport['failedAgain'] },
): Promise<void> {
  const { handling, work, env, readers, terminal } = run
  const { command, connections, operation } = work
  const { tally, sample, elapsedMs, error } = outcome
  const [consumers, topics] = [tally.consumers.byFrequency(), tally.topics.byFrequency()]
  const isAway = error !== undefined || command === 'drop' || tally.taken === 0
  const report: HandlingReport = {
    env,
    command,
    dryRun: end === undefined,
    operation: end ? operation.id : null,
    taken: tally.taken,
    leftOut: Object.fromEntries(tally.leftOut),
    codes: tally.codes.byFrequency(),
    consumers,
    topics,
    consumersNow: isAway
      ? []
      : await consumersNow(connections, readers, Object.keys(consumers), Object.keys(topics)),
    failedAgain: end?.failedAgain ?? null,
    sample: sample.map(summaryOf),
    patched: handling.isPatched,
    stopped: error === undefined ? (end?.isStopped ? 'on request' : null) : (error as Error).message,
    elapsedMs: Math.round(elapsedMs),
  }
  printReport(terminal, report, handling.options.json, handlingText)
  const { leftOut } = report
  const isDone = error !== undefined || end?.isStopped || tally.taken > 0
  if (!isDone && Object.keys(leftOut).some(reason => reason !== 'handled'))
    throw new CliFailure(`Nothing to ${command}: see above.`)
}

function failed(error: unknown, next: string): unknown {
  return isExpected(error) ? new CliFailure(`${error.message}\n${next}`, 1, { cause: error }) : error
}

function textsOf({ others, ats }: Handling): Readonly<Record<string, string>> {
  const named = Object.entries(others).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value === true ? 'yes' : value] as const],
  )
  return Object.fromEntries([...named, ...(ats.length > 0 ? [['at', ats.join(' ')] as const] : [])])
}
