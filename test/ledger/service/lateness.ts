/**
 * Simulates abandoned invocations that continue: the ledger invokes a handler with records that the mapping also delivers,
 * and delays it before a commit or a publish.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { KafkaPublisher } from '#runtime/test/support/inside-kafka'
import { RedisStateStore } from '#runtime/test/support/inside-redis'

/** The delay of an invocation. It is part of the event, next to `records`. */
interface Delay {
  readonly before: 'commit' | 'publish'
  /** The file that is created when the delay starts. */
  readonly sign: string
  /** The file whose creation ends the delay. */
  readonly proceed: string
}

const ASK_EVERY_MS = 20

const present = new AsyncLocalStorage<Delay | undefined>()

/** Wraps a handler so that it follows the `straggler` instructions in its event. */
export function mayBeLate<E, C, R>(handler: (event: E, context: C) => Promise<R>) {
  return (event: E, context: C): Promise<R> =>
    present.run((event as { straggler?: Delay }).straggler, () => handler(event, context))
}

/** Patches store and publisher so that they apply the delay of the current invocation. */
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
  while (!existsSync(straggler.proceed)) await pause(ASK_EVERY_MS)
}
