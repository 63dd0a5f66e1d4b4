import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildLanes } from '../../../../console/api/overview/flow.ts'
import { readFunctions } from '../../../../control/environment/function-entries.ts'
import { parseFunctions } from '../../../../control/environment/functions.ts'
import type { Signal } from '../../../../lib/app/naming/topic-table.ts'

const getTopic = (signal: Signal) => `the.${signal}`
const createLanes = (functions: ReturnType<typeof readFunctions>) => {
  const consumers = functions.flatMap(({ name, consumes }) =>
    consumes.map(signal => ({ function: name, topic: getTopic(signal), group: name })),
  )
  return buildLanes(functions, consumers, getTopic)
}

describe('the flow of the overview', () => {
  it('given the shipped functions, then each is in the lane of what people get from it, and no internal topic is shown', () => {
    assert.deepEqual(
      createLanes(readFunctions()).map(({ title, functions }) => [title, functions.join(', ')]),
      [
        ['Statistics', 'processor'],
        ['Tables', 'views'],
        ['Alerts', 'alerting, grouping, patterns'],
        ['Notifications', 'notifier, deliver'],
        ['Events', 'activity'],
        ['Database', 'storage'],
        ['History', 'archiver'],
        ['Dead letters', 'open-dead-letters, dlq-router'],
      ],
    )
  })

  it('given the shipped functions, then only dead letters are failures', () => {
    const failures = createLanes(readFunctions()).filter(({ isFailure }) => isFailure)
    assert.deepEqual(
      failures.map(({ title }) => title),
      ['Dead letters'],
    )
  })

  it('given functions of a user, then one that only keeps a state has a lane, and a chain leads to its end', () => {
    const functions = parseFunctions({
      counting: { consumes: 'readings' },
      first: { consumes: 'readings', emits: 'view-rows' },
      second: { consumes: 'view-rows', emits: ['view-rows', 'alerts'] },
    })
    const lanes = createLanes(functions)
    assert.deepEqual(
      lanes.map(({ title, functions, counters }) => [title, functions.join(), counters.join()]),
      [
        ['Alerts', 'first,second', 'alerts'],
        ['States', 'counting', 'done/counting/the.readings'],
      ],
    )
  })

  it('given the shipped functions, then alerts, notifications and dead letters are counted one by one', () => {
    const rare = createLanes(readFunctions()).filter(({ isRare }) => isRare)
    assert.deepEqual(
      rare.map(({ title, counters }) => [title, counters.join()]),
      [
        ['Alerts', 'alerts'],
        ['Notifications', 'sent'],
        ['Dead letters', 'letters'],
      ],
    )
  })
})
