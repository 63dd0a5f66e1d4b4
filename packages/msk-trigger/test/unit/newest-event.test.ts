import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newestEvent } from '../../deliver/newest-event.ts'
import type { LambdaEvent, Message } from '../../invoke/event.ts'
import { makeIntake } from '../../poll/intake.ts'
import { mappingOf, messages } from './support.ts'

/** The offsets of the event, by partition, and how many records it has. */
async function offsetsOf(
  found: Record<number, readonly Message[]>,
  count: number,
  intake = makeIntake(mappingOf()),
) {
  const lists = new Map(Object.entries(found).map(([partition, list]) => [Number(partition), list]))
  const made = await newestEvent(lists, count, { mapping: mappingOf(), brokers: ['b:1'], intake })
  const { records }: LambdaEvent = JSON.parse(made.event.json())
  const offsets = Object.entries(records).map(([name, list]) => [name, list.map(({ offset }) => offset)])
  return { records: made.records, ...Object.fromEntries(offsets) }
}
const at = (timestamp: number, from: number, to: number, part: Partial<Message> = {}) =>
  messages(from, to, { timestamp: String(timestamp), ...part })

describe('the event of the newest records', () => {
  it('given several partitions, then it has the newest of all, in offset order', async () => {
    const found = { 0: [...at(10, 5, 6), ...at(30, 6, 8)], 1: [...at(20, 0, 1), ...at(5, 1, 2)] }
    assert.deepEqual(await offsetsOf(found, 3), { records: 3, 't-0': [6, 7], 't-1': [0] })
    assert.deepEqual(await offsetsOf(found, 1), { records: 1, 't-0': [7] })
  })

  it('given records that the function would not receive, then they are left out', async () => {
    assert.deepEqual(await offsetsOf({ 0: at(1, 0, 2, { oversizeBytes: 7e6 }) }, 2), { records: 0 })
    const skipped = async (_: number, list: readonly Message[]) =>
      list.map(message => ({
        fate: message.offset === '1' ? ('skip' as const) : ('deliver' as const),
        message,
      }))
    assert.deepEqual(await offsetsOf({ 0: at(1, 0, 3) }, 3, skipped), { records: 2, 't-0': [0, 2] })
  })

  it('given more than an event has room for, then it has the newest that fit', async () => {
    const value = Buffer.alloc(2 * 1024 * 1024)
    assert.deepEqual(await offsetsOf({ 0: at(1, 0, 4, { value }) }, 4), { records: 2, 't-0': [2, 3] })
  })
})
