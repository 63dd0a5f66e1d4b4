import { readThisMachine } from '../../infra/place/this-machine.ts'
import { CLOCK, GENERAL, KAFKA, NAMES, readSettings } from '../../lib/app/settings/index.ts'
import { followOffline } from '../../packages/msk-trigger/offline.ts'

/** Time within which the stop is noted, in milliseconds. A stop takes so much longer if Kafka does not answer. */
const NOTED_WITHIN_MS = 2_000

/** Parts of the Serverless Framework that this plugin uses. */
interface Framework {
  readonly serviceDir: string
  readonly pluginManager: { getPlugins(): object[] }
}

/**
 * Serverless Framework plugin that notes in the log when `serverless offline` is stopped. In serverless.yml, it is listed before the
 * trigger, so that it runs when the functions have ended.
 */
export default class StopPlugin {
  readonly hooks: Readonly<Record<string, () => unknown>>

  constructor(
    { pluginManager, serviceDir }: Framework,
    _: unknown,
    { log }: { log: { warning(line: string): void } },
  ) {
    const stop = () =>
      note(serviceDir).catch((error: Error) =>
        log.warning(
          `The stop is not in the log (${error.message}): a start more than 5 minutes later fires PIPELINE_DOWN.`,
        ),
      )
    this.hooks = {
      'before:offline:start': () => void followOffline(pluginManager.getPlugins(), { start: () => {}, stop }),
      'before:offline:start:end': stop,
    }
  }
}

async function note(projectDir: string): Promise<void> {
  // Loaded here, because no command of the framework but this stop needs them.
  const { KafkaClients } = await import('#runtime/functions/kafka')
  const { noteStop } = await import('../../lib/clock/note-stop.ts')
  const { withTimeout } = await import('../../control/diagnosis/observe.ts')
  const { environment } = readThisMachine(process.env, projectDir)
  const config = readSettings([GENERAL, NAMES, KAFKA, CLOCK], { ...process.env, ...environment })
  const connections = new KafkaClients(config, 'sluice-stop')
  try {
    const noted = noteStop(connections, config, Date.now())
    await withTimeout(noted, 'kafka', NOTED_WITHIN_MS, config.kafka.brokers.join())
  } finally {
    void connections.close().catch(() => {})
  }
}
