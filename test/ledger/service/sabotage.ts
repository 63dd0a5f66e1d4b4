/** Breaks one rule of the runtime, for the ledger to find. What is deployed knows nothing of this. */
import { KafkaLogReader } from '../../../lib/adapters/kafka/log-reader.ts'
import { RedisStateStore } from '../../../lib/adapters/redis/state-store.ts'
import { Agenda } from '../../../lib/pipeline/timers.ts'
import { NOTHING_WANTED } from '../../support/wanted.ts'

/** Each switches off what it is named after. */
const SABOTAGES: Readonly<Record<string, () => void>> = {
  /** The comparison of the mark: whoever commits, commits. */
  mark() {
    const { commit, load } = RedisStateStore.prototype
    RedisStateStore.prototype.commit = async function (slot, change) {
      const { version } = await load.call(this, slot, NOTHING_WANTED)
      return commit.call(this, slot, { ...change, base: version })
    }
  },
  /** The check of ids: nobody came before. */
  ids: () => onLoad(snapshot => ({ ...snapshot, known: new Map() })),
  /** The outbox: what an earlier invocation left in it stays there. */
  outbox: () => onLoad(snapshot => ({ ...snapshot, outbox: [] })),
  /** The reading of a missing stretch: it is taken to be empty. */
  gap() {
    KafkaLogReader.prototype.read = async (_topic, _partition, { toOffset }) => ({
      records: [],
      nextOffset: toOffset + 1,
      logStart: 0,
    })
  },
  /** The stop at the first record that must wait: see `unreported`. */
  stop() {},
  /** The order of timers: of two whose time has come, the second is the first. */
  timers() {
    const { passed } = Agenda.prototype
    Agenda.prototype.passed = function (nowMs) {
      const first = passed.call(this, nowMs)
      if (first === undefined || first === 'not-loaded') return first
      this.cancel(first.entity, first.timer.name)
      const second = passed.call(this, nowMs)
      this.set(first.entity, first.timer)
      return second === undefined || second === 'not-loaded' ? first : second
    }
  },
}

export function sabotage(name: string): void {
  if (name !== '') SABOTAGES[name]?.()
}

/** A handler that tells its mapping of success, whatever has to wait. */
export function unreported<A extends unknown[]>(handler: (...args: A) => Promise<unknown>) {
  return async (...args: A) => {
    await handler(...args)
    return { batchItemFailures: [] }
  }
}

type Snapshot = Awaited<ReturnType<RedisStateStore['load']>>

function onLoad(change: (snapshot: Snapshot) => Snapshot): void {
  const { load } = RedisStateStore.prototype
  RedisStateStore.prototype.load = async function (...args) {
    return change(await load.apply(this, args))
  }
}
