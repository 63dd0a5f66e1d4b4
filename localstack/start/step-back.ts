/** Ends simulated readings permanently when another application sends readings. */
import { randomUUID } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TopicPublisher } from '#runtime/adapters/kafka/producer-ports.ts'
import { broadcast } from '#runtime/producer/broadcast.ts'
import type { Named } from '../../lib/app/names.ts'
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

/** Erases the simulated sensors from all states, so that their end causes no events or alerts about silence. */
export async function eraseSensors(
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
