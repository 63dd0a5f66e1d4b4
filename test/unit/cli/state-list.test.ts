import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listText } from '../../../cli/state/list-text.ts'
import type { StateLine } from '../../../lib/queries/partition-states.ts'

const LINE: StateLine = {
  consumer: 'processor',
  topic: 'sluice.telemetry.readings.local',
  partition: 3,
  appliedOffset: 41,
  epoch: 0,
  entities: 12,
  bytes: 5_000,
  hasFunction: true,
}

test('given states of functions, then the list has a line for each', () => {
  const empty = { ...LINE, partition: 4, appliedOffset: -1, entities: 0, bytes: 90 }
  assert.deepEqual(
    listText([LINE, empty])
      .split('\n')
      .map(line => line.split(/ {2,}/)),
    [
      ['CONSUMER', 'TOPIC', 'PARTITION', 'APPLIED OFFSET', 'ENTITIES', 'SIZE', 'FUNCTION'],
      ['processor', 'sluice.telemetry.readings.local', '3', '41', '12', '4.9 KiB', 'yes'],
      ['processor', 'sluice.telemetry.readings.local', '4', 'none', '0', '90 B', 'yes'],
      [''],
    ],
  )
})

test('given states without a function, then the list says how each consumer is removed, once', () => {
  const orphan = { ...LINE, consumer: 'renamed', hasFunction: false, bytes: 3 * 1024 * 1024 }
  const text = listText([LINE, orphan, { ...orphan, partition: 4 }])
  assert.match(text, /renamed .* 3\.0 MiB {2,}none$/m)
  assert.equal(text.match(/sluice state drop renamed --all-partitions --env local$/gm)?.length, 1)
  assert.match(
    listText([{ ...orphan, topic: 'orders' }]),
    /^ {2}sluice state drop renamed --all-partitions --topic orders$/m,
  )
  assert.doesNotMatch(text, /drop processor/)
})

test('given no states, then the list says so', () => {
  assert.equal(listText([]), 'No matching partition states.\n')
})
