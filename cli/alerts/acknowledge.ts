/** Acknowledges a firing alert. */
import {
  type Acknowledged,
  type AckStatement,
  acknowledge as done,
  isAcknowledged,
} from '../../lib/operations/alerts/acknowledge.ts'
import { RefusedByKafka } from '../../packages/runtime/adapters/kafka/errors.ts'
import { Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import { kafkaAddress, reasonOf } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { carryOut } from '../operation.ts'
import type { AlertsReader } from './read.ts'

/** JSON document that `alerts ack --json` prints. */
export interface AckReport extends AckStatement, Acknowledged {
  readonly env: string
  readonly id: string
  readonly rule: string
  readonly entity: string
}

/**
 * Acknowledges a firing alert.
 *
 * @param id id of the alert
 * @throws CliFailure if no alert with this id is firing, or if Kafka does not accept the event
 */
export async function acknowledge(
  reader: AlertsReader,
  id: string,
  said: AckStatement,
  stop: AbortSignal,
): Promise<AckReport> {
  const { config, inspection, topic, connections } = reader
  const { env, contentMode } = config
  const alert = (await reader.firing()).find(one => one.id === id)
  if (!alert) throw await notFiring(reader, id)
  if (!said.acknowledged && !isAcknowledged(alert))
    throw new CliFailure(`Alert ${id} is not acknowledged in "${env}", so there is nothing to withdraw.`)
  const to = { inspection, topic, contentMode, publisher: () => connections.publisher() }
  try {
    const operation = {
      action: 'alerts ack',
      filter: { id, acknowledged: String(said.acknowledged) },
    } as const
    const { at, outcome } = await carryOut(connections, operation, () => done(to, alert, said, stop))
    return { env, id, rule: alert.rule, entity: alert.entity, ...said, at, outcome }
  } catch (error) {
    // Leave errors of Redis to `withRedis`, which adds the address to the message.
    const isKafkas = error instanceof Unavailable && error.code !== 'store-unavailable'
    if (!(isKafkas || error instanceof RefusedByKafka)) throw error
    throw new CliFailure(
      `Kafka at ${kafkaAddress(config)} did not accept the acknowledgement. Try again: repeating the command has no further effect. (${reasonOf(error)})`,
    )
  }
}

async function notFiring(reader: AlertsReader, id: string): Promise<CliFailure> {
  const behind = await reader.behind()
  const late = behind ? ` notifier has ${behind} records of the topic left to read.` : ''
  return new CliFailure(
    `Alert ${id} is not firing in "${reader.config.env}": it has resolved, or the id is wrong. \`sluice alerts list\` shows ` +
      `the firing alerts.${late}`,
  )
}
