/**
 * Replaces `packages/runtime/lambda/connections.ts` in bundles for `serverless invoke local` (see `esbuild.cjs`). State is
 * initially empty and is discarded at the end. The base class is replaced by `kafka-connections.ts` in this folder.
 */

import { MemoryStateStore } from '../../packages/runtime/adapters/memory/state-store.ts'
import {
  type Cursor,
  Connections as ServerConnections,
  type Value,
} from '../../packages/runtime/lambda/connections.ts'
import type { Change, StateKey } from '../../packages/runtime/pipeline/model.ts'
import type { CircuitBreaker, StateStore } from '../../packages/runtime/pipeline/ports.ts'
import { MemoryCircuitBreaker } from '../../packages/runtime/testing/circuit-breaker.ts'
import { transcript } from './transcript.ts'

class ToldStateStore extends MemoryStateStore {
  override async commit(stateKey: StateKey, change: Change): Promise<'committed' | 'refused'> {
    const outcome = await super.commit(stateKey, change)
    if (outcome === 'committed') transcript.timersSet(stateKey, change.timers)
    return outcome
  }
}

export class Connections extends ServerConnections {
  override async store(): Promise<StateStore> {
    return new ToldStateStore()
  }

  override async breaker(): Promise<CircuitBreaker> {
    return new MemoryCircuitBreaker()
  }

  override async cursor(): Promise<Cursor> {
    return { read: async () => undefined, advance: async () => {} }
  }

  override async value<T>(): Promise<Value<T>> {
    return { read: async () => undefined, write: async () => {}, update: async change => change(undefined) }
  }

  /** Returns no parameters, so that callers use their defaults. */
  override async parameter(): Promise<Record<string, unknown>> {
    return {}
  }
}
