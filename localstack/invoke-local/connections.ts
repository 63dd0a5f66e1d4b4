/**
 * Stands in for `lib/connections.ts` in bundles that `serverless invoke local` makes (see `esbuild.cjs`): a state that is empty
 * at first and forgotten at the end. The class below it gets its own stand-in beneath, `kafka-connections.ts` of this folder.
 */
import { MemoryFloodGate } from '../../lib/adapters/memory/flood-gate.ts'
import { MemoryStateStore } from '../../lib/adapters/memory/state-store.ts'
import { type Cursor, Connections as ServerConnections } from '../../lib/connections.ts'
import type { Change, FloodGate, Slot, StateStore } from '../../lib/pipeline/ports.ts'
import { transcript } from './invocation.ts'

class ToldStateStore extends MemoryStateStore {
  override async commit(slot: Slot, change: Change): Promise<'committed' | 'refused'> {
    const outcome = await super.commit(slot, change)
    if (outcome === 'committed') transcript.timersSet(slot, change.timers)
    return outcome
  }
}

export class Connections extends ServerConnections {
  override async store(): Promise<StateStore> {
    return new ToldStateStore()
  }

  override async gate(): Promise<FloodGate> {
    return new MemoryFloodGate()
  }

  override async cursor(): Promise<Cursor> {
    return { read: async () => undefined, advance: async () => {} }
  }

  /** None are set: what reads them has its defaults. */
  override async parameter(): Promise<Record<string, unknown>> {
    return {}
  }
}
