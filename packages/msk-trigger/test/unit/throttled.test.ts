import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readSettings } from '../../config/settings.ts'
import { Trigger } from '../../trigger.ts'
import { createMapping } from './support.ts'

it('given a throttled function with two event sources, then the start says so once (rule 24)', async () => {
  const log: string[] = []
  const note = (line: string) => log.push(line)
  const trigger = new Trigger({
    mappings: ['a', 'b'].map(topic => createMapping({ topic, groupId: topic, reservedConcurrency: 0 })),
    settings: readSettings({ brokers: '127.0.0.1:1' }, {}),
    log: { notice: note, warning: note, error: note },
    invoker: { invoke: () => assert.fail(), close: async () => {} },
    handlesSignals: false,
  })
  trigger.start()
  await trigger.stop()
  assert.deepEqual(
    log.filter(line => line.includes('reservedConcurrency')),
    [
      'msk  f  reservedConcurrency: 0 throttles the function: it is never invoked, and its records wait in Kafka',
    ],
  )
})
