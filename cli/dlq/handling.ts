/** Common part of `dlq redrive` and `dlq drop`: checks the request, carries it out or shows its effect, and reports the result. */
import { randomUUID } from 'node:crypto'
import { bulkPublisherOf } from '../../lib/operations/bulk.ts'
import {
  continueCommand,
  filterTexts,
  type HandlingRequest,
  requestTexts,
} from '../../lib/operations/dead-letters/request.ts'
import { countsOf, preview, run, type Work } from '../../lib/operations/dead-letters/run.ts'
import { selectedDeadLetters, Tally } from '../../lib/operations/dead-letters/selection.ts'
import { redriveTopics } from '../../lib/operations/dead-letters/topics.ts'
import type { CommandConnections } from '../command-connections.ts'
import { configOf } from '../connections.ts'
import { CliFailure, StoppedByUser, usageFailure } from '../failure.ts'
import { carryOut } from '../operation.ts'
import { showLine } from '../progress.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { conditionsOf, type FilterOptions, filterOf } from './filters.ts'
import { type HandlingReport, handlingText, progressText } from './handling-text.ts'
import { askDlq, readersIn } from './read.ts'

interface HandlingOptions extends FilterOptions {
  readonly yes: boolean
  readonly json: boolean
  readonly env?: string
}

/**
 * Redrives or drops dead letters, or shows what that would do.
 *
 * @throws CliFailure if the selection is ambiguous, a specified dead letter does not exist, or not all were handled
 */
export async function handle(
  wanted: Omit<HandlingRequest, 'filter'>,
  options: HandlingOptions,
  terminal: Terminal,
): Promise<void> {
  requireLimits(wanted, options)
  const filter = filterOf(options)
  // Dead letters that are written later are excluded, because they may result from this redrive.
  const untilMs = Math.min(filter.untilMs ?? Number.POSITIVE_INFINITY, Date.now() + 1)
  const request = { ...wanted, filter: wanted.ats.length > 0 ? filter : { ...filter, untilMs } }
  const config = configOf(terminal, options.env)
  const { env } = config
  const { stop } = terminal
  await askDlq(config, async (letters, connections) => {
    const topics = await redriveTopics(connections, config, readersIn(env), request.command === 'redrive')
    const { rows, missing } = await selectedDeadLetters(letters, request, stop)
    if (missing.length > 0)
      throw new CliFailure(
        `No dead letter ${missing.join(', ')} in "${env}": \`sluice dlq list\` lists the dead letters.`,
      )
    const work = { request, rows, letters, topics, connections, stop }
    const end = options.yes
      ? await carriedOut(work, connections, requestTexts({ ...request, filter }), terminal)
      : await looked(work, terminal)
    printReport(terminal, { env, ...reportOf(work, end), dryRun: !options.yes }, options.json, handlingText)
    if (end.error !== undefined || (options.yes && stop.aborted))
      terminal.stderr.write(`Stopped. To continue: ${continueCommand(request, env)}\n`)
    if (end.error !== undefined) throw end.error
    requireSome(request, end.tally)
  })
}

/** @throws CliFailure if dead letters are not selected, or in several ways */
function requireLimits(
  { ats, command }: Pick<HandlingRequest, 'ats' | 'command'>,
  options: FilterOptions,
): void {
  const filters = Object.keys(filterTexts(conditionsOf(options)))
  if (ats.length > 0 && filters.length > 0)
    throw usageFailure(`Specify dead letters or limit them with --${filters[0]}, but not both.`)
  if (ats.length === 0 && filters.length === 0)
    throw usageFailure(
      `No dead letters are selected. Specify them, or limit them with options such as --code. To ${command} all, use --since 365d.`,
    )
}

interface End {
  readonly tally: Tally
  readonly elapsedMs: number
  /** Error that ended the run after a part of the dead letters was handled. */
  readonly error?: unknown
}

/** @throws StoppedByUser if the evaluation was stopped */
async function looked(work: Work, terminal: Terminal): Promise<End> {
  const tally = new Tally()
  const startedMs = performance.now()
  await preview(work, tally)
  if (work.stop.aborted) {
    terminal.stderr.write('Stopped before anything was changed.\n')
    throw new StoppedByUser()
  }
  return { tally, elapsedMs: performance.now() - startedMs }
}

/** Carries out a request and shows the progress. @param filter request as options, for the audit event */
async function carriedOut(
  work: Work,
  connections: CommandConnections,
  filter: Readonly<Record<string, string>>,
  terminal: Terminal,
): Promise<End> {
  const { request, rows } = work
  const { command } = request
  const tally = new Tally()
  const startedMs = performance.now()
  const elapsedMs = () => performance.now() - startedMs
  const operation = randomUUID()
  terminal.stderr.write(`Operation ${operation}, begun at ${new Date().toISOString()}\n`)
  const hide = showLine(terminal, () =>
    progressText({
      ...{ command, taken: tally.taken, leftOut: tally.decided - tally.taken, elapsedMs: elapsedMs() },
      part: Math.min(1, tally.decided / (rows.length || 1)),
    }),
  )
  try {
    await carryOut(connections, { action: `dlq ${command}`, filter, operation }, async (counts, by) => {
      const publisher = await bulkPublisherOf(connections)
      await run(work, tally, { by, operation, config: connections.config, publisher }).finally(() =>
        Object.assign(counts, countsOf(request, tally)),
      )
    })
    return { tally, elapsedMs: elapsedMs() }
  } catch (error) {
    if (tally.taken === 0) throw error
    return { tally, elapsedMs: elapsedMs(), error }
  } finally {
    hide()
  }
}

function reportOf(
  { request, stop }: Work,
  { tally, elapsedMs, error }: End,
): Omit<HandlingReport, 'env' | 'dryRun'> {
  return {
    command: request.command,
    taken: tally.taken,
    leftOut: Object.fromEntries(tally.leftOut),
    codes: tally.codes.byFrequency(),
    consumers: tally.consumers.byFrequency(),
    topics: tally.topics.byFrequency(),
    permanent: request.command === 'redrive' ? [...tally.permanent] : [],
    stopped: error === undefined ? (stop.aborted ? 'on request' : null) : (error as Error).message,
    elapsedMs: Math.round(elapsedMs),
  }
}

/** @throws CliFailure if nothing was handled, although dead letters were selected that are still open */
function requireSome({ command }: HandlingRequest, { taken, leftOut }: Tally): void {
  if (taken === 0 && [...leftOut.keys()].some(reason => reason !== 'handled'))
    throw new CliFailure(`Nothing to ${command}: see above.`)
}
