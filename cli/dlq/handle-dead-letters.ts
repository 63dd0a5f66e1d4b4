/** Common part of `dlq redrive` and `dlq drop`: checks the request, carries it out or shows its effect, and reports the result. */
import { randomUUID } from 'node:crypto'
import { openBulkPublisher } from '../../lib/operations/bulk-publisher.ts'
import {
  formatContinueCommand,
  formatRequest,
  type Handling,
  type HandlingRequest,
  prepareHandling,
} from '../../lib/operations/dead-letters/operation.ts'
import { previewHandling } from '../../lib/operations/dead-letters/preview.ts'
import { Tally } from '../../lib/operations/dead-letters/result.ts'
import { runHandling } from '../../lib/operations/dead-letters/run.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import { CliFailure, StoppedByUser } from '../failure.ts'
import { carryOut } from '../operation/carry-out.ts'
import { showLine } from '../output/progress.ts'
import { withEnvironment } from '../servers/open-environment.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { buildFilter, type FilterOptions } from './filters.ts'
import { formatHandling, formatHandlingProgress, type HandlingReport } from './handling-text.ts'

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
export async function handleDeadLetters(
  wanted: Omit<HandlingRequest, 'filter'>,
  options: HandlingOptions,
  terminal: Terminal,
): Promise<void> {
  const filter = buildFilter(options)
  // Dead letters that are written later are excluded, because they may result from this redrive.
  const untilMs = Math.min(filter.untilMs ?? Number.POSITIVE_INFINITY, Date.now() + 1)
  const request = { ...wanted, filter: wanted.ats.length > 0 ? filter : { ...filter, untilMs } }
  const config = resolveConfig(terminal, options.env)
  const { env } = config
  const { stop } = terminal
  await withEnvironment(config, async environment => {
    const { connections } = environment
    const source = {
      connections,
      config,
      letters: await environment.letters(),
      readers: environment.listConsumers(),
    }
    const handling = await prepareHandling(source, request, stop)
    const { missing } = handling
    if (missing.length > 0)
      throw new CliFailure(
        `No dead letter ${missing.join(', ')} in "${env}": \`sluice dlq list\` lists the dead letters.`,
      )
    const end = options.yes
      ? await runOperation(handling, connections, formatRequest({ ...request, filter }), terminal)
      : await runPreview(handling, terminal)
    printReport(
      terminal,
      { env, ...buildHandlingReport(handling, end), dryRun: !options.yes },
      options.json,
      report => formatHandling(config.names, report),
    )
    if (end.error !== undefined || (options.yes && stop.aborted))
      terminal.stderr.write(`Stopped. To continue: ${formatContinueCommand(request, env)}\n`)
    if (end.error !== undefined) throw end.error
    requireSome(request, end.tally)
  })
}

interface End {
  readonly tally: Tally
  readonly elapsedMs: number
  /** Error that ended the run after a part of the dead letters was handled. */
  readonly error?: unknown
}

/** @throws StoppedByUser if the evaluation was stopped */
async function runPreview(handling: Handling, terminal: Terminal): Promise<End> {
  const startedMs = performance.now()
  const tally = await previewHandling(handling)
  if (handling.stop.aborted) {
    terminal.stderr.write('Stopped before anything was changed.\n')
    throw new StoppedByUser()
  }
  return { tally, elapsedMs: performance.now() - startedMs }
}

/** Carries out a request and shows the progress. @param filter request as options, for the audit event */
async function runOperation(
  handling: Handling,
  connections: GuardedConnections,
  filter: Readonly<Record<string, string>>,
  terminal: Terminal,
): Promise<End> {
  const {
    request: { command },
    rows,
  } = handling
  const tally = new Tally()
  const startedMs = performance.now()
  const elapsedMs = () => performance.now() - startedMs
  const operation = randomUUID()
  terminal.stderr.write(`Operation ${operation}, begun at ${new Date().toISOString()}\n`)
  const hide = showLine(terminal, () => formatHandlingProgress(command, rows.length, tally, elapsedMs()))
  try {
    await carryOut(connections, { action: `dlq ${command}`, filter, operation }, async (counts, by) => {
      const publisher = await openBulkPublisher(connections)
      const context = { by, operation, config: connections.config, publisher }
      await runHandling(handling, tally, context).finally(() =>
        Object.assign(counts, tally.toAuditCounts(command)),
      )
    })
    return { tally, elapsedMs: elapsedMs() }
  } catch (error) {
    if (tally.handledCount === 0) throw error
    return { tally, elapsedMs: elapsedMs(), error }
  } finally {
    hide()
  }
}

function buildHandlingReport(
  { request: { command }, stop }: Handling,
  { tally, elapsedMs, error }: End,
): Omit<HandlingReport, 'env' | 'dryRun'> {
  const result = tally.toResult()
  return {
    command,
    ...result,
    permanent: command === 'redrive' ? result.permanent : [],
    stopped: error === undefined ? (stop.aborted ? 'on request' : null) : (error as Error).message,
    elapsedMs: Math.round(elapsedMs),
  }
}

/** @throws CliFailure if nothing was handled, although dead letters were selected that are still open */
function requireSome({ command }: HandlingRequest, { handledCount, leftOut }: Tally): void {
  if (handledCount === 0 && [...leftOut.keys()].some(reason => reason !== 'handled'))
    throw new CliFailure(`Nothing to ${command}: see above.`)
}
