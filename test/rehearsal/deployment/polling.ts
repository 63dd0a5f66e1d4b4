/** Polls Kafka as the event source mappings of a deployed template say, with the trigger. */
import { type Mapping, readMappings } from '../../../packages/msk-trigger/config/mappings.ts'
import { readSettings } from '../../../packages/msk-trigger/config/settings.ts'
import type { Log } from '../../../packages/msk-trigger/support/serverless.ts'
import { Trigger } from '../../../packages/msk-trigger/trigger.ts'
import type { DeployedFunction } from './deployed-template.ts'
import type { EmulatorInvoker } from './invoker.ts'

export interface Polling {
  /** The mappings that are polled. */
  readonly mappings: readonly Pick<Mapping, 'functionKey' | 'topic' | 'groupId'>[]
  stop(): Promise<void>
}

/** Resolves when every mapping has joined its group. */
export async function startPolling(
  functions: Readonly<Record<string, DeployedFunction>>,
  invoker: EmulatorInvoker,
  {
    brokers,
    region,
    log,
  }: { readonly brokers: readonly string[]; readonly region: string; readonly log: Log },
): Promise<Polling> {
  const settings = readSettings({ brokers: [...brokers] }, {})
  const mappings = readMappings(functions, { service: 'sluice', stage: 'dev', region }, settings)
  const trigger = new Trigger({ mappings, settings, log, invoker, handlesSignals: false })
  trigger.start()
  await Promise.all(trigger.sources.map(({ started }) => started))
  return { mappings, stop: () => trigger.stop() }
}
