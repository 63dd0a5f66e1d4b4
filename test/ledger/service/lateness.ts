/**
 * Invocations that somebody has given up and that go on nevertheless: the ledger invokes a handler with records that the
 * mapping delivers as well, and lets it stand still on its way to a commit or a publish.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { KafkaPublisher } from '../../../lib/adapters/kafka/publisher.ts'
import { RedisStateStore } from '../../../lib/adapters/redis/state-store.ts'

/** Where it stands still, and for how long: part of the event, beside `records`. */
interface Delay {
  readonly before: 'commit' | 'publish'
  readonly ms: number
  /** A file that is there as soon as it stands still. */
  readonly sign: string
}

const present = new AsyncLocalStorage<Delay | undefined>()

/** The same handler, which does as an event's `straggler` says. */
export function mayBeLate<E, C, R>(handler: (event: E, context: C) => Promise<R>) {
  return (event: E, context: C): Promise<R> =>
    present.run((event as { straggler?: Delay }).straggler, () => handler(event, context))
}

/** Afterwards every store and publisher knows where to stand still. */
export function letStraggle(): void {
  const { commit } = RedisStateStore.prototype
  RedisStateStore.prototype.commit = async function (...args) {
    await delay('commit')
    return commit.apply(this, args)
  }
  const { publish } = KafkaPublisher.prototype
  KafkaPublisher.prototype.publish = async function (...args) {
    await delay('publish')
    return publish.apply(this, args)
  }
}

async function delay(before: Delay['before']): Promise<void> {
  const straggler = present.getStore()
  if (straggler?.before !== before) return
  await writeFile(straggler.sign, '')
  await pause(straggler.ms)
}
