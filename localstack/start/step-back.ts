/** Ends simulated readings permanently when another application sends readings. */
import { randomUUID } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TopicPublisher } from '#runtime/adapters/kafka/producer-ports.ts'
import { KafkaClients } from '#runtime/lambda/kafka-clients.ts'
import { broadcast } from '#runtime/producer/broadcast.ts'
import type { Environment } from '#runtime/settings/index.ts'
import type { Named } from '../../lib/app/names.ts'
import { KAFKA, readSettings } from '../../lib/app/settings/index.ts'
import { resolveSignals } from '../../lib/app/topic-table.ts'
import { entityErased } from '../../lib/telemetry/erasure.ts'
import type { Families } from '../../lib/telemetry/families.ts'
import type { GeneratorSettings } from '../../lib/telemetry/simulator/settings.ts'
import { simulate } from '../../lib/telemetry/simulator/simulate.ts'

/** Returns true if simulated readings have stepped back in this stack. @param fresh true to forget it */
export function hasSteppedBack(dataDir: string, fresh: boolean): boolean {
  if (fresh) rmSync(markerFile(dataDir), { force: true })
  return existsSync(markerFile(dataDir))
}

/** Remembers for later starts that simulated readings have stepped back. */
export function rememberStepBack(dataDir: string): void {
  writeFileSync(markerFile(dataDir), '')
}

function markerFile(dataDir: string): string {
  return join(dataDir, 'readings-of-others')
}

interface SteppingBack {
  readonly config: Named & { readonly families: Families }
  /** Settings of the generator, whose sensors end. */
  readonly settings: GeneratorSettings
  /** Folder with the data of the stack. */
  readonly dataDir: string
  /** Environment variables with which Kafka is found. */
  readonly environment: Environment
}

/**
 * Ends the simulated sensors, also for later starts.
 *
 * @throws the errors of Kafka
 */
export async function stepBack({ config, settings, dataDir, environment }: SteppingBack): Promise<void> {
  rememberStepBack(dataDir)
  const clients = new KafkaClients(readSettings([KAFKA], environment), 'sluice-start')
  try {
    await eraseSensors(config, settings, await clients.publisher())
  } finally {
    await clients.close()
  }
}

/** Erases the simulated sensors from all states, so that their end causes no events or alerts about silence. */
async function eraseSensors(
  { env, names, families }: Named & { readonly families: Families },
  settings: GeneratorSettings,
  publisher: TopicPublisher,
): Promise<void> {
  const requestedAt = new Date().toISOString()
  for (const topic of resolveSignals(['erased']).map(signal => names.topicName(signal, env))) {
    const partitions = await publisher.countPartitions(topic)
    for (const { event } of simulate(families, settings, 0, 1)) {
      const { source, subject } = event
      const entity = { source, ...(subject === undefined ? {} : { subject }) }
      const erasureId = randomUUID()
      const erased = (partition: number) => entityErased(entity, { erasureId, requestedAt, partition })
      await broadcast(publisher, topic, { contentMode: 'binary' }, erased, partitions)
    }
  }
}
