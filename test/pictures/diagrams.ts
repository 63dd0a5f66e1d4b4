/** The diagrams of the manual, by file name. */
import type { Diagram } from './svg.ts'

export const DIAGRAMS: Readonly<Record<string, Diagram>> = {
  'batch.svg': {
    title: 'The flow of a batch: Kafka, decoding, state, one commit in Redis, and the outbox',
    boxes: {
      topic: { column: 0, row: 0, text: ['Kafka topic', 'a batch of records'], kind: 'topic' },
      decode: { column: 1, row: 0, text: ['Decode and admit', 'drop known ids'] },
      load: { column: 2, row: 0, text: ['Load states', 'of the entities'] },
      step: { column: 3, row: 0, text: ['Process', 'pure function'] },
      commit: { column: 3, row: 1, text: ['Commit', 'one script in Redis'] },
      redis: { column: 2, row: 1, text: ['Redis', 'state, offset, outbox'], kind: 'store' },
      publish: { column: 3, row: 2, text: ['Publish', 'then trim the outbox'] },
      emitted: { column: 2, row: 2, text: ['Kafka topics', 'emissions, failures'], kind: 'topic' },
    },
    arrows: [
      { from: 'topic', to: 'decode', label: 'invocation' },
      { from: 'decode', to: 'load', label: 'events' },
      { from: 'load', to: 'step', label: 'state, event' },
      { from: 'step', to: 'commit', label: 'new state, emissions' },
      { from: 'commit', to: 'redis', label: 'all or nothing' },
      { from: 'redis', to: 'load' },
      { from: 'commit', to: 'publish', label: 'outbox' },
      { from: 'publish', to: 'emitted', label: 'same ids' },
    ],
  },
  'alert.svg': {
    title: 'The life of an alert: inactive, pending, firing, recovering, resolved',
    boxes: {
      inactive: { column: 0, row: 0, text: ['inactive'] },
      pending: { column: 1, row: 0, text: ['pending', 'no notification'] },
      firing: { column: 2, row: 0, text: ['firing', 'emits fired'], kind: 'end' },
      recovering: { column: 3, row: 0, text: ['recovering', 'the alert still fires'] },
      resolved: { column: 3, row: 1, text: ['inactive', 'emits resolved'], kind: 'store' },
    },
    arrows: [
      { from: 'inactive', to: 'pending', label: 'condition' },
      { from: 'pending', to: 'inactive', label: 'no longer' },
      { from: 'pending', to: 'firing', label: 'held for “for”' },
      { from: 'firing', to: 'recovering', label: 'clear' },
      { from: 'recovering', to: 'firing', label: 'not clear' },
      { from: 'recovering', to: 'resolved', label: 'clear for “keepFiringFor”' },
    ],
  },
  'dead-letter.svg': {
    title: 'The way of a dead letter: failure, retries, dlq, and back by a redrive',
    boxes: {
      retry: { column: 3, row: 0, text: ['retry-1m, -10m, -1h'], kind: 'topic' },
      redriver: { column: 0, row: 0, text: ['redriver', 'each minute'] },
      readings: { column: 0, row: 1, text: ['readings', 'the original topic'], kind: 'topic' },
      consumer: { column: 1, row: 1, text: ['Consumer', 'a record fails'] },
      failures: { column: 2, row: 1, text: ['failures'], kind: 'topic' },
      router: { column: 3, row: 1, text: ['dlq-router', 'class, attempts, age'] },
      dlq: { column: 3, row: 2, text: ['dlq', 'dead letters'], kind: 'end' },
      operator: { column: 0, row: 2, text: ['sluice dlq redrive', 'an operator'] },
    },
    arrows: [
      { from: 'readings', to: 'consumer', label: 'batch' },
      { from: 'consumer', to: 'failures', label: 'with its bytes' },
      { from: 'failures', to: 'router', label: 'in order' },
      { from: 'router', to: 'retry', label: 'a retry can help' },
      { from: 'retry', to: 'redriver', label: 'when the delay has passed' },
      { from: 'redriver', to: 'readings', label: 'for that consumer alone' },
      { from: 'router', to: 'dlq', label: 'no retry left' },
      { from: 'dlq', to: 'operator', label: 'after the cause is mended' },
      { from: 'operator', to: 'readings', label: 'for that consumer alone' },
    ],
  },
}
