/** What `dlq redrive` and `dlq drop` do alike: the checks before, the run, its report, and how to go on if it was stopped. */
import { RefusedByKafka } from '../../lib/runtime/adapters/kafka/publisher.ts'
import { instant } from '../../lib/runtime/consumer/instant.ts'
import {
  PartitionStopped,
  RecordRefused,
  Unavailable,
  UnreadableLog,
} from '../../lib/runtime/pipeline/errors.ts'
import { bulkPublisherOf } from '../bulk.ts'
import { configOf, reasonOf } from '../connections.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { personAt } from '../person.ts'
import { printReport, type Terminal } from '../terminal.ts'
import type { RedriveTopics } from './decide.ts'
import { type FilterOptions, filterOf, filterTexts } from './filters.ts'
import { audited, done, type Outcome, surveyed, type Work } from './handle.ts'
import { type Command, type HandlingReport, handlingText, resumeCommand } from './handling-text.ts'
import { Names } from './named.ts'
import { newOperation, type Operation } from './operation.ts'
import { askDlq } from './read.ts'
import type { redriveChooser } from './redriving.ts'
import { consumersNow, redriveTopics } from './topics.ts'

export interface HandlingOptions extends FilterOptions {
  readonly yes?: true
  readonly resume?: Operation
  readonly json?: true
  readonly env?: string
}

/** What tells a redrive from a drop. */
export interface Handling {
  readonly command: Command
  readonly ats: readonly string[]
  readonly options: HandlingOptions
  /** Further options, for the audit and for the command that goes on. */
  readonly others: Readonly<Record<string, string | true | undefined>>
  readonly perSecond?: number | undefined
  readonly isPatched: boolean
  /** Whether everything must be looked at before anything is written. */
  readonly looksFirst: boolean
  readonly chooser: (topics: RedriveTopics, by: string) => ReturnType<typeof redriveChooser>
  /** Ends the command if what was looked at must not be written. */
  readonly check?: (outcome: Outcome) => void
}

/** @throws CliFailure if it is not clear which are meant, if none is, or if not all was done */
export async function handle(handling: Handling, terminal: Terminal): Promise<void> {
  const { options, ats, command } = handling
  requireLimits(handling)
  const filter = filterOf(options)
  const operation = options.resume ?? newOperation(Date.now())
  // What was written later is not part of it: it may have failed again because of this very operation.
  const untilMs = Math.min(filter.untilMs ?? Number.POSITIVE_INFINITY, operation.startedAtMs + 1)
  const config = configOf(terminal, options.env)
  await askDlq(config, options.since, async (log, ranges, connections) => {
    const topics = await redriveTopics(connections, config, command === 'redrive')
    const by = personAt(terminal)
    const work: Work = {
      config,
      terminal,
      connections,
      publisher: () => bulkPublisherOf(connections),
      log,
      ranges,
      command,
      operation,
      by,
      ats,
      selection: () =>
        ats.length > 0 ? { filter: {}, names: new Names(ats) } : { filter: { ...filter, untilMs } },
      choose: handling.chooser(topics, by),
      watched: topics,
    }
    if (options.yes) await carriedOut(work, handling)
    else await shown(work, handling)
  })
}

/** @throws CliFailure if nothing says which dead letters are meant, or two things do */
function requireLimits({ ats, options, command }: Handling): void {
  const filters = Object.keys(filterTexts(options))
  if (ats.length > 0 && filters.length > 0)
    throw usageFailure(`Name dead letters, or limit them with --${filters[0]}: not both.`)
  if (ats.length === 0 && filters.length === 0)
    throw usageFailure(
      `Which dead letters? Name them, or limit them with options such as --code. To ${command} all: --since 365d.`,
    )
  if (options.resume && !options.yes) throw usageFailure('--resume goes on with what was begun: add --yes.')
}

async function shown(work: Work, handling: Handling): Promise<void> {
  // With --yes, the same would end it.
  const outcome = await looked(work, handling)
  await reported(work, handling, outcome, true)
}

async function carriedOut(work: Work, handling: Handling): Promise<void> {
  const { terminal, operation, connections } = work
  const startedAt = instant(Date.now())
  const expected = handling.looksFirst ? (await looked(work, handling)).tally.taken : undefined
  if (!terminal.stop.aborted) terminal.stderr.write(`Operation ${operation.id}\n`)
  const outcome = await done(work, { perSecond: handling.perSecond, expected })
  const filter = { ...filterTexts(handling.options), ...textsOf(handling) }
  let { error } = outcome
  if (outcome.tally.taken > 0)
    try {
      await audited(await connections.publisher(), work, outcome, filter, startedAt)
    } catch (caught) {
      error ??= caught
      terminal.stderr.write(`The audit event of ${operation.id} was not written: ${reasonOf(caught)}\n`)
    }
  const ended = error === undefined ? outcome : { ...outcome, error }
  if (error === undefined && !terminal.stop.aborted) requireSome(ended, work)
  await reported(work, handling, ended, false)
  const next = resumeCommand(work.command, operation.id, work.ats, {
    ...filterTexts(handling.options),
    ...handling.others,
    env: handling.options.env,
  })
  if (error !== undefined) throw failed(error, `To go on: ${next}`)
  if (terminal.stop.aborted) terminal.stderr.write(`Stopped. To go on: ${next}\n`)
}

/** @throws CliFailure if what was looked at must not be written, in whole */
async function looked(work: Work, { check }: Handling): Promise<Outcome> {
  const outcome = await surveyed(work)
  requireSome(outcome, work)
  check?.(outcome)
  return outcome
}

/** @throws CliFailure if one that is named is not there, or nothing meets the conditions */
function requireSome({ tally, missing }: Outcome, { config, ats }: Work): void {
  if (missing.length > 0)
    throw new CliFailure(
      `No dead letter ${missing.join(', ')} in "${config.env}": \`sluice dlq list\` shows which there are.`,
    )
  if (tally.met === 0 && ats.length === 0)
    throw new CliFailure(
      `No dead letter in "${config.env}" meets these conditions: \`sluice dlq list\` shows which there are.`,
    )
}

async function reported(work: Work, handling: Handling, outcome: Outcome, dryRun: boolean): Promise<void> {
  const { config, command, connections, operation, terminal } = work
  const { tally, sample, elapsedMs, error } = outcome
  const [consumers, topics] = [tally.consumers.byFrequency(), tally.topics.byFrequency()]
  const isAway = error !== undefined || command === 'drop' || tally.taken === 0
  const report: HandlingReport = {
    env: config.env,
    command,
    dryRun,
    operation: dryRun ? null : operation.id,
    taken: tally.taken,
    leftOut: Object.fromEntries(tally.leftOut),
    codes: tally.codes.byFrequency(),
    consumers,
    topics,
    consumersNow: isAway
      ? []
      : await consumersNow(connections, config, Object.keys(consumers), Object.keys(topics)),
    sample,
    patched: handling.isPatched,
    stopped: error === undefined ? (terminal.stop.aborted ? 'on request' : null) : (error as Error).message,
    elapsedMs: Math.round(elapsedMs),
  }
  printReport(terminal, report, handling.options.json, handlingText)
  const { leftOut } = report
  const isDone = error !== undefined || terminal.stop.aborted || tally.taken > 0
  if (!isDone && Object.keys(leftOut).some(reason => reason !== 'handled'))
    throw new CliFailure(`Nothing to ${command}: see above.`)
}

const EXPECTED = [Unavailable, RecordRefused, RefusedByKafka, PartitionStopped, UnreadableLog, CliFailure]

function failed(error: unknown, next: string): unknown {
  return EXPECTED.some(kind => error instanceof kind)
    ? new CliFailure(`${(error as Error).message}\n${next}`, 1, { cause: error })
    : error
}

function textsOf({ others, ats }: Handling): Readonly<Record<string, string>> {
  const named = Object.entries(others).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value === true ? 'yes' : value] as const],
  )
  return Object.fromEntries([...named, ...(ats.length > 0 ? [['at', ats.join(' ')] as const] : [])])
}
