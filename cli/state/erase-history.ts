/** Erases entities from the history and the warehouse, as part of `sluice state erase`. */
import { signalsOfTable } from '../../lib/app/history.ts'
import { topicName } from '../../lib/app/topics.ts'
import { HistoryUnavailable } from '../../lib/history/store.ts'
import { HISTORY_TABLES } from '../../lib/history/tables.ts'
import type { Counts } from '../../lib/operations/audit.ts'
import { eraseFromWarehouse, type WarehouseReach } from '../../lib/operations/etl/warehouse.ts'
import {
  eraseFromHistory,
  type HistoryReach,
  type HistoryRequest,
  NOT_REACHED,
} from '../../lib/operations/history/erase.ts'
import type { CommandConnections } from '../command-connections.ts'
import { warehouseOf } from '../etl/warehouse.ts'
import { CliFailure } from '../failure.ts'
import { historyOf } from '../history/store.ts'
import { showProgress } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import { boundsOf } from './log.ts'

/** Result for the history. `failure` is set if the history was not searched completely. */
export type HistoryOutcome = Pick<HistoryReach, 'notReached'> &
  Partial<HistoryReach> & {
    readonly failure?: string
    readonly warehouse?: WarehouseReach
  }

/**
 * Erases entities from the history of the environment, and from its warehouse.
 *
 * @param counts undefined for a dry run
 */
export async function historyErased(
  connections: CommandConnections,
  request: Omit<HistoryRequest, 'topics' | 'time'>,
  terminal: Terminal,
  counts: Counts | undefined,
): Promise<HistoryOutcome> {
  const { config } = connections
  const store = await historyOf(config, terminal)
  if (!store) return { notReached: NOT_REACHED }
  const topics = HISTORY_TABLES.flatMap(signalsOfTable).map(signal => topicName(signal, config.env))
  const { onProgress, hide } = showProgress(terminal, 'objects of the history')
  const ports = {
    store,
    stop: terminal.stop,
    ends: async (topic: string) => {
      const bounds = await boundsOf(connections, topic)
      if (bounds === 'away') throw new HistoryUnavailable('Kafka does not answer')
      return bounds === 'no-topic' ? undefined : bounds.map(({ end }) => end)
    },
    onProgress,
  }
  try {
    const erasure = { ...request, topics, time: new Date().toISOString() }
    const reach = await eraseFromHistory(erasure, ports, counts)
    // The warehouse comes last, because `etl` could load rows again that the history still has.
    const target = await warehouseOf(config, terminal, store)
    return { ...reach, warehouse: await eraseFromWarehouse(target, request.entities, counts) }
  } catch (error) {
    if (!(error instanceof HistoryUnavailable || terminal.stop.aborted)) throw error
    const failure = terminal.stop.aborted ? 'the command was stopped' : (error as Error).message
    return { place: store.name, failure, notReached: NOT_REACHED }
  } finally {
    hide()
    store.close?.()
  }
}

/** Checks that all objects and the warehouse were searched. @throws CliFailure if some may still contain rows of the entity */
export function requireHistoryDone({ failure, damaged = [], warehouse }: HistoryOutcome): void {
  if (failure !== undefined)
    throw new CliFailure(`The history was not searched completely: ${failure}. Repeat the command.`)
  if (damaged.length > 0)
    throw new CliFailure('Damaged objects of the history may still contain rows of the entity: see above.')
  if (warehouse?.failure !== undefined)
    throw new CliFailure(
      `Rows of the entity may remain in the warehouse: ${warehouse.failure} Repeat the command.`,
    )
}
