/** The forwarder of the ledger. It moves the events to another topic, a moment after they were appended. */
import { deferRecord, type Forwarder, forwardRecord } from '#runtime/consumer'
import type { Named } from '../../../lib/app/names.ts'

/** Short, so that records become due while a run lasts. */
const DELAY_MS = 300

/** Moves each event with a header that says where it was. */
export function forwarding({ env, names }: Named): Forwarder {
  return {
    name: 'forwarding',
    from: ['events'],
    forward({ partition, offset, timestampMs, key, value, headers }, nowMs) {
      if (timestampMs + DELAY_MS > nowMs) return deferRecord(timestampMs + DELAY_MS)
      const from = ['ledger-from', Buffer.from(`${partition}/${offset}`)] as const
      const topic = names.topicName('analytics', env)
      return forwardRecord('moved', { topic, partition, key, value, headers: [...headers, from] })
    },
  }
}
