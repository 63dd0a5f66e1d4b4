import { setting, slice } from '../../../packages/runtime/settings/slice.ts'
import { list } from '../../../packages/runtime/settings/values.ts'
import { type Signal, TABLE_SIGNALS, tableSignalOf } from '../topic-table.ts'

function isConsumer(text: string): boolean {
  const [, signal] = /^[\w-]+=([\w.-]+)$/.exec(text) ?? []
  return signal !== undefined && TABLE_SIGNALS.includes(tableSignalOf(signal as Signal))
}

export interface CheckpointConsumers {
  /**
   * Consumers whose states are copied to checkpoints, each with the signal that it reads. Set only for the function `checkpoints`.
   */
  readonly checkpointConsumers: readonly { readonly consumer: string; readonly signal: Signal }[]
}

/** Setting that lists the consumers whose states the function `checkpoints` copies. */
export const CHECKPOINT_CONSUMERS = slice(
  'Taking checkpoints',
  {
    CHECKPOINT_CONSUMERS: setting(list(isConsumer, 'consumer=signal'), {
      description: 'Consumers whose checkpoints are taken, each with the topic that it reads.',
      setBy: 'deployment',
    }),
  },
  ({ CHECKPOINT_CONSUMERS: pairs }): CheckpointConsumers => ({
    checkpointConsumers: (pairs ?? []).map(pair => {
      const [consumer = '', signal] = pair.split('=')
      return { consumer, signal: signal as Signal }
    }),
  }),
)
