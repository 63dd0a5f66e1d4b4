/** Common part of `dlq redrive` and `dlq drop`: checks the request, carries it out or shows its effect, and reports the result. */
import { randomUUID } from 'node:crypto'
import { openBulkPublisher } from '../../lib/operations/bulk-publisher.ts'
import {
  excludeLater,
  formatContinueCommand,
  formatRequest,
  type Handling,
  type HandlingRequest,
  prepareHandling,
} from '../../lib/operations/dead-letters/operation.ts'
import { previewHandling } from '../../lib/operations/dead-letters/preview.ts'
import { Tally } from '../../lib/operations/dead-letters/result.ts'
import { runHandling } from '../../lib/operations/dead-letters/run.ts'
import { DEAD_LETTER_FIELDS, describeMissing, toDeadLetterFilter } from '../../lib/questions/dead-letters.ts'
import type { Filter } from '../../lib/questions/field.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import { CliFailure, StoppedByUser } from '../failure.ts'
import { carryOut } from '../operation/carry-out.ts'
import { showLine } from '../output/progress.ts'
import { toParameters } from '../questions.ts'
import { withEnvironment } from '../servers/open-environment.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { formatHandling, formatHandlingProgress, type HandlingReport } from './handling-text.ts'

/** Options that select dead letters. */
export const CONDITIONS = toParameters(DEAD_LETTER_FIELDS)

const CONDITION_NAMES = Object.keys(DEAD_LETTER_FIELDS) as (keyof typeof DEAD_LETTER_FIELDS)[]

/** Rules of commands that handle dead letters which are either named or selected by options. */
export const SELECTION_RULES = {
  conflicts: [['at', ...CONDITION_NAMES]],
  requiresOneOf: [['at', ...CONDITION_NAMES]],
} as const

interface HandlingOptions extends Filter<typeof DEAD_LETTER_FIELDS> {
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
  const { yes, json, env: named, ...conditions } = options
  const filter = toDeadLetterFilter(conditions)
  const request = excludeLater({ ...wanted, filter })
  const config = resolveConfig(terminal, named)
  const { env } = config
  const { stop } = terminal
  await withEnvironment(config, async environment => {
    const { connections } = environment
    const handling = await prepareHandling(environment, request, stop)
    const { missing } = handling
    if (missing.length > 0) throw new CliFailure(describeMissing(environment, missing))
    const end = yes
      ? await runOperation(handling, connections, formatRequest({ ...request, filter }), terminal)
      : await runPreview(handling, terminal)
    printReport(terminal, { env, ...buildHandlingReport(handling, end), dryRun: !yes }, json, report =>
      formatHandling(config.names, report),
    )
    if (end.error !== undefined || (yes && stop.aborted))
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
  return {
    command,
    ...tally.toResult(command),
    stopped: error === undefined ? (stop.aborted ? 'on request' : null) : (error as Error).message,
    elapsedMs: Math.round(elapsedMs),
  }
}

/** @throws CliFailure if nothing was handled, although dead letters were selected that are still open */
function requireSome({ command }: HandlingRequest, { handledCount, leftOut }: Tally): void {
  if (handledCount === 0 && [...leftOut.keys()].some(reason => reason !== 'handled'))
    throw new CliFailure(`Nothing to ${command}: see above.`)
}
