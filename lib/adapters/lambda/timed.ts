import type { Ports } from '../../pipeline/partition.ts'
import type { TimedStep } from './measurements.ts'

/** The same ports, each of whose calls to Redis and Kafka tells how long it took, whether it succeeded or not. */
export function timed(ports: Ports, took: (step: TimedStep, ms: number) => void, now = Date.now): Ports {
  const time = async <T>(step: TimedStep, call: () => Promise<T>): Promise<T> => {
    const sinceMs = now()
    try {
      return await call()
    } finally {
      took(step, now() - sinceMs)
    }
  }
  const { store, publisher, log } = ports
  return {
    ...ports,
    store: {
      load: (slot, wanted) => time('load', () => store.load(slot, wanted)),
      commit: (slot, change) => time('commit', () => store.commit(slot, change)),
      settle: (slot, positions) => time('settle', () => store.settle(slot, positions)),
    },
    publisher: { publish: records => time('publish', () => publisher.publish(records)) },
    log: { read: (topic, partition, stretch) => time('read', () => log.read(topic, partition, stretch)) },
  }
}
