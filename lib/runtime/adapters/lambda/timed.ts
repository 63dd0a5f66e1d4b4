import type { Ports } from '../../pipeline/ports.ts'
import type { TimedStep } from './metric-names.ts'

/** Wraps the ports so that each call to Redis or Kafka reports its duration, whether it succeeded or not. */
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
      load: (stateKey, wanted) => time('load', () => store.load(stateKey, wanted)),
      commit: (stateKey, change) => time('commit', () => store.commit(stateKey, change)),
      trimOutbox: (stateKey, positions) => time('trimOutbox', () => store.trimOutbox(stateKey, positions)),
    },
    publisher: { publish: records => time('publish', () => publisher.publish(records)) },
    log: {
      read: (topic, partition, range) => time('read', () => log.read(topic, partition, range)),
      leave: (topic, partition) => log.leave?.(topic, partition),
    },
  }
}
